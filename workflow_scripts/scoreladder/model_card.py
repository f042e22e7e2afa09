"""The model card of an exported model: Markdown under YAML front matter, as model hubs show it."""

from pathlib import Path

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from scoreladder import describe
from scoreladder.catalog import IMAGES, METRICS
from scoreladder.report import numbers

HERE = Path(__file__).parent
TEMPLATE = "model_card.md"


def card(facts: dict, folder: str, pipeline: bool) -> str:
    """The card of what `exporting.facts` told, for a folder of that name.

    pipeline: whether a pipeline of diffusers lies in it.
    """
    environment = Environment(
        loader=FileSystemLoader(HERE), undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {
        "number": numbers.number,
        "setting": numbers.setting,
        "count": numbers.count,
    }
    environment.globals["interval"] = numbers.interval
    settings, drawn = facts["settings"], facts["sampling"]
    variant = {**settings, "sample": drawn["sample"]}
    direct = settings["noise"] is None
    words = {
        "network": describe.model(variant),
        "ladder": describe.ladder(settings["noise"]),
        "weighting": describe.weighting(settings["weighting"]),
        "density": describe.density(settings["density"]),
        "loss": describe.loss(variant),
        "sampler": describe.sampler(variant),
    }
    text = environment.get_template(TEMPLATE).render(
        **facts,
        words=words,
        folder=folder,
        direct=direct,
        pipeline=pipeline,
        is_image=facts["data"]["dataset"]["name"] in IMAGES,
        in_classifier=any(
            "digits" in METRICS[each["metric"]].datasets and each["metric"] == "fid"
            for each in facts["metrics"]
        ),
    )
    return f"---\n{_front_matter(facts, pipeline)}---\n\n{text}"


def _front_matter(facts: dict, pipeline: bool) -> str:
    """What a hub sorts models by, as YAML."""
    dataset, network = facts["data"]["dataset"]["name"], facts["settings"]["network"]["kind"]
    family = [network] if facts["settings"]["noise"] is None else ["score-based", "score-matching"]
    found = {
        "license": "mit",
        "library_name": "scoreladder",
        "tags": [*family, *(["diffusers"] if pipeline else []), dataset.replace("_", "-")],
    }
    if dataset in IMAGES:
        found["pipeline_tag"] = "unconditional-image-generation"
    return yaml.safe_dump(found, sort_keys=False)

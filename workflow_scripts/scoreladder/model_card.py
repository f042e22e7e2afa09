"""The model card of an exported model: Markdown under YAML front matter, as model hubs show it."""

from pathlib import Path

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from scoreladder import describe
from scoreladder.catalog import IMAGES
from scoreladder.report import numbers

HERE = Path(__file__).parent
TEMPLATE = "model_card.md"
FAMILIES = {
    "vae": "variational autoencoder",
    "flow": "normalising flow",
    "gan": "generative adversarial network",
}


def card(facts: dict, folder: str, pipeline: bool) -> str:
    """The card of what `export_facts.facts` told, for a folder of that name.

    pipeline: whether a pipeline of diffusers lies in it.
    """
    environment = Environment(
        loader=FileSystemLoader(HERE),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= numbers.FILTERS
    environment.globals["interval"] = numbers.interval
    settings = facts["settings"]
    kind = settings["network"]["kind"]
    # what pip is told to install: the library with what this model or its pipeline needs besides
    wanted = {
        "flow": kind == "flow",
        "ode": facts["sampling"]["sample"]["sampler"] == "pf_ode",
        "diffusers": pipeline,
    }
    needs = [name for name, is_wanted in wanted.items() if is_wanted]
    text = environment.get_template(TEMPLATE).render(
        **facts,
        words=_words(settings | {"sample": facts["sampling"]["sample"]}),
        family=FAMILIES.get(kind),
        direct=settings["noise"] is None,
        folder=folder,
        pipeline=pipeline,
        extras=f'".[{",".join(needs)}]"' if needs else ".",
        is_image=facts["data"]["dataset"]["name"] in IMAGES,
        of_classifier=any(each["metric"] == "fid" for each in facts["metrics"]),
    )
    return f"---\n{_front_matter(facts, pipeline)}---\n\n{text}"


def _words(variant: dict) -> dict[str, str]:
    """A variant's settings in the words of the tables."""
    return {
        "network": describe.model(variant),
        "ladder": describe.ladder(variant["noise"]),
        "weighting": describe.weighting(variant["weighting"]),
        "density": describe.density(variant["density"]),
        "loss": describe.loss(variant),
        "sampler": describe.sampler(variant),
    }


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

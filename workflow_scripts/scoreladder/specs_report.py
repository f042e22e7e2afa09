"""What each job of the report's tables, figures and pages is a function of; see `specs`."""

from scoreladder import describe, layout
from scoreladder.blocks import problem_name, problems
from scoreladder.config_queries import (
    comparison_named,
    data_of,
    drawn_inpainted,
    first_seed,
    gallery_data,
    labels,
    main_variants,
    number_at,
    shown_models,
    shown_variants,
    traced_variants,
)
from scoreladder.specs import dataset, features, pick, sampler_block, without_path


def collect(experiment: dict) -> dict:
    """{name, datasets, features, replicates, tuning, variants, inpaint, likelihood, nfe_sweep,
    mixing, missing}, as resolved: all that a run's numbers hang on, without paths of this machine.
    """
    blocks = ("replicates", "tuning", "variants", "inpaint", "likelihood", "nfe_sweep", "mixing")
    datasets = {name: without_path(block) for name, block in experiment["datasets"].items()}
    chosen = pick(experiment, "name", *blocks, "missing") | features(experiment)
    return chosen | {"datasets": datasets}


def fields(experiment: dict) -> dict:
    """{dataset, ladders: pairs [model, the ladder it is sampled through]}, of the main data."""
    # pairs, because canonical JSON sorts keys and the models come in this order
    shown = [(name, experiment["variants"][name]["sample"]) for name in shown_models(experiment)]
    return dataset(experiment, "main") | {
        "ladders": [(name, block["ladder"]) for name, block in shown]
    }


def compare(experiment: dict, comparison: str) -> dict:
    """{comparison: {title, baseline, arms, metric, literature}}."""
    entry = comparison_named(experiment, comparison)
    return {"comparison": pick(entry, "title", "baseline", "arms", "metric", "literature")}


def judge(experiment: dict) -> dict:
    """{claims, labels: {variant: label}}."""
    return pick(experiment, "claims") | {"labels": labels(experiment)}


def plot(experiment: dict) -> dict:
    """{labels: pairs [variant, label], of all variants}."""
    # pairs, because canonical JSON sorts keys and the order of variants fixes their colours
    return {"labels": list(labels(experiment).items())}


def plot_training(experiment: dict) -> dict:
    """{labels, shown: [variants of the main data]}: those of further data would crowd them out."""
    return plot(experiment) | {"shown": main_variants(experiment)}


def plot_comparison(experiment: dict, comparison: str) -> dict:
    """{labels, axis: None or {label, values: pairs [variant, number]}}.

    values: of all arms, and before them of the baseline where it has a number there.
    """
    entry = comparison_named(experiment, comparison)
    if entry["axis"] is None:
        return plot(experiment) | {"axis": None}
    compared = (entry["baseline"], *entry["arms"])
    found = [(name, number_at(experiment["variants"][name], entry["axis"])) for name in compared]
    values = [(name, number) for name, number in found if number is not None]
    return plot(experiment) | {"axis": {"label": describe.axis(entry["axis"]), "values": values}}


def plot_samples(experiment: dict) -> dict:
    """{dataset, labels, shown: [variants]}, of the main data."""
    shown = {"shown": shown_variants(experiment)}
    return dataset(experiment, "main") | plot(experiment) | shown


def plot_gallery(experiment: dict) -> dict:
    """{datasets: pairs [data, its settings], shown: triples [variant, data, title]}.

    datasets: those of the shown variants, each once, in their order. A title says what a variant's
    samples come from, alike for variants that differ in their data alone; where that is not enough
    to tell a data set's variants apart, it is the variant's label.
    """
    shown = [(name, data_of(experiment, name)) for name in experiment["gallery"]]
    pairs = [
        (name, without_path(experiment["datasets"][name])) for name in gallery_data(experiment)
    ]
    titles = {}
    for data, _ in pairs:
        titles |= _titles(experiment, [name for name, each in shown if each == data])
    return {"datasets": pairs, "shown": [(name, data, titles[name]) for name, data in shown]}


def _titles(experiment: dict, names: list[str]) -> dict[str, str]:
    """Variant → title, all different: what samples come from, else the labels, else the names."""
    variants = [experiment["variants"][name] for name in names]
    sources = [describe.source(variant) for variant in variants]
    every = (sources, [variant["label"] for variant in variants], names)
    titles = next(each for each in every if len(set(each)) == len(each))
    return dict(zip(names, titles, strict=True))


def plot_nfe_sweep(experiment: dict) -> dict:
    """{metric, count, labels: pairs [sampler, its name in words]}, in the order of the sweep."""
    swept = experiment["nfe_sweep"]
    samplers = dict.fromkeys(name for name, _ in swept["samples"])
    words = [(name, describe.sampler_name(name)) for name in samplers]
    return pick(swept, "metric", "count") | {"labels": words}


def plot_mixing(experiment: dict) -> dict:
    """{}: the figure is all in its table and its code."""
    return {}


def trace_samples(experiment: dict) -> dict:
    """{traced: of each shown variant that has noise levels {variant, sample, seed}}."""
    return {
        "traced": [
            {
                "variant": name,
                "sample": sampler_block(experiment["variants"][name]),
                "seed": first_seed(experiment, layout.METRICS, name),
            }
            for name in traced_variants(experiment)
        ]
    }


def plot_inpainting(experiment: dict) -> dict:
    """{labels, shown: [variants], problems, methods}: two variants at most are drawn."""
    block = experiment["inpaint"]
    shown = {"shown": drawn_inpainted(experiment)}
    posed = {"problems": [problem_name(each) for each in problems(block)]}
    return plot(experiment) | shown | posed | pick(block, "methods")


def trace_inpainting(experiment: dict) -> dict:
    """{sample, mask, method, seed}: what the figure shows first; sample is the first variant's."""
    block, variant = experiment["inpaint"], drawn_inpainted(experiment)[0]
    return {
        "sample": sampler_block(experiment["variants"][variant]),
        "mask": block["masks"][0],
        "method": block["methods"][0],
        "seed": first_seed(experiment, layout.INPAINTED, variant),
    }


def plot_animation(experiment: dict) -> dict:
    """{}: the animation is all in its states and its code."""
    return {}


def write_report(experiment: dict) -> dict:
    """The whole experiment, as resolved, and order: its variants' names."""
    # a list, because canonical JSON sorts keys and the order of variants fixes their colours
    return experiment | {"order": list(experiment["variants"])}


def write_index(experiments: list[dict]) -> dict:
    """{experiments: of each name, title, description, headline, missing; absent: titles}.

    headline: a comparison or None; missing: the number of results that a report has to do without.
    Experiments without variants have no report: they are absent.
    """
    return {
        "experiments": [
            pick(experiment, "name", "title", "description")
            | {
                "headline": next(iter(experiment["comparisons"]), None),
                "missing": len(experiment["missing"]),
            }
            for experiment in experiments
            if experiment["variants"]
        ],
        "absent": [each["title"] for each in experiments if not each["variants"]],
    }

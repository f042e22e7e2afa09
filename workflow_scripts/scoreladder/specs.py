"""What each job's result is a function of, as plain data; torch-free.

A job runs again when the canonical JSON of its spec changes, so a spec holds just the blocks that
its rule uses: a sampler's knob is in no model's spec, and how samples are cut up in none of theirs.
In every spec, `dataset` is the settings of the one data set that the job works on, `features` the
network in whose features metrics are measured (None for points), `sample` a variant's complete
sample block without shards, and `seed` a training seed.
"""

from scoreladder import describe
from scoreladder.config_queries import (
    comparison_named,
    data_of,
    gallery_data,
    is_direct,
    is_sweep_tuned,
    labels,
    main_variants,
    number_at,
    shown_models,
    shown_variants,
    tuning_seed,
)

TRAINED_WITH = (
    "noise",
    "weighting",
    "density",
    "objective",
    "denoiser",
    "network",
    "training",
)


def pick(mapping: dict, *keys: str) -> dict:
    """The given keys of a mapping."""
    return {key: mapping[key] for key in keys}


def sampler_block(variant: dict) -> dict:
    """The sample block without what only says how the work is cut up."""
    return {key: value for key, value in variant["sample"].items() if key != "shards"}


def dataset(experiment: dict, data: str) -> dict:
    """{dataset}: of one of the experiment's data sets, by name."""
    return {"dataset": experiment["datasets"][data]}


def features(experiment: dict) -> dict:
    """{features}."""
    return pick(experiment, "features")


def _measured_on(experiment: dict, variant: str) -> dict:
    """{dataset, features}: what a variant's samples are measured on and in."""
    return dataset(experiment, data_of(experiment, variant)) | features(experiment)


def floor(experiment: dict, data: str) -> dict:
    """{dataset, counts: [numbers of samples that are measured on that data, ascending]}."""
    variants = experiment["variants"].values()
    counts = {variant["sample"]["count"] for variant in variants if variant["data"] == data}
    swept = experiment["nfe_sweep"]
    if swept and data_of(experiment, swept["variant"]) == data:
        counts.add(swept["count"])
    return dataset(experiment, data) | {"counts": sorted(counts)}


def train(experiment: dict, variant: str, seed: int) -> dict:
    """{dataset, noise, weighting, density, objective, denoiser, network, training, seed}.

    For direct models, the first five after dataset are None.
    """
    chosen = pick(experiment["variants"][variant], *TRAINED_WITH)
    return dataset(experiment, data_of(experiment, variant)) | chosen | {"seed": seed}


def tune(experiment: dict, variant: str) -> dict:
    """{dataset, features, tuning, sample (its count is tuning's), seed}."""
    sample = sampler_block(experiment["variants"][variant])
    sample["count"] = experiment["tuning"]["count"]
    chosen = _measured_on(experiment, variant) | pick(experiment, "tuning")
    return chosen | {"sample": sample, "seed": tuning_seed(experiment)}


def sample(experiment: dict, variant: str, seed: int, sample_seed: int, shard: int) -> dict:
    """{sample, seed, sample_seed, shard, shards}."""
    settings = experiment["variants"][variant]
    return {
        "sample": sampler_block(settings),
        "seed": seed,
        "sample_seed": sample_seed,
        "shard": shard,
        "shards": settings["sample"]["shards"],
    }


def evaluate(experiment: dict, variant: str, seed: int) -> dict:
    """{dataset, features, weighting, density, batch_size, sample, seed}.

    weighting and density are None for direct models.
    """
    settings = experiment["variants"][variant]
    chosen = pick(settings, "weighting", "density")
    chosen |= {"batch_size": settings["training"]["batch_size"]}
    chosen |= {"sample": sampler_block(settings), "seed": seed}
    return _measured_on(experiment, variant) | chosen


def inpaint(experiment: dict, variant: str, seed: int) -> dict:
    """{inpaint: {masks, images, completions}, sample, seed}."""
    # which other variants are inpainted does not matter to this one
    chosen = pick(experiment["inpaint"], "masks", "images", "completions")
    sample = sampler_block(experiment["variants"][variant])
    return {"inpaint": chosen, "sample": sample, "seed": seed}


def measure_likelihood(experiment: dict, variant: str, seed: int) -> dict:
    """{dataset, points, divergence, seed}.

    points: how many of the test split; divergence: "exact" or "hutchinson", None for direct models.
    """
    # which other variants are measured does not matter to this one
    chosen = pick(experiment["likelihood"], "points", "divergence")
    if is_direct(experiment["variants"][variant]):
        chosen["divergence"] = None
    return dataset(experiment, data_of(experiment, variant)) | chosen | {"seed": seed}


def sweep_nfe(experiment: dict, seed: int) -> dict:
    """{dataset, features, tuning (None where no step is tuned), samples, seed}.

    samples: pairs [sampler, complete sample block without shards], in the order of the sweep.
    """
    swept = experiment["nfe_sweep"]
    blocks = [(name, sampler_block({"sample": block})) for name, block in swept["samples"]]
    chosen = {
        "tuning": experiment["tuning"] if is_sweep_tuned(experiment) else None,
        "samples": blocks,
        "seed": seed,
    }
    return _measured_on(experiment, swept["variant"]) | chosen


def mix_weights(experiment: dict, seed: int) -> dict:
    """{chains, seed}."""
    return pick(experiment["mixing"], "chains") | {"seed": seed}


def mix_exact(experiment: dict) -> dict:
    """{}: the toy's data, its ladders and its chains are part of the code."""
    return {}


def collect(experiment: dict) -> dict:
    """{variants, replicates, inpaint, likelihood, nfe_sweep, mixing, missing}, as resolved."""
    blocks = ("inpaint", "likelihood", "nfe_sweep", "mixing", "missing")
    return pick(experiment, "variants", "replicates", *blocks)


def fields(experiment: dict) -> dict:
    """{dataset, ladders: pairs [model, the ladder it is sampled through]}, of the main data."""
    # pairs, because canonical JSON sorts keys and the models come in this order
    shown = [(name, experiment["variants"][name]["sample"]) for name in shown_models(experiment)]
    return dataset(experiment, "main") | {
        "ladders": [(name, block["ladder"]) for name, block in shown]
    }


def compare(experiment: dict, comparison: str) -> dict:
    """{comparison: {title, baseline, arms, metric}}."""
    entry = comparison_named(experiment, comparison)
    return {"comparison": pick(entry, "title", "baseline", "arms", "metric")}


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
    pairs = [(name, experiment["datasets"][name]) for name in gallery_data(experiment)]
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
    words = [(name, describe.SAMPLERS[name]) for name in samplers]
    return pick(swept, "metric", "count") | {"labels": words}


def plot_mixing(experiment: dict) -> dict:
    """{}: the figure is all in its table and its code."""
    return {}


def plot_inpainting(experiment: dict) -> dict:
    """{labels, inpaint: {variants, masks}}."""
    return plot(experiment) | {"inpaint": pick(experiment["inpaint"], "variants", "masks")}


def write_report(experiment: dict) -> dict:
    """The whole experiment, as resolved."""
    return experiment


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

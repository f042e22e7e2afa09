"""What each job's result is a function of, as plain data; torch-free.

A job runs again when the canonical JSON of its spec changes, so a spec holds just the blocks that
its rule uses: a sampler's knob is in no model's spec, and how samples are cut up in none of theirs.
In every spec, `dataset` is the settings of the one data set that the job works on, `features` the
network in whose features metrics are measured (None for points), `sample` a variant's complete
sample block without shards, and `seed` a training seed.
"""

from scoreladder.catalog import PICTURES
from scoreladder.config_queries import (
    data_of,
    is_direct,
    is_sweep_tuned,
    tuned_methods,
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


def without_path(block: dict | None) -> dict | None:
    """A block without where its files lie on this machine: what they hold is checked elsewhere."""
    return block and {key: value for key, value in block.items() if key != "path"}


def prepare_dataset(experiment: dict, data: str) -> dict:
    """{dataset}: of one of the experiment's data sets, by name, with its path."""
    return {"dataset": experiment["datasets"][data]}


def dataset(experiment: dict, data: str) -> dict:
    """{dataset}: of one of the experiment's data sets, by name."""
    return {"dataset": without_path(experiment["datasets"][data])}


def fetch_inception(experiment: dict) -> dict:
    """{path: a folder or archive of the user's, or None}."""
    return {"path": experiment["features"].get("path")}


def fetch_perceptual(experiment: dict) -> dict:
    """{}: the network and its sources are part of the code."""
    return {}


def features(experiment: dict) -> dict:
    """{features}."""
    return {"features": without_path(experiment["features"])}


def extract_features(experiment: dict) -> dict:
    """{features: {kind, mode}}: all that an image's features hang on."""
    return {"features": pick(experiment["features"], "kind", "mode")}


def make_reference(experiment: dict, data: str) -> dict:
    """{dataset, features}."""
    return dataset(experiment, data) | features(experiment)


def _measured_on(experiment: dict, variant: str) -> dict:
    """{dataset, features}: what a variant's samples are measured on and in."""
    return dataset(experiment, data_of(experiment, variant)) | features(experiment)


def floor(experiment: dict, data: str) -> dict:
    """{dataset, features, counts: [numbers of samples measured on that data, ascending]}."""
    variants = experiment["variants"].values()
    counts = {variant["sample"]["count"] for variant in variants if variant["data"] == data}
    swept = experiment["nfe_sweep"]
    if swept and data_of(experiment, swept["variant"]) == data:
        counts.add(swept["count"])
    return dataset(experiment, data) | features(experiment) | {"counts": sorted(counts)}


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
    """{sample, quantised, seed, sample_seed, shard, shards}.

    quantised: whether samples are kept as 8-bit levels, as the data is.
    """
    settings = experiment["variants"][variant]
    return {
        "quantised": experiment["datasets"][settings["data"]]["name"] in PICTURES,
        "sample": sampler_block(settings),
        "seed": seed,
        "sample_seed": sample_seed,
        "shard": shard,
        "shards": settings["sample"]["shards"],
    }


def evaluate(experiment: dict, variant: str, seed: int) -> dict:
    """{dataset, features, weighting, density, batch_size, micro_batch, sample, seed}.

    weighting and density are None for direct models.
    """
    settings = experiment["variants"][variant]
    chosen = pick(settings, "weighting", "density")
    chosen |= pick(settings["training"], "batch_size", "micro_batch")
    chosen |= {"sample": sampler_block(settings), "seed": seed}
    return _measured_on(experiment, variant) | chosen


def inpaint(experiment: dict, variant: str, seed: int) -> dict:
    """{features, inpaint: {masks, drawn_masks, operators, methods, images, completions}, tuning,
    sample, seed}.

    tuning: {methods: those whose steps are tuned, relative_step_sizes}, None where there are none.
    """
    # which other variants are inpainted does not matter to this one
    problems = ("masks", "drawn_masks", "operators")
    chosen = pick(experiment["inpaint"], *problems, "methods", "images", "completions")
    sample = sampler_block(experiment["variants"][variant])
    methods, tuning = tuned_methods(experiment, variant), None
    if methods:
        tuning = {"methods": methods} | pick(experiment["tuning"], "relative_step_sizes")
    found = {"inpaint": chosen, "tuning": tuning, "sample": sample, "seed": seed}
    return features(experiment) | found


def fill_exact(experiment: dict) -> dict:
    """{}: the Gaussian, the methods and their budget are part of the code."""
    return {}


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

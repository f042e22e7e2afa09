"""What each job's result is a function of, as plain data; torch-free.

A job runs again when the canonical JSON of its spec changes, so a spec holds just the blocks that
its rule uses: a sampler's knob is in no model's spec, and how samples are cut up in none of theirs.
"""

from scoreladder.catalog import figures_for

TRAINED_WITH = ("noise", "weighting", "density", "denoiser", "network", "training")


def pick(mapping: dict, *keys: str) -> dict:
    """The given keys of a mapping."""
    return {key: mapping[key] for key in keys}


def labels(experiment: dict) -> dict[str, str]:
    """Variant → label, in the experiment's order."""
    return {name: variant["label"] for name, variant in experiment["variants"].items()}


def shown_variants(experiment: dict) -> list[str]:
    """The showcase's variants, or all where it is empty."""
    return experiment["showcase"] or list(experiment["variants"])


def shown_models(experiment: dict) -> list[str]:
    """The trained models behind the shown variants, each once."""
    every = experiment["variants"]
    return list(dict.fromkeys(every[name]["model"] for name in shown_variants(experiment)))


def inpainted_variants(experiment: dict) -> list[str]:
    """The variants whose models fill holes."""
    return experiment["inpaint"]["variants"] if experiment["inpaint"] else []


def figures(experiment: dict) -> dict[str, str]:
    """Name → title of the experiment's figures beside those of its comparisons."""
    named = figures_for(experiment["dataset"]["name"])
    tuned = any(map(is_tuned, experiment["variants"].values()))
    there = {"inpainting": experiment["inpaint"], "tuning": tuned}
    return {name: title for name, title in named.items() if there.get(name, True)}


def tuning_seed(experiment: dict) -> int:
    """Step sizes are tuned on the first training seed's model, so one more seed changes nothing."""
    return experiment["replicates"]["train_seeds"][0]


def is_tuned(variant: dict) -> bool:
    """Whether a variant's step size is left to tuning."""
    return variant["sample"]["step_size"] == "tuned"


def sampler_block(variant: dict) -> dict:
    """The sample block without what only says how the work is cut up."""
    return {key: value for key, value in variant["sample"].items() if key != "shards"}


def dataset(experiment: dict) -> dict:
    return pick(experiment, "dataset")


def features(experiment: dict) -> dict:
    return pick(experiment, "dataset", "features")


def floor(experiment: dict) -> dict:
    counts = {variant["sample"]["count"] for variant in experiment["variants"].values()}
    return dataset(experiment) | {"counts": sorted(counts)}


def train(experiment: dict, variant: str, seed: int) -> dict:
    chosen = pick(experiment["variants"][variant], *TRAINED_WITH)
    return dataset(experiment) | chosen | {"seed": seed}


def tune(experiment: dict, variant: str) -> dict:
    sample = sampler_block(experiment["variants"][variant])
    sample["count"] = experiment["tuning"]["count"]
    chosen = pick(experiment, "dataset", "features", "tuning")
    return chosen | {"sample": sample, "seed": tuning_seed(experiment)}


def sample(experiment: dict, variant: str, seed: int, sample_seed: int, shard: int) -> dict:
    settings = experiment["variants"][variant]
    return {
        "sample": sampler_block(settings),
        "seed": seed,
        "sample_seed": sample_seed,
        "shard": shard,
        "shards": settings["sample"]["shards"],
    }


def evaluate(experiment: dict, variant: str, seed: int, sample_seed: int) -> dict:
    settings = experiment["variants"][variant]
    chosen = features(experiment) | pick(settings, "noise", "weighting")
    seeds = {"seed": seed, "sample_seed": sample_seed}
    return chosen | {"sample": sampler_block(settings)} | seeds


def inpaint(experiment: dict, variant: str, seed: int) -> dict:
    # which other variants are inpainted does not matter to this one
    chosen = pick(experiment["inpaint"], "masks", "images", "completions")
    settings = sampler_block(experiment["variants"][variant])
    return dataset(experiment) | {"inpaint": chosen, "sample": settings, "seed": seed}


def collect(experiment: dict) -> dict:
    return pick(experiment, "variants", "replicates", "inpaint")


def fields(experiment: dict) -> dict:
    # pairs, because canonical JSON sorts keys and the models come in this order
    shown = [(name, experiment["variants"][name]["sample"]) for name in shown_models(experiment)]
    return dataset(experiment) | {"ladders": [(name, block["ladder"]) for name, block in shown]}


def compare(experiment: dict, comparison: str) -> dict:
    named = {entry["name"]: entry for entry in experiment["comparisons"]}
    return {"comparison": named[comparison]}


def judge(experiment: dict) -> dict:
    return pick(experiment, "claims") | {"labels": labels(experiment)}


def plot(experiment: dict) -> dict:
    # pairs, because canonical JSON sorts keys and the order of variants fixes their colours
    return {"labels": list(labels(experiment).items())}


def plot_samples(experiment: dict) -> dict:
    return dataset(experiment) | plot(experiment) | {"shown": shown_variants(experiment)}


def plot_inpainting(experiment: dict) -> dict:
    return plot(experiment) | pick(experiment, "inpaint")


def write_report(experiment: dict) -> dict:
    return experiment


def write_index(experiments: list[dict]) -> dict:
    return {
        "experiments": [
            pick(experiment, "name", "title", "description")
            | {"headline": next(iter(experiment["comparisons"]), None)}
            for experiment in experiments
        ]
    }

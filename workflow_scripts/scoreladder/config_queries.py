"""Questions that specs, rules and jobs ask of a resolved experiment; torch-free."""

from scoreladder import layout
from scoreladder.catalog import figures_for

# networks that draw samples directly, with neither score nor noise levels
DIRECT = ("vae", "gan", "flow")
# those that know the density of what they draw
WITH_LIKELIHOOD = ("mlp", "unet", "vae", "flow")


def labels(experiment: dict) -> dict[str, str]:
    """Variant → label, in the experiment's order."""
    return {name: variant["label"] for name, variant in experiment["variants"].items()}


def is_direct(variant: dict) -> bool:
    """Whether a variant's model draws samples directly, as a VAE, GAN or flow does."""
    return variant["network"]["kind"] in DIRECT


def asks_for_tuning(sample: dict) -> bool:
    """Whether a sample block leaves its step size to tuning."""
    return sample.get("step_size") == "tuned"


def is_tuned(variant: dict) -> bool:
    """Whether a variant's step size is left to tuning."""
    return asks_for_tuning(variant["sample"])


def is_sweep_tuned(experiment: dict) -> bool:
    """Whether the step size of a sampler of the sweep is left to tuning."""
    swept = experiment["nfe_sweep"]
    return bool(swept) and any(asks_for_tuning(block) for _, block in swept["samples"])


def by_inception(experiment: dict) -> bool:
    """Whether samples are measured in Inception features, which are jobs of their own."""
    features = experiment["features"]
    return bool(features) and features["kind"] == "inception"


def data_of(experiment: dict, variant: str) -> str:
    """The name of the data set that a variant is trained on and measured against."""
    return experiment["variants"][variant]["data"]


def comparison_named(experiment: dict, name: str) -> dict:
    """The comparison of that name."""
    return next(entry for entry in experiment["comparisons"] if entry["name"] == name)


def data_of_comparison(experiment: dict, name: str) -> str:
    """The name of the one data set that all variants of a comparison share."""
    return data_of(experiment, comparison_named(experiment, name)["baseline"])


def value_at(variant: dict, dotted: str) -> object:
    """What stands at a dotted key of a variant, such as noise.sigma; None where nothing does."""
    value: object = variant
    for part in dotted.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def number_at(variant: dict, dotted: str) -> int | float | None:
    """The number at a dotted key of a variant; None where there is none."""
    value = value_at(variant, dotted)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number else None


def dotted_keys(block: dict) -> list[str]:
    """The dotted keys of all values in nested mappings, such as noise.sigma."""
    keys = []
    for key, value in block.items():
        inner = dotted_keys(value) if isinstance(value, dict) else []
        keys += [f"{key}.{each}" for each in inner] or [key]
    return keys


def main_variants(experiment: dict) -> list[str]:
    """The variants that are trained on the main data, in the experiment's order."""
    every = experiment["variants"].items()
    return [name for name, variant in every if variant["data"] == "main"]


def shown_variants(experiment: dict) -> list[str]:
    """The showcase's variants, or where it is empty all those of the main data."""
    return experiment["showcase"] or main_variants(experiment)


def shown_models(experiment: dict) -> dict[str, int]:
    """The trained score models behind the shown variants, each with the seed that is shown."""
    every, found = experiment["variants"], {}
    for name in shown_variants(experiment):
        if not is_direct(every[name]) and every[name]["model"] in every:
            seed = first_seed(experiment, layout.METRICS, name)
            found.setdefault(every[name]["model"], seed)
    return found


def traced_variants(experiment: dict) -> list[str]:
    """The shown variants whose samples come about step by step."""
    return [
        name for name in shown_variants(experiment) if not is_direct(experiment["variants"][name])
    ]


def run_missing(experiment: dict, pattern: str, **names: str | int) -> bool:
    """Whether a report has to do without one run's result, a JSON file of a pattern of `layout`."""
    return f"{pattern.format(**names)}.json" in experiment["missing"]


def first_seed(experiment: dict, pattern: str, variant: str) -> int:
    """The first training seed with which a variant's results of that pattern are there."""
    replicates = experiment["replicates"]
    first = replicates["sample_seeds"][0]
    return next(
        seed
        for seed in replicates["train_seeds"]
        if not run_missing(experiment, pattern, variant=variant, seed=seed, sample_seed=first)
    )


def inpainted_variants(experiment: dict) -> list[str]:
    """The variants whose models fill holes."""
    return experiment["inpaint"]["variants"] if experiment["inpaint"] else []


def drawn_inpainted(experiment: dict) -> list[str]:
    """Those of them that the figure shows: more than two side by side are too small to see."""
    return inpainted_variants(experiment)[:2]


def is_animated(experiment: dict) -> bool:
    """Whether the report shows step by step how holes are filled."""
    there = f"{layout.TRACED_INPAINTING}.npz" not in experiment["missing"]
    return bool(experiment["inpaint"]) and there


def has_trajectory(experiment: dict) -> bool:
    """Whether the report shows step by step how samples come about."""
    there = f"{layout.TRACED_SAMPLES}.npz" not in experiment["missing"]
    return bool(traced_variants(experiment)) and there


def tuned_methods(experiment: dict, variant: str) -> list[str]:
    """The methods of inpainting whose steps are tuned for the variant.

    replacement where the variant leaves its step size to tuning; projection, whose steps no variant
    fixes, wherever the experiment tunes any.
    """
    tuned = {
        "replacement": is_tuned(experiment["variants"][variant]),
        "projection": experiment["tuning"] is not None,
    }
    return [method for method in experiment["inpaint"]["methods"] if tuned.get(method)]


def likelihood_variants(experiment: dict) -> list[str]:
    """The variants whose models' likelihood is measured."""
    return experiment["likelihood"]["variants"] if experiment["likelihood"] else []


def gallery_data(experiment: dict) -> list[str]:
    """The data sets of the gallery's variants, each once, in their order."""
    return list(dict.fromkeys(data_of(experiment, name) for name in experiment["gallery"]))


def tuning_seed(experiment: dict) -> int:
    """Step sizes are tuned on the first training seed's model, so one more seed changes nothing."""
    return experiment["replicates"]["train_seeds"][0]


def figures(experiment: dict) -> dict[str, str]:
    """Name → title of the experiment's figures beside those of its comparisons."""
    named = figures_for(experiment["dataset"]["name"])
    main = [experiment["variants"][name] for name in main_variants(experiment)]
    trained = [each for name, each in experiment["variants"].items() if each["model"] == name]
    scores = shown_models(experiment) and f"{layout.FIELDS}.npz" not in experiment["missing"]
    there = {
        "samples": bool(shown_variants(experiment)),
        "gallery": experiment["gallery"],
        "inpainting": experiment["inpaint"],
        "score_fields": scores,
        "error_by_density": scores,
        "mixing_weights": experiment["mixing"],
        "nfe_sweep": experiment["nfe_sweep"],
        "levels": not all(is_direct(each) for each in main if each in trained),
        "tuning": any(map(is_tuned, main)),
        "learning_curves": trained,
    }
    return {name: title for name, title in named.items() if there.get(name, True)}

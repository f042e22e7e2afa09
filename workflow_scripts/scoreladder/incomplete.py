"""An experiment that has to do without some results: what can still be said of it; torch-free."""

from collections.abc import Callable, Iterable, Mapping

from scoreladder import layout
from scoreladder.catalog import OF_INPAINTING, OF_LIKELIHOOD
from scoreladder.config_queries import (
    data_of_comparison,
    drawn_inpainted,
    first_seed,
    inpainted_variants,
    is_tuned,
    likelihood_variants,
    number_at,
    shown_models,
    traced_variants,
)
from scoreladder.files import read_json

# results of which a report tells that they are missing; the others follow from these
TOLD = (layout.METRICS, layout.INPAINTED, layout.LIKELIHOOD, layout.NFE_SWEEP, layout.MIXING)

# in the environment of a workflow that reports without some results: the file that names them
MISSING = "SCORELADDER_MISSING"


def told(environment: Mapping[str, str]) -> dict[str, str]:
    """What is missing, {path: reason}, according to the file that the environment names, if any."""
    return read_json(environment[MISSING]) if MISSING in environment else {}


def below(folder: str, missing: dict[str, str]) -> dict[str, str]:
    """What is missing below a folder, by paths relative to it."""
    return {
        path.removeprefix(folder): reason
        for path, reason in missing.items()
        if path.startswith(folder)
    }


def without(experiment: dict, missing: dict[str, str]) -> dict:
    """The experiment as it can be reported without the files in `missing`, {path: reason}.

    Paths are relative to the experiment's folder. A variant without a single run, a comparison
    without its baseline, arms or floor, and a claim about what is not there are left out; `missing`
    says which results there should have been and why they are not, and `unjudged` which claims.
    With nothing missing the experiment stays as it is.
    """
    if not missing:
        return experiment

    def there(pattern: str, **names: str | int) -> bool:
        return f"{pattern.format(**names)}.json" not in missing

    reduced = experiment | {
        "missing": _told(experiment, missing),
        "variants": {
            name: each
            for name, each in experiment["variants"].items()
            if _any_run(experiment, there, layout.METRICS, name)
        },
    }
    known = reduced["variants"]
    for block, pattern in (("inpaint", layout.INPAINTED), ("likelihood", layout.LIKELIHOOD)):
        if reduced[block]:
            left = [
                name
                for name in reduced[block]["variants"]
                if name in known and _any_run(experiment, there, pattern, name)
            ]
            reduced[block] = reduced[block] | {"variants": left} if left else None
    seeds = experiment["replicates"]["train_seeds"]
    if not any(there(layout.NFE_SWEEP, seed=seed) for seed in seeds):
        reduced["nfe_sweep"] = None
    if not there(layout.MIXING_EXACT):
        reduced["mixing"] = None
    for shown in ("gallery", "showcase"):
        reduced[shown] = [name for name in reduced[shown] if name in known]
    compared = [_compared(each, reduced) for each in experiment["comparisons"]]
    reduced["comparisons"] = [
        each
        for each in compared
        if each and there(layout.FLOOR, data=data_of_comparison(experiment, each["name"]))
    ]
    judged = [claim for claim in experiment["claims"] if _can_be_judged(claim, reduced)]
    reduced["claims"] = judged
    reduced["unjudged"] = [claim["says"] for claim in experiment["claims"] if claim not in judged]
    return reduced


def _told(experiment: dict, missing: dict[str, str]) -> dict[str, str]:
    """The missing results that a report tells of, in the experiment's order."""
    replicates = experiment["replicates"]
    expected = [
        f"{pattern.format(variant=variant, seed=seed, sample_seed=sample_seed)}.json"
        for pattern in TOLD
        for variant in experiment["variants"]
        for seed in replicates["train_seeds"]
        for sample_seed in replicates["sample_seeds"]
    ]
    # where all is there that it reads, it was the job itself that failed
    for result, read in _shown(experiment).items():
        expected += [] if any(path in missing for path in read) else [f"{result}.npz"]
    return {path: missing[path] for path in dict.fromkeys(expected) if path in missing}


def _shown(experiment: dict) -> dict[str, list[str]]:
    """What figures alone are made from, with what has to be there for that."""

    def model(variant: str, seed: int) -> str:
        return f"{layout.MODEL.format(variant=variant, seed=seed)}/model.safetensors"

    def tuning(variant: str) -> str:
        return f"{layout.TUNING.format(variant=variant)}.json"

    every, traced = experiment["variants"], traced_variants(experiment)
    first = experiment["replicates"]["sample_seeds"][0]
    runs = [
        {"variant": name, "seed": first_seed(experiment, layout.METRICS, name)} for name in traced
    ]
    found = {
        layout.FIELDS: [model(*each) for each in shown_models(experiment).items()],
        layout.TRACED_SAMPLES: [
            *(model(every[run["variant"]]["model"], run["seed"]) for run in runs),
            *(tuning(name) for name in traced if is_tuned(every[name])),
            # a variant that cannot be sampled cannot be traced either
            *(f"{layout.METRICS.format(**run, sample_seed=first)}.json" for run in runs),
        ],
    }
    if experiment["inpaint"]:
        name = drawn_inpainted(experiment)[0]
        seed = first_seed(experiment, layout.INPAINTED, name)
        filled = f"{layout.INPAINTED.format(variant=name, seed=seed)}.json"
        found[layout.TRACED_INPAINTING] = [tuning(name), filled]
    return found


def _any_run(experiment: dict, there: Callable[..., bool], pattern: str, variant: str) -> bool:
    """Whether some seed of a variant has its result, of the first sample seed, which is shown."""
    replicates = experiment["replicates"]
    first = replicates["sample_seeds"][0]
    return any(
        there(pattern, variant=variant, seed=seed, sample_seed=first)
        for seed in replicates["train_seeds"]
    )


def _measured(metric: str, names: Iterable[str], experiment: dict) -> list[str]:
    """Those of the variants that have the metric."""
    chosen = list(experiment["variants"])
    if metric in OF_INPAINTING:
        chosen = inpainted_variants(experiment)
    elif metric in OF_LIKELIHOOD:
        chosen = likelihood_variants(experiment)
    return [name for name in names if name in chosen]


def _compared(comparison: dict, experiment: dict) -> dict | None:
    """The comparison of what is there; None without baseline or arms."""
    names = [comparison["baseline"], *comparison["arms"]]
    left = _measured(comparison["metric"], names, experiment)
    arms = [name for name in left if name != comparison["baseline"]]
    if len(arms) == len(left) or not arms:
        return None
    axis = comparison["axis"]
    if axis and len({number_at(experiment["variants"][name], axis) for name in left} - {None}) < 2:
        axis = None
    return comparison | {"arms": arms, "axis": axis}


def _can_be_judged(claim: dict, experiment: dict) -> bool:
    """Whether every variant that a claim names has the metric that it is judged by."""
    for check in claim["checks"]:
        names = [check["better"], *check["than"]] if "better" in check else [check["variant"]]
        if _measured(check["metric"], names, experiment) != names:
            return False
    return True

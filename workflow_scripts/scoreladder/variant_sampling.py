"""The sample block of a score model, complete: its ladder, and how long that is."""

import copy
from itertools import count

from scoreladder.blocks import LANGEVIN, evaluations
from scoreladder.config_checks import check_range, check_shards
from scoreladder.config_errors import ConfigError, Key, shown
from scoreladder.config_lookups import clause, with_defaults
from scoreladder.config_schemas import check
from scoreladder.variant_merging import WRITTEN_SAMPLE

COMPLETE_LADDER = "variant.schema.yaml#/$defs/complete_noise"
ENDS = ("sigma_max", "sigma_min")


def complete(sample: dict, noise: dict, where: Key) -> dict:
    """A merged sample block with nothing left to default; noise is the complete training noise.

    Where the sampler passes down its ladder once, levels follow from nfe. An end that a ladder
    leaves out is the training noise's. Raises ConfigError, with key paths below `where`.
    """
    check(sample, WRITTEN_SAMPLE, where)
    sample = {"shards": 1} | with_defaults(copy.deepcopy(sample), WRITTEN_SAMPLE, "sampler")
    sampler = sample["sampler"]
    check_chained(sampler, (*where, "sampler"))
    if "ladder" in sample:
        sample["ladder"] = _with_ends(sample["ladder"], noise)
    if sampler == "langevin":
        ladder = {"kind": "single", "sigma": _langevin_sigma(sample, noise, where)}
    elif sampler == "annealed_langevin":
        ladder = sample.get("ladder", noise)
    else:
        ladder = _derived_ladder(sample, noise, where)
    sample["ladder"] = _checked_ladder(ladder, noise, (*where, "ladder"))
    check_shards(sample, where)
    if sampler in LANGEVIN:
        _check_budget(sample, where)
    if sampler == "consistent_annealed":
        _check_consistent_step(sample, where)
    return sample


def check_chained(sampler: str, where: Key) -> None:
    """Raise ConfigError for the one sampler that draws from no score."""
    if sampler == "direct":
        raise ConfigError(where, "found 'direct'", "only vae, gan and flow draw directly")


def levels_of(sample: dict) -> int:
    """How many levels a sampler that passes once down its ladder visits with its nfe."""
    if sample["sampler"] == "pf_ode":
        # it chooses its own steps between the two ends
        return 2
    # evaluations are linear in levels
    without, one = evaluations(sample, 0), evaluations(sample, 1)
    return (sample["nfe"] - without) // (one - without)


def _with_ends(ladder: dict, noise: dict) -> dict:
    """A ladder in which an end that its kind needs and it leaves out is the noise's, if it has."""
    needed = clause(COMPLETE_LADDER, ladder.get("kind")).get("required", [])
    left_out = [key for key in ENDS if key in needed and key not in ladder]
    return ladder | {key: noise[key] for key in left_out if key in noise}


def _langevin_sigma(sample: dict, noise: dict, where: Key) -> float:
    if "sigma" not in sample and noise["kind"] != "single":
        allowed = (
            f"langevin samples at one noise scale and the noise is {noise['kind']}: give sigma"
        )
        raise ConfigError((*where, "sigma"), "missing", allowed)
    return sample.pop("sigma", noise.get("sigma"))


def _derived_ladder(sample: dict, noise: dict, where: Key) -> dict:
    """The ladder of a sampler that passes down it once: the noise's or its own, with levels."""
    sampler, own = sample["sampler"], sample.get("ladder")
    if own and "levels" in own:
        allowed = f"levels follow from nfe with the sampler {sampler}; leave them out"
        if sampler == "pf_ode":
            allowed = "pf_ode chooses its own steps between the ladder's ends; leave levels out"
        raise ConfigError((*where, "ladder", "levels"), f"found {own['levels']}", allowed)
    ladder = own or noise
    if ladder.get("kind") in ("single", "ncsnv2"):
        found = f"found {shown(own)}" if own else f"missing, and the noise is {noise['kind']}"
        allowed = (
            f"{sampler} passes down a ladder between two ends: "
            "give one, such as {kind: geometric, sigma_max: 5.0, sigma_min: 0.05}"
        )
        raise ConfigError((*where, "ladder"), found, allowed)
    levels = levels_of(sample)
    if levels < 2:
        least = next(n for n in count(1) if levels_of(sample | {"nfe": n}) >= 2)
        found = f"found {sample['nfe']}"
        allowed = f"{sampler} needs evaluations for two levels of its ladder: >= {least}"
        raise ConfigError((*where, "nfe"), found, allowed)
    return ladder | {"levels": levels}


def _checked_ladder(ladder: dict, noise: dict, where: Key) -> dict:
    check(ladder, COMPLETE_LADDER, where)
    ladder = with_defaults(copy.deepcopy(ladder), COMPLETE_LADDER)
    check_range(ladder, where)
    if ladder["kind"] == "ncsnv2" and ladder != noise:
        allowed = "a ladder that is derived from the training data is the training noise's"
        raise ConfigError(where, f"found {shown(ladder)}", allowed)
    return ladder


def _check_consistent_step(sample: dict, where: Key) -> None:
    """Raise ConfigError for a step that leaves more noise than the next level has.

    On a geometric ladder of ratio g the step is within 1 ± g (arXiv 2009.05475).
    """
    ladder, size = sample["ladder"], sample["step_size"]
    if size == "tuned" or ladder["kind"] != "geometric":
        return
    ratio = (ladder["sigma_min"] / ladder["sigma_max"]) ** (1 / (ladder["levels"] - 1))
    if abs(1 - size) >= ratio:
        allowed = (
            f"consistent_annealed with a ladder of {ladder['levels']} levels needs a step "
            f"> {1 - ratio:.4g} and < {1 + ratio:.4g}"
        )
        raise ConfigError((*where, "step_size"), f"found {shown(size)}", allowed)


def _check_budget(sample: dict, where: Key) -> None:
    if sample["ladder"]["kind"] == "ncsnv2":
        # only the data says how many levels there are
        return
    levels = sample["ladder"].get("levels", 1)
    if sample["nfe"] - sample["denoise"] < levels:
        final = " and one to denoise" if sample["denoise"] else ""
        needed = levels + sample["denoise"]
        raise ConfigError(
            (*where, "nfe"),
            f"found {sample['nfe']}",
            f"one evaluation for each level of the ladder ({levels}){final}: >= {needed}",
        )

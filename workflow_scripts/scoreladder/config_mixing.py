"""Checks of the block that counts the chains of NCSN's toy by mode."""

import math

from scoreladder import describe
from scoreladder.config_checks import check_names, check_score
from scoreladder.config_errors import ConfigError, shown

# NCSN's toy (arXiv 1907.05600, section 3.2), and the range of the ladders that it is sampled by
TOY = {"means": [[5, 5], [-5, -5]], "weights": [0.8, 0.2]}
LARGEST_STD = 0.01
SIGMAS = (1, 20)


def check_mixing(experiment: dict) -> None:
    """Raise ConfigError unless the mixing block's variant is a score of NCSN's toy.

    The exact scores that it stands beside are those of point masses, at noise scales that need be
    no level of the variant's training ladder.
    """
    block, key = experiment["mixing"], ("mixing", "variant")
    if block is None:
        return
    name = block["variant"]
    check_names([(key, name)], experiment["variants"])
    check_score(name, experiment, key)
    variant = experiment["variants"][name]
    dataset = experiment["datasets"][variant["data"]]
    if any(dataset.get(part) != wanted for part, wanted in TOY.items()):
        found = f"found {shown(name)}, whose data is not NCSN's toy"
        allowed = f"a gaussian_mixture with means {TOY['means']} and weights {TOY['weights']}"
        raise ConfigError(key, found, allowed)
    if max(dataset["stds"]) > LARGEST_STD:
        found = f"found {shown(name)}, whose data has stds {shown(dataset['stds'])}"
        allowed = f"point masses, whose exact score is compared with it: stds <= {LARGEST_STD}"
        raise ConfigError(key, found, allowed)
    if variant["network"]["conditioning"] == "index":
        found = f"found {shown(name)}, whose conditioning is index"
        allowed = "conditioning log_sigma or none: the toy's noise scales lie between the levels"
        raise ConfigError(key, found, allowed)
    (low, high), (smallest, largest) = SIGMAS, support(variant["density"])
    if not smallest <= low < high <= largest:
        found = f"found {shown(name)}, whose density is {describe.density(variant['density'])}"
        allowed = (
            f"a density that covers all sigmas from {low} to {high}: "
            "log_uniform, vp, sub_vp or log_normal"
        )
        raise ConfigError(key, found, allowed)


def support(density: dict) -> tuple[float, float]:
    """The ends of the sigmas that a density covers without gaps; (inf, 0) for one over levels."""
    match density["kind"]:
        case "log_uniform":
            return density["sigma_min"], density["sigma_max"]
        case "log_normal":
            return 0.0, math.inf
        case "vp" | "sub_vp":
            return _sigma(density, density["t_min"]), _sigma(density, 1.0)
    return math.inf, 0.0


def _sigma(density: dict, t: float) -> float:
    """sigma(t) of the VP or sub-VP SDE (arXiv 2011.13456), as sdes.py has it for tensors."""
    low, high = density["beta_min"], density["beta_max"]
    integral = low * t + (high - low) * t**2 / 2
    # beyond 700 a float overflows
    integral = min(integral, 700.0)
    if density["kind"] == "vp":
        return math.sqrt(math.expm1(integral))
    return 2 * math.sinh(integral / 2)

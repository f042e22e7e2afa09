"""A sweep over samplers and their budgets, as the complete sample blocks that it runs."""

from scoreladder import variant_sampling
from scoreladder.config_errors import ConfigError, shown
from scoreladder.variant_merging import merge


def resolve(sweep: dict, noise: dict, written: dict) -> dict:
    """{variant, metric, count, samples}, samples being the runs in the order of the file.

    A run is a pair [sampler, complete sample block].
    Each block starts from `written`, the merged sample block of the sweep's variant, whose training
    noise is `noise`. Raises ConfigError.
    """
    pairs = []
    for name, settings in sweep["samplers"].items():
        where = ("nfe_sweep", "samplers", name)
        axis, other = ("rtol", "nfe") if name == "pf_ode" else ("nfe", "rtol")
        if other in settings:
            found = f"found {shown(settings[other])}"
            raise ConfigError((*where, other), found, f"{name} is swept over {axis}")
        if axis not in settings:
            raise ConfigError((*where, axis), "missing", f"a list of budgets for {name}")
        fixed = {key: value for key, value in settings.items() if key != axis}
        start = {key: value for key, value in written.items() if key != "shards"}
        for budget in settings[axis]:
            above = fixed | {"sampler": name, "count": sweep["count"], axis: budget}
            pairs.append([name, variant_sampling.complete(merge(start, above), noise, where)])
    kept = {key: value for key, value in sweep.items() if key != "samplers"}
    return kept | {"samples": pairs}

"""How far methods of filling holes are from the exact conditional, where that is known.

Two Gaussian values of mean 0, variance 1 and correlation R, one of them known to be Y, filled by
the exact score: the other is N(R Y, 1 − R²) given the first.
"""

import torch

from scoreladder import conditional, filling, noise, operators, progress, seeds
from scoreladder.analytic import GaussianMixture
from scoreladder.analytic_conditional import conditional as exact_conditional

R, Y = 0.8, 1.5
GAUSSIAN = GaussianMixture(
    torch.zeros(1, 2, dtype=torch.float64),
    torch.tensor([[[1.0, R], [R, 1.0]]], dtype=torch.float64),
    [1.0],
)
LADDER = (5.0, 0.05, 10)
NFE = 200
EXACT = "exact"
# methods, and the α/σ² of those that leave it open: one step too small for the budget, one not
TRIED = (
    ("replacement", 0.06),
    ("replacement", 0.5),
    ("projection", None),
    ("repaint", None),
    ("ddrm", None),
)


def filled(method: str, relative_step_size: float | None, chains: int) -> torch.Tensor:
    """The hole's value (chains,) by a method within NFE evaluations on its ladder of LADDER's."""
    ladder, knobs = filling.plan(method, noise.geometric(*LADDER), NFE)
    if relative_step_size is not None:
        knobs["step_size"] = relative_step_size * LADDER[1] ** 2
    key = "filling bias", method
    start = seeds.generator(*key, "start")
    x = LADDER[0] * torch.randn(chains, 2, generator=start, dtype=torch.float64)
    found = conditional.METHODS[method](
        GAUSSIAN,
        x,
        torch.full((chains, 1), Y, dtype=torch.float64),
        operators.mask(torch.tensor([True, False]), (2,)),
        ladder,
        **knobs,
        generator=seeds.generator(*key),
        observation_generator=seeds.generator(*key, "observations"),
    )
    return found[:, 1]


def table(chains: int) -> dict:
    """The setting {chains, correlation, known, nfe, sigma_max, sigma_min, levels}, and "rows".

    A row is {method, relative_step_size, mean, variance} of the hole, the first that of the exact
    conditional. The others' are those of `chains` >= 2 chains: their standard errors are
    √(variance/n) and variance·√(2/n). Progress is shown.
    """
    law = exact_conditional(GAUSSIAN, torch.tensor([True, False]), torch.tensor([Y]))
    exact = {"mean": float(law.means[0, 0]), "variance": float(law.variances[0, 0])}
    rows = [{"method": EXACT, "relative_step_size": None} | exact]
    for method, size in progress.track(TRIED, len(TRIED), "filling", "method"):
        hole = filled(method, size, chains)
        told = {"mean": hole.mean().item(), "variance": hole.var().item()}
        rows.append({"method": method, "relative_step_size": size} | told)
    ladder = dict(zip(("sigma_max", "sigma_min", "levels"), LADDER, strict=True))
    return {"chains": chains, "correlation": R, "known": Y, "nfe": NFE, **ladder, "rows": rows}

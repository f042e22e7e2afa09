"""Weightings λ(σ) of the loss. One table defines them all, as weights w on ‖x₀ − x̂₀‖².

In x = x₀ + σz the squared error of every prediction is that of x̂₀ times a function of σ, so w(σ)
fixes the weight in each space: λ = w σ⁴ in that of the score, Σ λ(σ) E‖s_θ(x₀+σz, σ) + z/σ‖².
Functions of σ take any shape, float32 or float64, and keep both.
"""

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from scoreladder.kinds import entry, from_block, register
from scoreladder.sdes import VP, SubVP

Weighting = Callable[[Tensor], Tensor]

POWERS = {"one": 0, "sigma": 1, "sigma2": 2}
# kind → function of its other keys that makes w(σ)
X0_WEIGHTS: dict[str, Callable[..., Weighting]] = {}

# ‖error‖² of each prediction over ‖x₀ − x̂₀‖², times σ⁴
SPACES = {
    "score": torch.ones_like,
    "epsilon": lambda sigma: sigma**2,
    "x0": lambda sigma: sigma**4,
    "v": lambda sigma: sigma**2 + sigma**4,
}


def one(sigma: Tensor) -> Tensor:
    """λ = 1, in the shape and dtype of sigma: the score's plain error, largest at the smallest σ.

    Denoising score matching as it was first (Vincent 2011, Neural Computation 23).
    """
    return torch.ones_like(sigma)


def sigma_power(power: float) -> Weighting:
    """λ = σ^power as a function of σ > 0 that keeps its shape and dtype.

    Power 2 is Song & Ermon's choice: σ²‖s‖² is then about the same at every level (arXiv
    1907.05600, section 4.2).
    """
    return lambda sigma: sigma**power


def _x0_power(power: float) -> Weighting:
    return lambda sigma: sigma ** (power - 4)


X0_WEIGHTS |= {kind: partial(_x0_power, power) for kind, power in POWERS.items()}
X0_WEIGHTS["sigma_power"] = _x0_power


@register(X0_WEIGHTS)
def _likelihood(sde: str, beta_min: float = 0.1, beta_max: float = 20.0) -> Weighting:
    kind = entry({"ve": None, "vp": VP, "sub_vp": SubVP}, sde, "sde")
    if kind is None:
        return lambda sigma: sigma**-2
    diffusion = kind(beta_min, beta_max)
    return lambda sigma: diffusion.sigma2_rate(diffusion.time(sigma)) / sigma**4


@register(X0_WEIGHTS)
def _truncated_snr() -> Weighting:
    return lambda sigma: (sigma**-2).clamp_min(1)


@register(X0_WEIGHTS)
def _min_snr(gamma: float = 5.0) -> Weighting:
    if not 0 < gamma < math.inf:
        raise ValueError(f"need gamma > 0, found {gamma}")
    return lambda sigma: (sigma**-2).clamp_max(gamma)


@register(X0_WEIGHTS)
def _p2(k: float = 1.0, gamma: float = 1.0) -> Weighting:
    if not (0 < k < math.inf and 0 <= gamma < math.inf):
        raise ValueError(f"need k > 0 and gamma >= 0, found k={k}, gamma={gamma}")
    return lambda sigma: sigma**-2 / (k + sigma**-2) ** gamma


@register(X0_WEIGHTS)
def _edm(sigma_data: float) -> Weighting:
    if not 0 < sigma_data < math.inf:
        raise ValueError(f"need sigma_data > 0, found {sigma_data}")
    return lambda sigma: sigma**-2 + sigma_data**-2


@register(X0_WEIGHTS)
def _x0() -> Weighting:
    return torch.ones_like


@register(X0_WEIGHTS)
def _v() -> Weighting:
    return lambda sigma: sigma**-2 + 1


def x0_weight(spec: dict | str, sigma_data: float = 1.0) -> Weighting:
    """w(σ) on ‖x₀ − x̂₀‖² of a config block {kind: …}, with SNR = 1/σ²; the definition of each kind.

    one 1/σ⁴ · sigma 1/σ³ · sigma2 SNR (ε-prediction's plain loss, arXiv 2006.11239) ·
    sigma_power {power} σ^power/σ⁴ ·
    likelihood {sde: ve|vp|sub_vp, beta_min: 0.1, beta_max: 20} (dσ²/dt)/σ⁴ at the t of σ, which is
    g² on the score's error in the SDE's own coordinates (arXiv 2101.09258); ve, which has no β, up
    to its constant factor, 1/σ² · truncated_snr max(SNR, 1) (arXiv 2202.00512) ·
    min_snr {gamma: 5} min(SNR, γ) (arXiv 2303.09556) ·
    p2 {k: 1, gamma: 1} SNR/(k+SNR)^γ (arXiv 2204.00227) ·
    edm 1/σ² + 1/sigma_data² (arXiv 2206.00364) · x0 1 (x₀-prediction's plain loss) ·
    v SNR + 1 (v-prediction's plain loss, arXiv 2202.00512).
    A kind without parameters may be given by its name alone. sigma_data, the data's standard
    deviation, matters to edm only. Raises ValueError for an unknown kind or sde, for keys that are
    missing or not the kind's, and for a parameter out of its range.
    """
    block = _block(spec)
    data = (sigma_data,) if block.get("kind") == "edm" else ()
    return from_block(X0_WEIGHTS, block, *data)


def _block(spec: dict | str) -> dict:
    return {"kind": spec} if isinstance(spec, str) else spec


def weighting(spec: dict | str | Weighting, sigma_data: float = 1.0) -> Weighting:
    """λ(σ), the weight on ‖s_θ − s‖², by a config block, by the name of a kind, or as a callable.

    Of a kind of x0_weight it is w(σ) σ⁴, with the same errors; a callable from σ > 0 to λ, of the
    same shape, is a weighting already.
    """
    if callable(spec):
        return spec
    w, spec = x0_weight(spec, sigma_data), _block(spec)
    if spec["kind"] in POWERS or spec["kind"] == "sigma_power":
        # σ^power at once: by way of σ^(power−4) it would be rounded twice more
        return sigma_power(POWERS.get(spec["kind"], spec.get("power")))
    return lambda sigma: w(sigma) * sigma**4


def loss_weight(weighting: Weighting, space: str) -> Weighting:
    """The weight on the squared error of a prediction that gives the loss of λ on the score's.

    space "score": λ; "epsilon": λ/σ²; "x0": λ/σ⁴; "v": λ/(σ⁴ (1/σ²+1)), v = (z − σx₀)/√(1+σ²).
    Weight each sample's error before any mean: a mean of products is no product of means.
    Raises ValueError for another space.
    """
    factor = entry(SPACES, space, "space")
    return lambda sigma: weighting(sigma) / factor(sigma)

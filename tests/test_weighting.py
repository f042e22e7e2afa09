"""λ(σ): one table behind every parameterisation, and what it can and cannot change in training."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scoreladder import noise, objectives
from scoreladder.densities import LogUniform, OverLadder
from scoreladder.sdes import VP, SubVP
from scoreladder.weighting import loss_weight, one, sigma_power, weighting, x0_weight

SIGMAS = noise.geometric(2.0, 0.1, 5)
SPREAD = 0.7
# each kind's weight on ‖x₀ − x̂₀‖² at SNR = 1/σ², written out once more
TABLE = [
    ({"kind": "one"}, lambda snr: snr**2),
    ({"kind": "sigma"}, lambda snr: snr**1.5),
    ({"kind": "sigma2"}, lambda snr: snr),
    ({"kind": "sigma_power", "power": 3}, lambda snr: snr**0.5),
    ({"kind": "sigma_power", "power": -1.5}, lambda snr: snr**2.75),
    ({"kind": "likelihood", "sde": "ve"}, lambda snr: snr),
    ({"kind": "likelihood", "sde": "vp"}, lambda snr: snr**2 * rate(VP(), snr)),
    ({"kind": "likelihood", "sde": "sub_vp"}, lambda snr: snr**2 * rate(SubVP(), snr)),
    (
        {"kind": "likelihood", "sde": "vp", "beta_min": 0.5, "beta_max": 8.0},
        lambda snr: snr**2 * rate(VP(0.5, 8.0), snr),
    ),
    (
        {"kind": "likelihood", "sde": "sub_vp", "beta_max": 8.0},
        lambda snr: snr**2 * rate(SubVP(0.1, 8.0), snr),
    ),
    ({"kind": "truncated_snr"}, lambda snr: snr.maximum(torch.ones_like(snr))),
    ({"kind": "min_snr", "gamma": 5.0}, lambda snr: snr.minimum(torch.full_like(snr, 5.0))),
    ({"kind": "p2", "k": 1.0, "gamma": 1.0}, lambda snr: snr / (1 + snr)),
    ({"kind": "p2", "k": 0.5, "gamma": 2.0}, lambda snr: snr / (0.5 + snr) ** 2),
    ({"kind": "edm"}, lambda snr: snr + 1 / SPREAD**2),
    ({"kind": "x0"}, torch.ones_like),
    ({"kind": "v"}, lambda snr: snr + 1),
]
BLOCKS = [block for block, _ in TABLE]


def rate(sde, snr):
    """g²/scale² at the time when σ² is 1/SNR, by bisection."""
    low, high = torch.zeros_like(snr), 4 * torch.ones_like(snr)
    for _ in range(60):
        middle = (low + high) / 2
        over = sde.marginal_std(middle) ** 2 * snr > sde.scale(middle) ** 2
        low, high = torch.where(over, low, middle), torch.where(over, middle, high)
    return (sde.diffusion(low) / sde.scale(low)) ** 2


# exact up to rounding, in either precision
PRECISIONS = [(torch.float32, 1e-5), (torch.float64, 1e-12)]
in_both_precisions = pytest.mark.parametrize("dtype, rel", PRECISIONS)

# Gauss-Hermite nodes: three a dimension integrate these quadratic losses exactly
NODES = torch.tensor([-(3**0.5), 0.0, 3**0.5], dtype=torch.float64)
MASS = torch.tensor([1 / 6, 2 / 3, 1 / 6], dtype=torch.float64)
X0, Z = (grid.reshape(-1, 1) for grid in torch.meshgrid(SPREAD * NODES, NODES, indexing="ij"))
P = torch.outer(MASS, MASS).flatten()


def expected_losses(slopes, weight):
    """Exact E over x₀ ~ N(0, SPREAD²) and z of the loss of s(x, σ_i) = −slope_i x, per level.

    In the dtype of the slopes.
    """
    losses = []
    for slope, sigma in zip(slopes, SIGMAS.to(slopes[0].dtype), strict=True):
        x0, z, p = (each.to(sigma) for each in (X0, Z, P))

        def denoiser(x, sigma_, slope=slope):
            return x - sigma_.reshape(-1, 1) ** 2 * slope * x

        each = objectives.denoising_score_matching(denoiser, x0, sigma.expand(len(x0)), z, weight)
        losses.append((p * each).sum())
    return torch.stack(losses)


def gradient(level_weights, weight):
    """Expected gradient in one slope that all levels share, in the dtype of level_weights."""
    slope = torch.tensor(0.4, dtype=level_weights.dtype, requires_grad=True)
    loss = (level_weights * expected_losses([slope] * len(SIGMAS), weight)).sum()
    return torch.autograd.grad(loss, slope)[0].item()


@pytest.mark.parametrize("block, expected", TABLE)
def test_the_table_in_x0_space_and_the_score_space_that_follows(block, expected):
    grid = noise.geometric(60.0, 0.01, 40)
    found = x0_weight(block, SPREAD)(grid).tolist()
    assert found == pytest.approx(expected(1 / grid**2).tolist(), rel=1e-9)
    in_score_space = (weighting(block, SPREAD)(grid) / grid**4).tolist()
    assert in_score_space == pytest.approx(found, rel=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_powers_of_sigma_are_not_rounded_on_the_way(dtype):
    sigma = noise.geometric(50.0, 0.01, 200).to(dtype)
    for power in (-1, 0.5, 3):
        block = {"kind": "sigma_power", "power": power}
        assert torch.equal(weighting(block)(sigma), sigma**power)
        assert torch.equal(sigma_power(power)(sigma), sigma**power)
    for kind, power in (("one", 0), ("sigma", 1), ("sigma2", 2)):
        assert torch.equal(weighting({"kind": kind})(sigma), sigma**power)


def test_parameters_that_a_paper_recommends_may_be_left_out():
    for short, full in (
        ({"kind": "min_snr"}, {"kind": "min_snr", "gamma": 5.0}),
        ({"kind": "p2"}, {"kind": "p2", "k": 1.0, "gamma": 1.0}),
    ):
        assert torch.equal(weighting(short)(SIGMAS), weighting(full)(SIGMAS))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("block", BLOCKS)
@settings(max_examples=10)
@given(st.lists(st.integers(1, 4), max_size=3), st.floats(0.01, 100.0))
def test_weightings_keep_the_shape_and_type_of_sigma(block, dtype, shape, value):
    sigma = torch.full(tuple(shape), value, dtype=dtype)
    for found in (weighting(block)(sigma), x0_weight(block)(sigma)):
        assert found.shape == sigma.shape and found.dtype == dtype
        assert (found > 0).all() and found.isfinite().all()


# errors of the noise are differences of numbers alike where σ is large: float32 keeps fewer digits
@pytest.mark.parametrize("dtype, rel", [(torch.float32, 1e-3), (torch.float64, 1e-9)])
@pytest.mark.parametrize("block", BLOCKS)
def test_one_scalar_loss_comes_out_of_every_prediction(block, dtype, rel):
    g = torch.Generator().manual_seed(0)
    x0, z, x0_hat = torch.randn(3, 32, 5, generator=g, dtype=torch.float64).to(dtype)
    sigma = LogUniform(0.02, 40.0).sample(32, g).to(dtype)
    s = sigma[:, None]
    x, weight = x0 + s * z, weighting(block, SPREAD)
    total = (1 + s**2).sqrt()
    z_hat = (x - x0_hat) / s
    errors = {
        "score": (x0_hat - x) / s**2 + z / s,
        "epsilon": z_hat - z,
        "x0": x0_hat - x0,
        # v = √ᾱ ε − √(1−ᾱ) x₀ with √ᾱ = 1/√(1+σ²)
        "v": (z_hat - s * x0_hat) / total - (z - s * x0) / total,
    }
    expected = objectives.denoising_score_matching(lambda *_: x0_hat, x0, sigma, z, weight)
    for space, error in errors.items():
        losses = loss_weight(weight, space)(sigma) * error.square().sum(dim=1)
        assert losses.dtype == dtype
        assert losses.tolist() == pytest.approx(expected.tolist(), rel=rel)


def test_min_snr_on_other_predictions_is_that_of_its_paper():
    snr = 1 / SIGMAS**2
    capped = snr.minimum(torch.full_like(snr, 5.0))
    weight = weighting({"kind": "min_snr", "gamma": 5.0})
    for space, divisor in (("x0", 1), ("epsilon", snr), ("v", snr + 1)):
        found = loss_weight(weight, space)(SIGMAS).tolist()
        assert found == pytest.approx((capped / divisor).tolist(), rel=1e-12)


@in_both_precisions
def test_edm_weighs_its_own_target_at_every_level_alike(dtype, rel):
    sigma = SIGMAS.to(dtype)
    c_out2 = (sigma * SPREAD) ** 2 / (sigma**2 + SPREAD**2)
    found = x0_weight({"kind": "edm"}, SPREAD)(sigma) * c_out2
    assert found.tolist() == pytest.approx([1.0] * len(SIGMAS), rel=rel)


@in_both_precisions
def test_samples_are_weighted_one_by_one_before_any_mean(dtype, rel):
    g = torch.Generator().manual_seed(0)
    x0, z = torch.randn(2, 64, 3, generator=g, dtype=torch.float64).to(dtype)
    sigma = OverLadder(SIGMAS.to(dtype)).sample(64, g)
    weight, plain = (
        objectives.denoising_score_matching(lambda x, _: 0.5 * x, x0, sigma, z, chosen)
        for chosen in (sigma_power(2), one)
    )
    assert weight.mean().item() == pytest.approx((sigma**2 * plain).mean().item(), rel=rel)
    assert weight.mean().item() != pytest.approx((sigma.mean() ** 2 * plain.mean()).item(), rel=0.5)


def test_any_callable_is_a_weighting():
    assert weighting(torch.exp) is torch.exp
    found = loss_weight(weighting(lambda sigma: sigma.exp()), "epsilon")(SIGMAS)
    assert found.tolist() == pytest.approx((SIGMAS.exp() / SIGMAS**2).tolist())


@pytest.mark.parametrize("block", [block for block in BLOCKS if len(block) == 1])
def test_a_weighting_without_parameters_goes_by_its_name(block):
    for function in (weighting, x0_weight):
        found, expected = function(block["kind"], SPREAD), function(block, SPREAD)
        assert torch.equal(found(SIGMAS), expected(SIGMAS))


def test_the_betas_of_a_likelihood_weighting_have_the_defaults_of_the_sdes():
    for sde in ("vp", "sub_vp"):
        block = {"kind": "likelihood", "sde": sde}
        full, other = block | {"beta_min": 0.1, "beta_max": 20.0}, block | {"beta_max": 8.0}
        assert torch.equal(weighting(block)(SIGMAS), weighting(full)(SIGMAS))
        assert not torch.allclose(weighting(block)(SIGMAS), weighting(other)(SIGMAS), rtol=0.1)


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: weighting({"kind": "snr"}), "unknown kind 'snr'; one of: one, sigma, sigma2"),
        (lambda: weighting("snr"), "unknown kind 'snr'; one of: one, sigma, sigma2"),
        (lambda: weighting("likelihood"), "likelihood: missing a required argument: 'sde'"),
        (
            lambda: weighting({"kind": "likelihood", "sde": "vp", "beta_max": 0.05}),
            "0 < beta_min <= beta_max",
        ),
        (lambda: weighting({"kind": "likelihood", "sde": "edm"}), "unknown sde 'edm'; one of: ve"),
        (lambda: weighting({"kind": "min_snr", "gamma": 0.0}), "gamma > 0, found 0.0"),
        (lambda: weighting({"kind": "p2", "k": 0.0}), "k > 0 and gamma >= 0, found k=0.0"),
        (lambda: weighting({"kind": "edm"}, 0.0), "sigma_data > 0, found 0.0"),
        (lambda: loss_weight(one, "eps"), "unknown space 'eps'; one of: score, epsilon, x0, v"),
    ],
)
def test_refuses_what_is_no_weighting(make, words):
    with pytest.raises(ValueError, match=words):
        make()


@in_both_precisions
@pytest.mark.parametrize("block", BLOCKS)
def test_no_weighting_moves_the_optimum_of_a_free_table(block, dtype, rel):
    optimum = (1 / (SPREAD**2 + SIGMAS**2)).to(dtype)
    slopes = [value.clone().requires_grad_() for value in optimum]
    losses = expected_losses(slopes, weighting(block))
    gradients = torch.stack(torch.autograd.grad(losses.sum(), slopes))
    scale = weighting(block)(SIGMAS) / SIGMAS**2
    assert (gradients / scale).abs().max() < rel
    assert (expected_losses(optimum * 1.01, weighting(block)) > losses).all()
    assert (expected_losses(optimum * 0.99, weighting(block)) > losses).all()


@in_both_precisions
@pytest.mark.parametrize("power", [1, 2, -1])
def test_equal_products_of_weighting_and_density_have_equal_expected_gradients(power, dtype, rel):
    sigmas = SIGMAS.to(dtype)
    uniform = OverLadder(sigmas).log_prob(sigmas).exp()
    tilted = OverLadder(sigmas, power).log_prob(sigmas).exp()
    # λ=σ² under uniform p, and λ=σ^(2−power) under p ∝ σ^power: the products differ by a constant
    constant = (SIGMAS**power).mean().item()
    expected = gradient(uniform, sigma_power(2))
    found = constant * gradient(tilted, sigma_power(2 - power))
    assert found == pytest.approx(expected, rel=rel)
    assert constant * gradient(uniform, sigma_power(2 - power)) != pytest.approx(expected, rel=0.1)


def test_the_weighting_moves_the_optimum_of_a_shared_parameter():
    uniform = torch.full((5,), 0.2, dtype=torch.float64)
    found = []
    for power in (0, 2):
        # the loss is quadratic in the slope, so two gradients give its minimum
        weights = uniform * SIGMAS**power
        top, bottom = weights.sum(), (weights * (SPREAD**2 + SIGMAS**2)).sum()
        assert gradient(uniform, sigma_power(power)) == pytest.approx(
            2 * (0.4 * bottom - top).item(), rel=1e-12
        )
        found.append((top / bottom).item())
    assert found[0] > 1.5 * found[1]

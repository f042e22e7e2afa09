"""Exact scores against automatic differentiation, SciPy and limits."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from scoreladder.analytic import GaussianMixture, empirical_denoiser

FORMS = ["number", "per component", "per axis", "full"]
# exact up to rounding, in either precision
in_both_precisions = pytest.mark.parametrize(
    "dtype, close", [(torch.float32, 1e-5), (torch.float64, 1e-12)]
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def randn(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=generator(seed), dtype=dtype)


def mixture(form, components=3, dim=2, seed=0, dtype=torch.float64):
    """A mixture of random components, and the covariances that its spread stands for."""
    means = 3 * randn(components, dim, seed=seed)
    stds = 0.3 + randn(components, dim, seed=seed + 1).abs()
    factors = randn(components, dim, dim, seed=seed + 2)
    eye = torch.eye(dim, dtype=torch.float64).expand(components, dim, dim)
    full = factors @ factors.mT + 0.1 * eye
    spread, covariances = {
        "number": (0.7, 0.49 * eye),
        "per component": (stds[:, 0], stds[:, 0, None, None] ** 2 * eye),
        "per axis": (stds, torch.diag_embed(stds**2)),
        "full": (full, full),
    }[form]
    weights = 0.2 + torch.rand(components, generator=generator(seed), dtype=torch.float64)
    return GaussianMixture(means.to(dtype), spread, weights), covariances


def autograd_score(found, x, sigma):
    x = x.clone().requires_grad_()
    return torch.autograd.grad(found.log_prob(x, sigma).sum(), x)[0]


# in float32 the rounding of log p of distant points, some 1e-5, is that of the responsibilities
@pytest.mark.parametrize("dtype, close", [(torch.float32, 5e-3), (torch.float64, 1e-8)])
@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=10)
@given(st.integers(1, 5), st.integers(1, 5), st.floats(0, 10), st.integers(0, 1000))
def test_score_is_the_gradient_of_log_prob(form, dtype, close, components, dim, sigma, seed):
    found, _ = mixture(form, components, dim, seed, dtype)
    x = 4 * randn(7, dim, seed=seed + 3).to(dtype)
    expected = autograd_score(found, x, sigma)
    assert found.score(x, sigma).dtype == dtype
    assert torch.allclose(found.score(x, sigma), expected, rtol=close, atol=close)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("sigma", [0.0, 0.5])
def test_log_prob_is_that_of_scipy(form, sigma):
    found, covariances = mixture(form)
    x = 4 * randn(20, 2, seed=9)
    parts = [
        weight * stats.multivariate_normal(mean, covariance).pdf(x.numpy())
        for weight, mean, covariance in zip(
            found.weights.numpy(),
            found.means.numpy(),
            (covariances + sigma**2 * torch.eye(2)).numpy(),
            strict=True,
        )
    ]
    assert found.log_prob(x, sigma).numpy() == pytest.approx(np.log(sum(parts)), rel=1e-9)
    shares = np.stack(parts, axis=1) / sum(parts)[:, None]
    assert found.responsibilities(x, sigma).numpy() == pytest.approx(shares, rel=1e-8, abs=1e-12)


@pytest.mark.parametrize("form", FORMS)
def test_score_is_finite_and_right_far_from_all_mass(form):
    direction = randn(50, 2)
    x = 300 * direction / direction.norm(dim=1, keepdim=True)
    expected = autograd_score(mixture(form)[0], x, 0.01)
    assert expected.isfinite().all()
    # at log densities of -1e5, float32 knows the responsibilities to about 0.01
    for dtype, tolerance in ((torch.float64, 1e-12), (torch.float32, 0.01)):
        found, _ = mixture(form, dtype=dtype)
        score = found.score(x.to(dtype), 0.01)
        assert score.dtype == dtype
        assert found.log_prob(x.to(dtype), 0.01).isfinite().all()
        gap = (score - expected).norm(dim=1) / expected.norm(dim=1)
        assert gap.max() < tolerance


def test_float32_point_masses_stay_finite_and_pull_to_the_nearest():
    points = GaussianMixture(torch.tensor([[5.0, 5.0], [-5.0, -5.0]]), 0.0, [0.8, 0.2])
    x = torch.tensor([[200.0, 220.0], [-200.0, -220.0]])
    assert torch.allclose(points.score(x, 0.01), (torch.sign(x) * 5 - x) / 1e-4)


def test_sigma_may_be_one_per_point():
    found, _ = mixture("full")
    x, sigma = randn(3, 2), torch.tensor([0.1, 1.0, 4.0], dtype=torch.float64)
    each = torch.cat([found.score(x[i : i + 1], float(s)) for i, s in enumerate(sigma)])
    assert torch.allclose(found.score(x, sigma), each)


@in_both_precisions
def test_the_score_near_far_apart_modes_does_not_know_their_weights(dtype, close):
    means = torch.tensor([[50.0, 0.0], [-50.0, 0.0]], dtype=dtype)
    near = torch.cat([means[:1] + randn(20, 2), means[1:] + randn(20, 2, seed=1)]).to(dtype)
    scores = [
        GaussianMixture(means, 1.0, weights).score(near) for weights in ([0.5, 0.5], [0.999, 0.001])
    ]
    assert torch.allclose(*scores, rtol=close, atol=close)
    assert torch.allclose(scores[0][:20], means[0] - near[:20], rtol=close, atol=close)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("sigma", [0.01, 0.5, 20.0])
def test_denoising_is_a_step_along_the_score(form, sigma):
    found, _ = mixture(form)
    x = 4 * randn(20, 2, seed=9)
    expected = x + sigma**2 * found.score(x, sigma)
    assert torch.allclose(found.denoise(x, sigma), expected, rtol=1e-9)
    assert torch.equal(found(x, sigma), found.denoise(x, sigma))


@pytest.mark.parametrize("form", FORMS)
def test_samples_have_the_moments_of_the_noisy_mixture(form):
    found, covariances = mixture(form)
    n, sigma = 200_000, 0.5
    x = found.sample(n, sigma, generator())
    centre = found.weights @ found.means
    offsets = found.means - centre
    within = covariances + sigma**2 * torch.eye(2) + offsets[:, :, None] * offsets[:, None]
    covariance = torch.einsum("k,kde->de", found.weights, within)
    standard = (covariance.diagonal() / n).sqrt()
    assert ((x.mean(dim=0) - centre).abs() < 4 * standard).all()
    assert torch.allclose(x.T.cov(), covariance, rtol=0.02, atol=0.02 * covariance.max().item())


@pytest.mark.parametrize("form", FORMS)
def test_a_mixture_lives_where_its_means_are(form):
    """Whatever is the default device: with another one, a tensor left there meets none of ours."""
    means = mixture(form)[0].means
    spread = {"number": 0.7, "per component": [0.7] * 3, "per axis": [[0.7] * 2] * 3}
    spread["full"] = (0.49 * torch.eye(2, dtype=torch.float64)).expand(3, 2, 2).tolist()
    with torch.device("meta"):
        found = GaussianMixture(means, spread[form], [0.5, 0.25, 0.25])
        x = found.sample(5, 0.3, generator())
        seen = [x, found.score(x, 0.3), found.log_prob(x, 0.3), found(x, 0.3)]
        seen += [found.sample(5, 0.3), found.weights, found.variances, found.axes]
    assert {value.device.type for value in seen} == {"cpu"}
    assert torch.equal(x, found.sample(5, 0.3, generator()))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("drawn_on", ["cpu", "cuda"])
def test_a_mixture_on_a_gpu_takes_generators_of_either_device(drawn_on):
    found = GaussianMixture(torch.eye(2, device="cuda"), [0.1, 0.2], [0.5, 0.5])
    first, again = (found.sample(50, 0.3, torch.Generator(drawn_on).manual_seed(0)) for _ in "ab")
    assert first.device.type == "cuda" and torch.equal(first, again)
    assert found.score(first, 0.3).isfinite().all()


def test_weights_are_normalised_and_integers_accepted():
    found = GaussianMixture([[0, 0], [1, 1]], 1, [3, 1])
    assert found.weights.tolist() == [0.75, 0.25]
    assert found.means.dtype == torch.float64


@pytest.mark.parametrize(
    "means, spread, weights, message",
    [
        ([0.0, 1.0], 1.0, [1.0, 1.0], r"means must have shape \(K, D\), found \(2,\)"),
        ([[0.0], [1.0]], 1.0, [1.0], "need 2 positive weights"),
        ([[0.0], [1.0]], 1.0, [1.0, 0.0], "need 2 positive weights"),
        ([[0.0], [1.0]], 1.0, [1.0, float("nan")], "need 2 positive weights"),
        ([[0.0], [1.0]], [1.0, 1.0, 1.0], [1.0, 1.0], "covariances_or_stds must be"),
        ([[0.0], [1.0]], [[1.0, 1.0]], [1.0, 1.0], "covariances_or_stds must be"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(means, spread, weights, message):
    with pytest.raises(ValueError, match=message):
        GaussianMixture(means, spread, weights)


# the exponents −‖x−x_i‖²/2σ² reach 1e3, of which float32 keeps three decimals
@pytest.mark.parametrize("dtype, close", [(torch.float32, 1e-3), (torch.float64, 1e-8)])
def test_the_empirical_denoiser_is_a_mixture_of_point_masses(dtype, close):
    data = randn(30, 3).to(dtype)
    points = GaussianMixture(data, 0.0, torch.ones(30))
    x = 2 * randn(40, 3, seed=1).to(dtype)
    for sigma in (0.1, 1.0, 10.0, torch.linspace(0.1, 3, 40, dtype=torch.float64)):
        found = empirical_denoiser(data)(x, sigma)
        assert found.dtype == dtype
        assert torch.allclose(found, points(x, sigma), rtol=close, atol=close)
        # Σ x_i softmax(−‖x−x_i‖²/2σ²), written out
        squared = (x[:, None] - data).square().sum(dim=2).double()
        shares = (-squared / (2 * torch.as_tensor(sigma).double().reshape(-1, 1) ** 2)).softmax(1)
        expected = (shares @ data.double()).to(dtype)
        assert torch.allclose(found, expected, rtol=close, atol=close)


@in_both_precisions
def test_the_empirical_denoiser_goes_to_the_nearest_point_and_to_the_mean(dtype, close):
    data, x = randn(30, 1, 2, 2).to(dtype), randn(40, 1, 2, 2, seed=1).to(dtype)
    nearest = torch.cdist(x.flatten(1), data.flatten(1)).argmin(dim=1)
    denoise = empirical_denoiser(data)
    assert torch.equal(denoise(x, 1e-4), data[nearest])
    mean = data.mean(dim=0).expand(40, 1, 2, 2)
    assert torch.allclose(denoise(x, 1e8), mean, rtol=close, atol=close)
    assert denoise(x, 1.0).shape == x.shape

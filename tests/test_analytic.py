"""Exact scores against automatic differentiation, SciPy and limits."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from scoreladder.analytic import GaussianMixture, empirical_denoiser

FORMS = ["number", "per component", "per axis", "full"]


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


@given(
    st.sampled_from(FORMS),
    st.integers(1, 5),
    st.integers(1, 5),
    st.floats(0, 10),
    st.integers(0, 1000),
)
def test_score_is_the_gradient_of_log_prob(form, components, dim, sigma, seed):
    found, _ = mixture(form, components, dim, seed)
    x = 4 * randn(7, dim, seed=seed + 3)
    expected = autograd_score(found, x, sigma)
    assert torch.allclose(found.score(x, sigma), expected, rtol=1e-8, atol=1e-8)


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


def test_the_score_near_far_apart_modes_does_not_know_their_weights():
    means = torch.tensor([[50.0, 0.0], [-50.0, 0.0]]).double()
    near = torch.cat([means[:1] + randn(20, 2), means[1:] + randn(20, 2, seed=1)])
    scores = [
        GaussianMixture(means, 1.0, weights).score(near) for weights in ([0.5, 0.5], [0.999, 0.001])
    ]
    assert torch.allclose(*scores, rtol=1e-12, atol=1e-12)
    assert torch.allclose(scores[0][:20], means[0] - near[:20])


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


def test_the_empirical_denoiser_is_a_mixture_of_point_masses():
    data = randn(30, 3)
    points = GaussianMixture(data, 0.0, torch.ones(30))
    x = 2 * randn(40, 3, seed=1)
    for sigma in (0.1, 1.0, 10.0, torch.linspace(0.1, 3, 40, dtype=torch.float64)):
        assert torch.allclose(empirical_denoiser(data)(x, sigma), points(x, sigma))


def test_the_empirical_denoiser_goes_to_the_nearest_point_and_to_the_mean():
    data, x = randn(30, 1, 2, 2), randn(40, 1, 2, 2, seed=1)
    nearest = torch.cdist(x.flatten(1), data.flatten(1)).argmin(dim=1)
    denoise = empirical_denoiser(data)
    assert torch.equal(denoise(x, 1e-4), data[nearest])
    assert torch.allclose(denoise(x, 1e6), data.mean(dim=0).expand(40, 1, 2, 2), atol=1e-9)
    assert denoise(x, 1.0).shape == x.shape

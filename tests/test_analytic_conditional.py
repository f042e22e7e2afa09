"""A mixture given some coordinates, against the ratio of joint densities."""

import pytest
import torch

from scoreladder.analytic import GaussianMixture
from scoreladder.analytic_conditional import conditional


def randn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


FACTORS = randn(3, 4, 4, seed=1)
MIXTURE = GaussianMixture(
    randn(3, 4), FACTORS @ FACTORS.mT + 0.1 * torch.eye(4, dtype=torch.float64), [0.5, 0.2, 0.3]
)


@pytest.mark.parametrize(
    "known", [[True, False, False, True], [False, True, False, False], [True, True, True, False]]
)
def test_its_density_is_the_joint_one_up_to_a_constant(known):
    known = torch.tensor(known)
    y, hole = randn(int(known.sum()), seed=2), 3 * randn(50, int((~known).sum()), seed=3)
    x = torch.empty(50, 4, dtype=torch.float64)
    x[:, known], x[:, ~known] = y, hole
    gap = MIXTURE.log_prob(x) - conditional(MIXTURE, known, y).log_prob(hole)
    assert torch.allclose(gap, gap[0].expand(50))
    # the constant is the density of what is known
    marginal = GaussianMixture(
        MIXTURE.means[:, known],
        (FACTORS @ FACTORS.mT + 0.1 * torch.eye(4))[:, known][:, :, known],
        MIXTURE.weights,
    )
    assert torch.allclose(gap[:1], marginal.log_prob(y[None]))


def test_a_gaussian_of_correlation_08_has_the_mean_and_variance_of_regression():
    covariance = torch.tensor([[1.0, 0.8], [0.8, 1.0]], dtype=torch.float64)
    law = GaussianMixture(torch.zeros(1, 2, dtype=torch.float64), covariance[None], [1.0])
    found = conditional(law, torch.tensor([True, False]), torch.tensor([1.5]))
    assert found.means.item() == pytest.approx(1.2)
    assert found.variances.item() == pytest.approx(1 - 0.8**2)


def test_with_nothing_known_it_is_the_mixture_itself():
    found = conditional(MIXTURE, torch.zeros(4, dtype=torch.bool), torch.zeros(0))
    x = randn(20, 4, seed=4)
    assert torch.allclose(found.log_prob(x), MIXTURE.log_prob(x))


def test_a_component_that_is_ruled_out_has_no_weight():
    far = GaussianMixture(torch.tensor([[0.0, 1.0], [200.0, 5.0]]).double(), 1.0, [0.5, 0.5])
    found = conditional(far, torch.tensor([True, False]), torch.tensor([0.0]))
    assert found.weights.tolist() == pytest.approx([1.0, 0.0])
    assert found.denoise(torch.tensor([[3.0]]).double(), 1e-3).isfinite().all()


@pytest.mark.parametrize(
    ("spread", "known", "y", "message"),
    [
        (1.0, [True, True], [0.0, 0.0], "need coordinates missing and 2 values"),
        (1.0, [True, False], [0.0, 0.0], "found .* known and values of shape"),
        (0.0, [True, False], [0.0], "no spread in what is known"),
    ],
)
def test_what_has_no_conditional_is_refused(spread, known, y, message):
    law = GaussianMixture([[0.0, 1.0]], spread, [1.0])
    with pytest.raises(ValueError, match=message):
        conditional(law, torch.tensor(known), torch.tensor(y))

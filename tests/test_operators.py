"""Operators of what is known: orthonormal rows, exact adjoints, and what they know."""

import pytest
import torch

from scoreladder import masks, operators

SHAPE = (3, 8, 8)
OPERATORS = {
    "mask": operators.mask(masks.centre(8, 8), SHAPE),
    "mask of one channel": operators.mask(torch.tensor([True, False, False])[:, None, None], SHAPE),
    "colourisation": operators.colourisation(),
    "super-resolution by 2": operators.super_resolution(2),
    "super-resolution by 4": operators.super_resolution(4),
}
every_operator = pytest.mark.parametrize("operator", OPERATORS.values(), ids=OPERATORS)


def randn(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@every_operator
def test_rows_are_orthonormal(operator):
    y = operator.forward(randn(5, *SHAPE))
    units = torch.eye(y[0].numel(), dtype=y.dtype).reshape(-1, *y.shape[1:])
    assert torch.allclose(operator.forward(operator.adjoint(units)), units, atol=1e-12)
    single = units.float()
    assert torch.allclose(operator.forward(operator.adjoint(single)), single, atol=1e-6)


@every_operator
def test_what_is_known_is_a_symmetric_projection(operator):
    units = torch.eye(3 * 8 * 8, dtype=torch.float64).reshape(-1, *SHAPE)
    projector = operator.adjoint(operator.forward(units)).flatten(1)
    assert torch.allclose(projector, projector.T, atol=1e-12)
    assert torch.allclose(projector @ projector, projector, atol=1e-12)
    assert projector.trace().item() == pytest.approx(operator.forward(units)[0].numel())


@every_operator
def test_the_adjoint_is_the_adjoint(operator):
    x = randn(5, *SHAPE)
    y = randn(*operator.forward(x).shape, seed=1)
    assert torch.allclose(
        (operator.forward(x) * y).flatten(1).sum(1), (x * operator.adjoint(y)).flatten(1).sum(1)
    )


@every_operator
def test_replacing_sets_what_is_known_and_nothing_else(operator):
    x = randn(5, *SHAPE)
    y = operator.forward(randn(5, *SHAPE, seed=1))
    replaced = operator.replace(x, y)
    assert torch.allclose(operator.forward(replaced), y)
    assert torch.allclose(replaced, x + operator.adjoint(y - operator.forward(x)))


def test_a_mask_puts_the_known_values_in_place_bit_for_bit():
    known = masks.centre(8, 8).expand(SHAPE)
    x, truth = randn(5, *SHAPE, dtype=torch.float32), randn(5, *SHAPE, seed=1, dtype=torch.float32)
    operator = operators.mask(known, SHAPE)
    replaced = operator.replace(x, operator.forward(truth))
    assert torch.equal(replaced, torch.where(known, truth, x))


def test_grey_and_block_means_are_what_they_say():
    x = randn(2, *SHAPE)
    grey = operators.colourisation().forward(x)
    assert torch.allclose(grey[:, 0], 3**0.5 * x.mean(dim=1))
    small = operators.super_resolution(4).forward(x)
    assert small[1, 2, 0, 1].item() == pytest.approx(4 * x[1, 2, :4, 4:].mean().item())


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (lambda: operators.mask(torch.ones(8, 8), SHAPE), "need a boolean mask, found torch.float"),
        (lambda: operators.mask(masks.half(4, 4), SHAPE), r"a mask \(1, 4, 4\) does not fit"),
        (lambda: operators.super_resolution(3).forward(randn(1, *SHAPE)), "multiples of 3, found"),
    ],
)
def test_what_does_not_fit_is_refused(refused, message):
    with pytest.raises(ValueError, match=message):
        refused()

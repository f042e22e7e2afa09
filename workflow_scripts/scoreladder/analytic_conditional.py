"""Exact completions: a Gaussian mixture given some of its coordinates."""

import torch
from torch import Tensor

from scoreladder.analytic import GaussianMixture


def conditional(mixture: GaussianMixture, known: Tensor, y: Tensor) -> GaussianMixture:
    """The mixture's law of the other coordinates where those of the mask `known` (D,) are y (m,).

    Again a mixture, over the D − m coordinates that are missing: of component k the mean is
    μ_h + Σ_hk Σ_kk⁻¹ (y − μ_k), the covariance Σ_hh − Σ_hk Σ_kk⁻¹ Σ_kh, and the weight goes as
    w_k N(y; μ_k, Σ_kk). Raises ValueError where nothing is missing, y has not the length of what
    is known, or a component has no spread in it.
    """
    known = known.to(mixture.means.device)
    if known.all() or y.shape != (int(known.sum()),):
        raise ValueError(
            f"need coordinates missing and {int(known.sum())} values, found {known.tolist()} "
            f"known and values of shape {tuple(y.shape)}"
        )
    covariances = (mixture.axes * mixture.variances[:, None]) @ mixture.axes.mT
    within = covariances[:, known][:, :, known]
    across = covariances[:, known][:, :, ~known]
    root, failed = torch.linalg.cholesky_ex(within)
    if failed.any():
        raise ValueError("a component has no spread in what is known: no density to condition on")
    offsets = torch.linalg.solve_triangular(
        root, (y.to(root) - mixture.means[:, known])[..., None], upper=False
    )
    gain = torch.linalg.solve_triangular(root, across, upper=False)
    means = mixture.means[:, ~known] + (gain.mT @ offsets)[..., 0]
    left = covariances[:, ~known][:, :, ~known] - gain.mT @ gain
    logs = -0.5 * (offsets**2).sum((1, 2)) - root.diagonal(dim1=1, dim2=2).log().sum(1)
    logs = logs + mixture.weights.log()
    # a component that y rules out keeps a weight that is positive
    weights = logs.softmax(0).clamp(min=torch.finfo(logs.dtype).tiny)
    return GaussianMixture(means, left, weights)

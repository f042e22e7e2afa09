"""Exact scores and denoisers: the ground truth that learned ones are held against."""

import math
from collections.abc import Callable

import torch
from torch import Tensor


class GaussianMixture:
    """Σ_k w_k N(μ_k, Σ_k) and what noise makes of it: Σ_k w_k N(μ_k, Σ_k + σ²I).

    means: (K, D). covariances_or_stds: a number or (K,) isotropic standard deviations, (K, D)
    standard deviations per axis, or (K, D, D) covariances; zero spread (point masses) is allowed
    where σ > 0. weights: (K,), positive, normalised here. Computes in the dtype and on the device
    of `means`, float64 where those are integers.
    Raises ValueError on shapes that do not fit or weights that are not positive.
    It is callable as a denoiser: mixture(x, σ) = mixture.denoise(x, σ).
    """

    def __init__(self, means, covariances_or_stds, weights):
        # a tensor stays where it is, whatever the default device
        self.means = means if isinstance(means, Tensor) else torch.as_tensor(means)
        if not self.means.is_floating_point():
            self.means = self.means.double()
        if self.means.ndim != 2:
            raise ValueError(f"means must have shape (K, D), found {tuple(self.means.shape)}")
        components, dim = self.means.shape
        like = {"dtype": self.means.dtype, "device": self.means.device}
        weights = torch.as_tensor(weights, **like)
        if weights.shape != (components,) or not (weights > 0).all():
            raise ValueError(f"need {components} positive weights, found {weights.tolist()}")
        self.weights = weights / weights.sum()
        spread = torch.as_tensor(covariances_or_stds, **like)
        if spread.shape == (components, dim, dim):
            self.variances, self.axes = torch.linalg.eigh(spread)
            self.variances = self.variances.clamp(min=0)
        elif spread.shape in ((), (components,), (components, dim)):
            stds = spread.reshape(-1, 1) if spread.ndim < 2 else spread
            self.variances = stds.expand(components, dim) ** 2
            self.axes = torch.eye(dim, **like).expand(components, dim, dim)
        else:
            raise ValueError(
                f"covariances_or_stds must be a number or have shape ({components},), "
                f"({components}, {dim}) or ({components}, {dim}, {dim}), "
                f"found {tuple(spread.shape)}"
            )

    def _project(self, x: Tensor, sigma: Tensor | float) -> tuple[Tensor, Tensor, Tensor]:
        """Along each component's axes: offsets (n,K,D), noisy variances (n|1,K,D), log N (n,K)."""
        sigma = torch.as_tensor(sigma, dtype=x.dtype, device=x.device).reshape(-1, 1, 1)
        offsets = torch.einsum("nkd,kde->nke", x[:, None] - self.means, self.axes)
        variances = self.variances + sigma**2
        logs = -0.5 * (offsets**2 / variances + (2 * math.pi * variances).log()).sum(-1)
        return offsets, variances, logs + self.weights.log()

    def _along_axes(self, shares: Tensor, values: Tensor) -> Tensor:
        return torch.einsum("nk,nke,kde->nd", shares, values, self.axes)

    def log_prob(self, x: Tensor, sigma: Tensor | float = 0.0) -> Tensor:
        """log p_σ(x) = log Σ_k w_k N(x; μ_k, Σ_k + σ²I), by logsumexp; returns (n,).

        x (n, D), sigma >= 0 a number or (n,).
        """
        return self._project(x, sigma)[2].logsumexp(dim=1)

    def responsibilities(self, x: Tensor, sigma: Tensor | float = 0.0) -> Tensor:
        """p(component k | x) under noise σ; returns (n, K)."""
        return self._project(x, sigma)[2].softmax(dim=1)

    def score(self, x: Tensor, sigma: Tensor | float = 0.0) -> Tensor:
        """∇ log p_σ(x) = Σ_k r_k (Σ_k+σ²I)⁻¹(μ_k − x); returns (n, D)."""
        offsets, variances, logs = self._project(x, sigma)
        return self._along_axes(logs.softmax(dim=1), -offsets / variances)

    def denoise(self, x: Tensor, sigma: Tensor | float) -> Tensor:
        """E[x₀ | x] = Σ_k r_k (μ_k + Σ_k(Σ_k+σ²I)⁻¹(x − μ_k)); returns (n, D)."""
        offsets, variances, logs = self._project(x, sigma)
        shares = logs.softmax(dim=1)
        return shares @ self.means + self._along_axes(shares, self.variances / variances * offsets)

    __call__ = denoise

    def sample(
        self, n: int, sigma: float = 0.0, generator: torch.Generator | None = None
    ) -> Tensor:
        """n draws from p_σ, shape (n, D), in the dtype and on the device of `means`.

        The random numbers are drawn on the generator's device, so that its seed fixes them.
        """
        means = self.means
        device = means.device if generator is None else generator.device
        weights = self.weights.to(device)
        component = torch.multinomial(weights, n, replacement=True, generator=generator)
        z = torch.randn(n, means.shape[1], generator=generator, dtype=means.dtype, device=device)
        component, z = component.to(means.device), z.to(means.device)
        stds = (self.variances + sigma**2).sqrt()[component]
        return means[component] + torch.einsum("nde,ne->nd", self.axes[component], stds * z)


def empirical_denoiser(data: Tensor) -> Callable[[Tensor, Tensor | float], Tensor]:
    """The exact denoiser of a finite data set: the mean of data, weighted softmax(−‖x−x_i‖²/2σ²).

    data has shape (n, ...), σ > 0 is a number or one per row of x (m, ...); memory is m·n·D. As
    σ → 0 it answers with the nearest point, as σ → ∞ with the mean. It is E[x₀ | x₀ + σz = x] of
    the points as an equal mixture (arXiv 2206.00364, appendix B.3).
    """
    flat = data.flatten(1)

    def denoise(x: Tensor, sigma: Tensor | float) -> Tensor:
        sigma = torch.as_tensor(sigma, dtype=x.dtype, device=x.device).reshape(-1, 1)
        squared = (x.flatten(1)[:, None] - flat).square().sum(dim=2)
        return ((-squared / (2 * sigma**2)).softmax(dim=1) @ flat).reshape(x.shape)

    return denoise

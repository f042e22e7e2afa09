"""What a training step minimises: data points in, one loss per sample out, by model family."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from scoreladder import densities, generative, greys, objectives, seeds
from scoreladder.denoiser import Denoiser
from scoreladder.weighting import Weighting, weighting

# how many values are looked at in one go for the scale of a loss
PIECE_VALUES = 2**20


class Silence(nn.Module):
    """A network as all of them are before training: it answers 0."""

    def forward(self, x: Tensor, c_noise: Tensor) -> Tensor:
        """x (n, ...) → 0, of its shape."""
        return torch.zeros_like(x)


@dataclass
class ScoreTask:
    """A denoiser learns from noisy data: σ ~ p(σ), x = x₀ + σz, weighted by λ(σ).

    `objective` is a name of objectives.OBJECTIVES; raises ValueError where it is none.
    """

    model: Denoiser
    objective: str
    density: densities.Density
    weighting: Weighting
    bin_width: float = 0.0

    def __post_init__(self) -> None:
        self._objective = objectives.objective(self.objective)

    def noise(self, x0: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Standard normal z of the shape, dtype and device of x0 (n, ...), and σ ~ p(σ), (n,)."""
        # noise before σ: variants that share a seed see the same images and the same noise
        z = torch.randn(x0.shape, generator=generator, dtype=x0.dtype, device=x0.device)
        return z, self.density.sample(len(x0), generator)

    def losses(self, x0: Tensor, generator: torch.Generator) -> Tensor:
        """Weighted losses (n,) of x0 (n, ...) under fresh noise, unbiased for uniform levels.

        Importance sampling learns from the losses before they are corrected for it.
        """
        z, sigma = self.noise(x0, generator)
        each = self._objective(self.model, x0, sigma, z, self.weighting, generator)
        if not isinstance(self.density, densities.ImportanceByLoss):
            return each
        correction = self.density.correction(sigma)
        self.density.update(sigma, each.detach())
        return correction * each

    @torch.no_grad()
    def scale(self, data: Tensor, seed: int, draws: int = 4096) -> float:
        """E_p(σ)[λ(σ)·DSM loss] before training, when the network answers 0, on data (n, ...).

        Whatever the objective: divided by it, the DSM loss starts at 1, and the others differ from
        it by a constant. data are values or grey levels.
        """
        generator = seeds.generator("loss scale", seed, device=data.device)
        rows, each = max(1, PIECE_VALUES // data[0].numel()), []
        network, self.model.network = self.model.network, Silence()
        try:
            for start in range(0, draws, rows):
                x0 = batch(data, min(rows, draws - start), generator, self.bin_width)
                z, sigma = self.noise(x0, generator)
                each.append(
                    objectives.denoising_score_matching(self.model, x0, sigma, z, self.weighting)
                )
        finally:
            self.model.network = network
        return float(torch.cat(each).mean())

    def state(self) -> dict[str, Tensor]:
        """What changes as training goes on, beside the model: what importance sampling learned."""
        sampled = isinstance(self.density, densities.ImportanceByLoss)
        return self.density.state() if sampled else {}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go back to a `state`."""
        if state:
            self.density.restore(state)


@dataclass
class DirectTask:
    """A model with a loss of its own; one with a density sees discrete data dequantised."""

    model: generative.Direct
    bin_width: float

    def losses(self, x0: Tensor, generator: torch.Generator) -> Tensor:
        """The model's losses (n,) of x0 (n, ...)."""
        if self.bin_width and hasattr(self.model, "log_prob"):
            x0 = generative.dequantise(x0, self.bin_width, generator)
        return self.model.loss(x0, generator)

    def scale(self, data: Tensor, seed: int) -> float:
        """1: these losses may be negative, and are of order 1 as they are."""
        return 1.0

    def state(self) -> dict[str, Tensor]:
        """Nothing changes but the model."""
        return {}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Nothing to go back to."""


Task = ScoreTask | DirectTask


def batch(data: Tensor, n: int, generator: torch.Generator, bin_width: float = 0.0) -> Tensor:
    """n points drawn with replacement, (n, ...), as values; data may be grey levels."""
    index = torch.randint(len(data), (n,), generator=generator, device=data.device)
    return greys.values(data[index], bin_width)


def task(spec: dict, model: Denoiser | generative.Direct, bin_width: float) -> Task:
    """The task of a variant's blocks for a model, on its device and in its dtype.

    spec holds density, objective and weighting, the last as `weighting.weighting` takes it; for a
    direct model, nothing. bin_width is the gap between the values of discrete data. Raises
    ValueError on an unknown objective and as `densities.density` and `weighting.weighting` do.
    """
    if not isinstance(model, Denoiser):
        return DirectTask(model, bin_width)
    return ScoreTask(
        model,
        spec["objective"],
        densities.density(spec["density"], model.sigmas.to(next(model.parameters()))),
        weighting(spec["weighting"], model.sigma_data),
        bin_width,
    )

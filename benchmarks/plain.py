"""Training loops as one writes them in a script, of the same networks and losses as ours.

All make the steps of `training.step` in its order, by the same formulae: a batch, noise, σ of a
ladder, λ = σ², backward, a clipped gradient, Adam and an average of the weights.
"""

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state

from scoreladder import losses, seeds, training


def loop(run: training.Run, data: Tensor) -> Callable[[], None]:
    """One step after another of a copy of a run's model, on data (n, ...) as values."""
    model, average = copy.deepcopy(run.model), copy.deepcopy(run.ema)
    settings, ladder = run.spec["training"], run.model.sigmas.float()
    optimizer = torch.optim.Adam(model.parameters(), lr=settings["learning_rate"], fused=True)
    batch = settings["batch_size"]
    keep = 0.5 ** (batch / settings["ema_halflife"])

    def step() -> None:
        x0 = data[torch.randint(len(data), (batch,))]
        z, sigma = torch.randn_like(x0), ladder[torch.randint(len(ladder), (batch,))]
        noisy = x0 + sigma.reshape(-1, *[1] * (x0.ndim - 1)) * z
        error = (model(noisy, sigma) - x0).flatten(1).square().sum(dim=1)
        optimizer.zero_grad()
        (error / sigma**2).mean().backward()
        nn.utils.clip_grad_norm_(model.parameters(), settings["gradient_clip"])
        optimizer.step()
        with torch.no_grad():
            averages = list(average.parameters())
            torch._foreach_lerp_(averages, list(model.parameters()), 1 - keep)

    return step


class Stacked:
    """Several runs of unlike seeds as one network whose weights have a further dimension.

    Each seed has the batches, the noise and so, but for rounding, the weights that `training.step`
    gives it.
    """

    def __init__(self, runs: list[training.Run]):
        self.runs, self.images = runs, 0
        self.base = copy.deepcopy(runs[0].model)
        stacked, self.buffers = stack_module_state([run.model for run in runs])
        self.weights = {name: value.detach().requires_grad_() for name, value in stacked.items()}
        self.average = [value.detach().clone() for value in self.weights.values()]
        self.optimizer = torch.optim.Adam(self.weights.values(), fused=True)

    def draw(self) -> tuple[Tensor, Tensor, Tensor]:
        """Batches, their noise and its σ, of every seed."""
        drawn = []
        for run in self.runs:
            generator = seeds.generator("train", run.seed, self.images)
            batch = run.spec["training"]["batch_size"]
            x0 = losses.batch(run.data, batch, generator, run.task.bin_width)
            drawn.append((x0, *run.task.noise(x0, generator)))
        return tuple(torch.stack(each) for each in zip(*drawn, strict=True))

    def step(self) -> None:
        """One step of every seed."""
        settings = self.runs[0].spec["training"]
        scales = torch.tensor([run.loss_scale for run in self.runs])
        x0, z, sigma = self.draw()
        sigma = sigma.to(x0)

        def losses_of(weights, buffers, x0, z, sigma) -> Tensor:
            noisy = x0 + sigma.reshape(-1, *[1] * (x0.ndim - 1)) * z
            found = functional_call(self.base, (weights, buffers), (noisy, sigma))
            return ((found - x0).flatten(1).square().sum(dim=1) / sigma**2).mean()

        each = torch.vmap(losses_of)(self.weights, self.buffers, x0, z, sigma) / scales
        self.optimizer.zero_grad()
        each.sum().backward()
        self._clip(settings["gradient_clip"])
        rate = training.learning_rate(settings, self.images)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        self.images += settings["batch_size"]
        half_life = min(settings["ema_halflife"], 0.05 * self.images)
        with torch.no_grad():
            part = 1 - 0.5 ** (settings["batch_size"] / half_life)
            torch._foreach_lerp_(self.average, list(self.weights.values()), part)

    def _clip(self, largest: float) -> None:
        """Clip every seed's gradient to a norm of its own."""
        gradients = [value.grad for value in self.weights.values()]
        squares = sum(gradient.flatten(1).square().sum(dim=1) for gradient in gradients)
        factor = (largest / (squares.sqrt() + 1e-6)).clamp(max=1)
        for gradient in gradients:
            gradient *= factor.reshape(-1, *[1] * (gradient.ndim - 1))

    @torch.no_grad()
    def gap(self, index: int) -> float:
        """The largest difference of a run's weights from those here, over the largest weight."""
        own = dict(self.runs[index].model.named_parameters())
        pairs = [(own[name], value[index]) for name, value in self.weights.items()]
        largest = max(float(one.abs().max()) for one, _ in pairs)
        return max(float((one - other).abs().max()) for one, other in pairs) / largest

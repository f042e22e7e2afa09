"""What samplers share: states that end in a sample, descending ladders, counted evaluations."""

import functools
import inspect
import math
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from scoreladder.denoiser import at, score, score_at

Denoise = Callable[..., Tensor]
States = Callable[..., Iterator[Tensor]]

# name → (denoiser, x, sigmas, config block, relative step size, generator) → states
SAMPLERS: dict[str, States] = {}


class CountCalls:
    """A denoiser that counts its evaluations: `calls` is the NFE really spent.

    One of x̂₀ and one of the score count alike: each is one pass of the network.
    """

    def __init__(self, denoiser: Denoise):
        self.denoiser = denoiser
        self.calls = 0

    def __call__(self, x: Tensor, sigma: Tensor | float) -> Tensor:
        self._ask(sigma)
        return self.denoiser(x, sigma)

    def score(self, x: Tensor, sigma: Tensor | float) -> Tensor:
        """The score, the shape of x, as `denoiser.score` has it of the denoiser within."""
        self._ask(sigma)
        return score(self.denoiser, x, sigma)

    def at(self, sigmas: Sequence[float]) -> list[Callable[[Tensor], Tensor]]:
        """The denoiser at some levels, as `denoiser.at` has it; each call of one counts."""
        return list(map(self._asked, at(self.denoiser, sigmas), sigmas))

    def score_at(self, sigmas: Sequence[float]) -> list[Callable[[Tensor], Tensor]]:
        """The score at some levels, as `denoiser.score_at` has it; each call of one counts."""
        return list(map(self._asked, score_at(self.denoiser, sigmas), sigmas))

    def _ask(self, sigma: Tensor | float) -> None:
        self.calls += 1

    def _asked(self, known: Callable[[Tensor], Tensor], sigma: float) -> Callable[[Tensor], Tensor]:
        def asked(x: Tensor) -> Tensor:
            self._ask(sigma)
            return known(x)

        return asked


@contextmanager
def layer_passes(model: nn.Module) -> Iterator[Counter[nn.Module]]:
    """While it is entered, how often each layer of `model` that has weights is evaluated.

    Layers that are not are not in the count, so its mean is the passes through the network that was
    really used: one for the decoder of a VAE or the generator of a GAN, one per dimension for an
    autoregressive flow.
    """
    passes: Counter[nn.Module] = Counter()
    hooks = [
        module.register_forward_hook(lambda layer, *_: passes.update([layer]))
        for module in model.modules()
        if any(True for _ in module.parameters(recurse=False))
    ]
    try:
        yield passes
    finally:
        for hook in hooks:
            hook.remove()


def sampler(states: States) -> Callable[..., Tensor]:
    """Turn a generator of states into a function that returns the last of them.

    The generator stays at hand as the function's attribute `states`, with the same arguments, for
    callers that show progress or keep trajectories; what it refuses, it refuses when the first
    state is asked for. Neither records gradients; between two states the caller's own gradient
    mode holds.
    """
    states = torch.no_grad()(states)

    @functools.wraps(states)
    def last_state(*args, **kwargs) -> Tensor:
        return deque(states(*args, **kwargs), maxlen=1).pop()

    last_state.__signature__ = inspect.signature(states).replace(return_annotation=Tensor)
    last_state.states = states
    return last_state


def one_pass(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Enter a sampler without a step size into SAMPLERS, by its name.

    Those of its arguments that are keys of the config block are its options.
    """
    options = inspect.signature(function).parameters

    def from_block(
        denoiser: Denoise,
        x: Tensor,
        sigmas: Tensor,
        sample: dict,
        relative_step_size: float | None,
        generator: torch.Generator,
    ) -> Iterator[Tensor]:
        chosen = {key: value for key, value in sample.items() if key in options}
        return function.states(denoiser, x, sigmas, generator=generator, **chosen)

    SAMPLERS[function.__name__] = from_block
    return function


def levels(sigmas: Tensor) -> list[float]:
    """The noise levels of a ladder, shape (L,), as numbers, largest first.

    Raises ValueError unless L >= 1 and inf > σ_1 > … > σ_L > 0; the step to 0 is the sampler's own.
    """
    found = torch.as_tensor(sigmas, dtype=torch.float64, device="cpu")
    ends = torch.cat([torch.tensor([math.inf]), found.flatten(), torch.zeros(1)])
    if found.ndim != 1 or not len(found) or not (ends.diff() < 0).all():
        raise ValueError(f"need sigmas (L,), descending and all > 0, found {found.tolist()}")
    return found.tolist()


def descent(
    denoiser: Denoise, sigmas: Tensor, ask: Callable[..., list] = at
) -> Iterator[tuple[float, float, Callable[[Tensor], Tensor]]]:
    """(σ, the next σ', what is asked at σ) for each step down a ladder (L,), the last to σ' = 0.

    What is asked is x → x̂₀ by default, and x → score where `ask` is `score_at`. Raises ValueError
    as `levels` does.
    """
    ladder = levels(sigmas)
    return zip(ladder, [*ladder[1:], 0.0], ask(denoiser, ladder), strict=True)


def standard_normal(x: Tensor, generator: torch.Generator | None) -> Tensor:
    """z ~ N(0, I) in the shape, dtype and on the device of x."""
    return torch.randn(x.shape, generator=generator, dtype=x.dtype, device=x.device)

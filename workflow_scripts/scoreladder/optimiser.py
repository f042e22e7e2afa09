"""Adam (arXiv 1412.6980), its state as plain tensors by parameter name."""

import torch
from torch import Tensor, nn
from torch.optim.adam import adam

Moments = dict[str, dict[str, Tensor]]


def fresh_moments(model: nn.Module) -> Moments:
    """Adam's state before its first step: per parameter the two moments and the step count.

    The moments have the shape, dtype and device of their parameter; the counts are numbers.
    """
    named = dict(model.named_parameters())
    zeros = {name: torch.zeros_like(parameter) for name, parameter in named.items()}
    return {
        "first": zeros,
        "second": {name: zero.clone() for name, zero in zeros.items()},
        "steps": {name: torch.zeros((), device=zero.device) for name, zero in zeros.items()},
    }


@torch.no_grad()
def adam_step(model: nn.Module, moments: Moments, rate: float) -> None:
    """One step of Adam (arXiv 1412.6980, algorithm 1) with the gradients that the model has now.

    θ ← θ − rate·m̂/(√v̂ + 1e-8), the moments of β = (0.9, 0.999), all in place; rate > 0. Every
    parameter needs a gradient. `moments` are those of `fresh_moments` of the same model.
    """
    parameters = list(model.parameters())
    # torch's own kernel; its Optimizer classes would import the compiler, seconds in every job
    adam(
        parameters,
        [parameter.grad for parameter in parameters],
        list(moments["first"].values()),
        list(moments["second"].values()),
        [],
        list(moments["steps"].values()),
        fused=True,
        amsgrad=False,
        beta1=0.9,
        beta2=0.999,
        lr=rate,
        weight_decay=0.0,
        eps=1e-8,
        maximize=False,
    )

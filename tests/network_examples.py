"""What tests of networks tell them, and networks without zeros."""

import torch

LEVELS = 5


def told(conditioning, n):
    """What a denoiser tells a network of n noise levels."""
    return torch.arange(n) % LEVELS if conditioning == "index" else torch.linspace(-1, 1, n)


def filled(module, scale=0.3, seed=0):
    """The module with no weight left at zero: `scale` times normal numbers are added to each."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += scale * torch.randn(parameter.shape, generator=generator)
    return module

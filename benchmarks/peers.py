"""Other programs' training loops, on networks of about as many parameters as ours.

Each is what the program's own example does in a step, without its logging and its files, on a batch
that lies ready. A Step makes one step of the optimiser; `parameters` are those of its network.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import NamedTuple

import torch
from torch import Tensor, nn

from scoreladder.vision import import_torchvision

STEPS = 1000


class Peer(NamedTuple):
    """A step of training, and how many parameters it trains."""

    step: Callable[[], object]
    parameters: int


def size(network: nn.Module) -> int:
    """How many parameters a network has."""
    return sum(parameter.numel() for parameter in network.parameters())


def nearest(build: Callable[[int], nn.Module], widths: Iterable[int], wanted: int) -> int:
    """The width at which the network that is built has the number of parameters nearest to it."""

    def gap(width: int) -> int:
        with torch.device("meta"):
            return abs(size(build(width)) - wanted)

    return min(widths, key=gap)


def import_diffusers():
    """The diffusers package, beside any torchvision."""
    with suppress(ModuleNotFoundError):
        import_torchvision()
    import diffusers

    return diffusers


def diffusers_unet(width: int, side: int, blocks: int) -> nn.Module:
    """diffusers' UNet2DModel laid out as ours: attention on grids of 16 and below, RGB.

    Grids of `side` 32, 16 and 8, with `blocks` layers each.
    """
    return import_diffusers().UNet2DModel(
        sample_size=side,
        layers_per_block=blocks,
        block_out_channels=(width, 2 * width, 2 * width),
        down_block_types=("DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"),
    )


def diffusers_loop(images: Tensor, blocks: int, wanted: int, autocast=None) -> Peer:
    """The step of diffusers' unconditional training example, with its averaging of weights.

    images (n, 3, H, H) in [−1, 1] are the batch; autocast: a dtype for the network, or None.
    """
    diffusers = import_diffusers()
    from diffusers.optimization import get_scheduler
    from diffusers.training_utils import EMAModel

    side, device = images.shape[-1], images.device
    width = nearest(lambda width: diffusers_unet(width, side, blocks), range(32, 193, 32), wanted)
    model = diffusers_unet(width, side, blocks).to(device).train()
    average = EMAModel(
        model.parameters(), decay=0.9999, use_ema_warmup=True, inv_gamma=1.0, power=0.75
    )
    average.to(device)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=1e-4, betas=(0.95, 0.999), weight_decay=1e-6, eps=1e-8
    )
    rate = get_scheduler("cosine", optimizer, num_warmup_steps=500, num_training_steps=10**6)
    noise_scheduler = diffusers.DDPMScheduler(num_train_timesteps=STEPS)

    def step() -> None:
        noise = torch.randn_like(images)
        times = torch.randint(STEPS, (len(images),), device=device)
        noisy = noise_scheduler.add_noise(images, noise, times)
        with torch.autocast(device.type, autocast, enabled=autocast is not None):
            answer = model(noisy, times).sample
        loss = nn.functional.mse_loss(answer.float(), noise)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        rate.step()
        optimizer.zero_grad()
        average.step(model.parameters())

    return Peer(step, size(model))


def lucidrains_loop(images: Tensor, wanted: int) -> Peer:
    """The step of denoising-diffusion-pytorch's Trainer, without accelerate around it.

    images (n, 3, H, H) in [−1, 1] are the batch. Raises ImportError where it is not installed.
    """
    with suppress(ModuleNotFoundError):
        import_torchvision()
    from denoising_diffusion_pytorch import GaussianDiffusion, Unet
    from ema_pytorch import EMA

    def build(width: int) -> nn.Module:
        return Unet(dim=width, dim_mults=(1, 2, 2))

    width = nearest(build, range(32, 193, 8), wanted)
    diffusion = GaussianDiffusion(build(width), image_size=images.shape[-1], timesteps=STEPS)
    diffusion.to(images.device).train()
    optimizer = torch.optim.Adam(diffusion.parameters(), lr=1e-4, betas=(0.9, 0.99))
    average = EMA(diffusion, beta=0.995, update_every=10)
    pictures = (images + 1) / 2

    def step() -> None:
        diffusion(pictures).backward()
        nn.utils.clip_grad_norm_(diffusion.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        average.update()

    return Peer(step, size(diffusion.model))

"""Small variants, data and trainings that several test files share."""

import torch

from scoreladder import training

SPREAD = 0.7
LADDER = {"kind": "geometric", "sigma_max": 2.0, "sigma_min": 0.2, "levels": 4}
MLP = {"kind": "mlp", "width": 16, "blocks": 1}
VAE = {"kind": "vae", "width": 16, "blocks": 1, "latent": 2}
GAN = {"kind": "gan", "width": 16, "blocks": 1, "latent": 2}
FLOW = {"kind": "flow", "width": 16, "transforms": 2, "blocks": 1}
DIRECT = dict.fromkeys(["noise", "weighting", "density", "objective", "denoiser"])


def spec(noise=LADDER, weighting="sigma2", parameterization="score_over_sigma", **changes):
    """A variant's blocks; `changes` are those of its training."""
    defaults = {
        "images": 3010,
        "batch_size": 20,
        "learning_rate": 0.01,
        "schedule": "cosine",
        "warmup_images": 100,
        "ema_halflife": 500,
        "gradient_clip": 1.0,
    }
    return {
        "noise": noise,
        "weighting": {"kind": weighting},
        "density": {"kind": "ladder"},
        "objective": "dsm",
        "denoiser": parameterization,
        "network": MLP,
        "training": defaults | changes,
    }


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def data(n=1000):
    """n draws from N(0, SPREAD²)."""
    return SPREAD * torch.randn(n, 1, generator=generator())


def plane(n=1000):
    """Two clusters of points in the plane, 0.75 of them at (1, 1)."""
    drawn = generator()
    heavy = torch.rand(n, 1, generator=drawn) < 0.75
    return torch.where(heavy, 1.0, -1.0) + 0.2 * torch.randn(n, 2, generator=drawn)


def train(run):
    """The run, trained to the end of its budget."""
    for _ in training.advance(run):
        pass
    return run


def everything(run):
    """The state of a run as one flat list that == compares bit for bit."""
    tensors = [*run.model.state_dict().values(), *run.ema.state_dict().values()]
    tensors += [value for moment in run.moments.values() for value in moment.values()]
    tensors += run.task.state().values()
    window = [(float(loss), float(norm)) for loss, norm in run.window]
    return [*(tensor.tolist() for tensor in tensors), run.images, run.curve, window]

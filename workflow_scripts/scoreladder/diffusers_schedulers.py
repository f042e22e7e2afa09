"""Schedulers of Hugging Face diffusers for the samplers here, set to the levels of any ladder.

A scheduler of diffusers takes the steps where one is a sampler's equal: Euler for DDIM, Euler
ancestral for ancestral sampling, Heun, DPM-Solver++(2M). Langevin dynamics has its own.
"""

import math
from collections.abc import Sequence

import torch
from diffusers import (
    ConfigMixin,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    HeunDiscreteScheduler,
    SchedulerMixin,
)
from diffusers.configuration_utils import register_to_config
from diffusers.schedulers.scheduling_utils import SchedulerOutput
from diffusers.utils.torch_utils import randn_tensor
from torch import Tensor

from scoreladder.blocks import LANGEVIN
from scoreladder.samplers.registry import steps_per_level

# whose steps are those of a sampler here, told x̂₀ and the ladder's levels in place of their own
SCHEDULERS = (
    EulerDiscreteScheduler,
    EulerAncestralDiscreteScheduler,
    HeunDiscreteScheduler,
    DPMSolverMultistepScheduler,
)


# diffusers looks for SchedulerMixin beside a class that it loads, under this name
class AnnealedLangevinScheduler(SchedulerMixin, ConfigMixin):
    """Annealed Langevin dynamics (arXiv 1907.05600, algorithm 1) of a model that predicts x̂₀.

    A step at level σ is x ← x + η (x̂₀ − x) + √(2η) σ z, η = relative_step_size = α/σ²; with
    `denoise` the last one gives x̂₀ at the smallest level. nfe steps in all, shared out over the
    levels as `sampling.steps_per_level` does. At one level it is plain Langevin dynamics.
    """

    order = 1

    @register_to_config
    def __init__(self, nfe: int, relative_step_size: float, denoise: bool = True):
        self.sigmas, self.timesteps = torch.zeros(0), torch.zeros(0)

    def set_timesteps(self, sigmas: Sequence[float]) -> None:
        """Set the levels, descending; timesteps count the steps, sigmas are the level of each.

        Raises JobFailed where nfe is not a step for each level.
        """
        steps = steps_per_level(self.config.nfe, len(sigmas), self.config.denoise)
        each = torch.tensor(sigmas, dtype=torch.float64).repeat_interleave(torch.tensor(steps))
        self.sigmas = torch.cat([each, each[-1:]]) if self.config.denoise else each
        self.timesteps = torch.arange(len(self.sigmas))

    def scale_model_input(self, sample: Tensor, timestep: Tensor | int) -> Tensor:
        """The sample: a denoiser scales its input itself."""
        return sample

    def step(
        self,
        model_output: Tensor,
        timestep: Tensor | int,
        sample: Tensor,
        generator: torch.Generator | list[torch.Generator] | None = None,
        return_dict: bool = True,
    ) -> SchedulerOutput | tuple[Tensor]:
        """The state after `sample` (n, ...), of which the model said x̂₀ = model_output."""
        after, size = model_output, self.config.relative_step_size
        if not (self.config.denoise and timestep == len(self.sigmas) - 1):
            z = randn_tensor(sample.shape, generator, sample.device, sample.dtype)
            noise = math.sqrt(2 * size) * float(self.sigmas[timestep]) * z
            after = sample + size * (model_output - sample) + noise
        return SchedulerOutput(prev_sample=after) if return_dict else (after,)


def set_levels(scheduler: SchedulerMixin, ladder: Sequence[float]) -> None:
    """Set a scheduler to go down a ladder σ_1 > … > σ_L, and from there to 0 or x̂₀.

    Raises ValueError on one that is neither of SCHEDULERS nor the one here.
    """
    if isinstance(scheduler, AnnealedLangevinScheduler):
        scheduler.set_timesteps(ladder)
        return
    if not isinstance(scheduler, SCHEDULERS):
        allowed = ", ".join(each.__name__ for each in (*SCHEDULERS, AnnealedLangevinScheduler))
        raise ValueError(f"scheduler: found {type(scheduler).__name__}; one of: {allowed}")
    scheduler.set_timesteps(len(ladder))
    levels = torch.tensor([*ladder, 0.0])
    if isinstance(scheduler, HeunDiscreteScheduler):
        levels = torch.cat([levels[:1], levels[1:-1].repeat_interleave(2), levels[-1:]])
    # not all of them can be told levels, and those that follow from their β are rounded
    scheduler.sigmas = levels
    # so that they count steps themselves, and look up no timestep
    scheduler.set_begin_index(0)


def scheduler_of(drawn: dict) -> SchedulerMixin:
    """The scheduler whose steps are those of an export's `sampling` block.

    Raises ValueError where diffusers has none.
    """
    sample, size = drawn["sample"], drawn["relative_step_size"]
    name = sample["sampler"]
    if name in LANGEVIN:
        return AnnealedLangevinScheduler(sample["nfe"], size, sample["denoise"])
    if name == "ddim" and sample["eta"] == 0:
        return EulerDiscreteScheduler(prediction_type="sample")
    if name == "ancestral" or (name == "ddim" and sample["eta"] == 1):
        # it knows no x̂₀
        return EulerAncestralDiscreteScheduler(prediction_type="epsilon")
    if name == "heun" and sample["churn"] == 0:
        return HeunDiscreteScheduler(prediction_type="sample")
    if name == "dpmpp_2m":
        return DPMSolverMultistepScheduler(prediction_type="sample")
    raise ValueError(
        f"sampler: found {name} with settings of which diffusers has no scheduler; "
        "langevin, annealed_langevin, ddim (eta 0 or 1), ancestral, heun (churn 0) or dpmpp_2m"
    )

"""Exported score models as pipelines of Hugging Face diffusers.

The denoiser is asked in variance-exploding coordinates, x = x₀ + σz, at the levels of the ladder
that the workflow sampled through, and a scheduler of `diffusers_schedulers` takes the steps.
"""

import inspect
import math
from contextlib import suppress
from pathlib import Path

import torch
from torch import Tensor

from scoreladder import denoiser, sampling, sharing, storage
from scoreladder.diffusers_schedulers import (
    AnnealedLangevinScheduler,
    DPMSolverMultistepScheduler,
    SchedulerMixin,
    scheduler_of,
    set_levels,
)
from scoreladder.parameterizations import convert
from scoreladder.vision import import_torchvision

# diffusers imports torchvision where there is one, and uses nothing of it here
with suppress(ModuleNotFoundError):
    import_torchvision()

from diffusers import ConfigMixin, DiffusionPipeline, ImagePipelineOutput, ModelMixin
from diffusers.configuration_utils import register_to_config
from diffusers.image_processor import VaeImageProcessor
from diffusers.models.unets.unet_2d import UNet2DOutput
from diffusers.utils.torch_utils import randn_tensor

__all__ = ["AnnealedLangevinScheduler", "ScoreModel", "ScorePipeline", "from_export"]

# diffusers' names of what a model predicts, by those of `parameterizations.convert`
PREDICTED = {"sample": "x0", "epsilon": "epsilon", "v_prediction": "v"}


# diffusers looks for ModelMixin beside a class that it loads, under this name
class ScoreModel(ModelMixin, ConfigMixin):
    """A score model as diffusers has models: built from its description, saved with its config."""

    @register_to_config
    def __init__(self, description: dict):
        super().__init__()
        self.model = denoiser.build(description)

    def forward(
        self, sample: Tensor, sigma: Tensor | float, return_dict: bool = True
    ) -> UNet2DOutput | tuple[Tensor]:
        """x̂₀ of sample (n, *shape) with noise sigma, a number or (n,), in VE coordinates."""
        x0 = self.model(sample, sigma)
        return UNet2DOutput(sample=x0) if return_dict else (x0,)


class ScorePipeline(DiffusionPipeline):
    """Unconditional samples of a score model by a scheduler, down a ladder of noise levels.

    ladder: σ_1 > … > σ_L > 0, left out: that of the model's training. start_std: chains start from
    N(0, start_std² I), left out: from the Gaussian nearest to the model's noisy data at σ_1.
    """

    def __init__(
        self,
        denoiser: ScoreModel,
        scheduler: SchedulerMixin,
        ladder: list[float] | None = None,
        start_std: float | None = None,
    ):
        super().__init__()
        self.register_modules(denoiser=denoiser, scheduler=scheduler)
        self.register_to_config(ladder=ladder, start_std=start_std)
        self.image_processor = VaeImageProcessor(vae_scale_factor=1)

    @torch.no_grad()
    def __call__(
        self,
        batch_size: int = 1,
        generator: torch.Generator | list[torch.Generator] | None = None,
        latents: Tensor | None = None,
        output_type: str = "pil",
        return_dict: bool = True,
    ) -> ImagePipelineOutput | tuple:
        """Samples, in `.images`, as output_type says.

        pil: images; np (n, H, W, C) and pt (n, C, H, W): in [0, 1]; latent: the sampler's last
        state, (n, *shape). Points have no pil, and are the last state in all others. latents
        (batch_size, *shape) are standard normal numbers to start from. With a generator that
        `seeds.generator("sample", seed, sample_seed, block)` made, these are a block of the
        workflow's samples. Raises ValueError on latents of another shape, pil of points, or a
        scheduler that has no equal here.
        """
        model = self.denoiser.model
        if output_type == "pil" and len(model.shape) != 3:
            raise ValueError(f"output_type: found pil of points of shape {model.shape}; np or pt")
        asked = (batch_size, *model.shape)
        if latents is None:
            latents = randn_tensor(asked, generator, self._execution_device, self.denoiser.dtype)
        if latents.shape != asked:
            raise ValueError(f"latents: found {tuple(latents.shape)}; {asked}")
        x = self._walk(latents.to(self._execution_device, self.denoiser.dtype), generator)
        self.maybe_free_model_hooks()
        if len(model.shape) == 3:
            images = self.image_processor.postprocess(x, output_type)
        else:
            images = x.cpu().numpy() if output_type == "np" else x
        return ImagePipelineOutput(images=images) if return_dict else (images,)

    def _walk(self, latents: Tensor, generator) -> Tensor:
        """The scheduler's last state, in VE coordinates, from standard normal numbers."""
        model, scheduler = self.denoiser.model, self.scheduler
        ladder = self.config.ladder or model.sigmas.tolist()
        set_levels(scheduler, ladder)
        mean, std = sampling.start_of({"start_std": self.config.start_std}, model, ladder[0])
        x = mean + std * latents
        takes_noise = "generator" in inspect.signature(scheduler.step).parameters
        options = {"generator": generator} if takes_noise else {}
        predicts = PREDICTED[scheduler.config.get("prediction_type", "sample")]
        # DPM-Solver's states are variance-preserving: x/√(1+σ²)
        preserving = isinstance(scheduler, DPMSolverMultistepScheduler)
        levels = [*scheduler.sigmas.tolist(), 0.0]
        for index, t in enumerate(self.progress_bar(scheduler.timesteps)):
            sigma, following = levels[index : index + 2]
            answer = convert(self.denoiser(x, sigma).sample, x, sigma, "x0", predicts)
            state = x / math.hypot(1, sigma) if preserving else x
            # asked for, but not used: a denoiser scales its input itself
            scheduler.scale_model_input(state, t)
            state = scheduler.step(answer, t, state, **options).prev_sample
            x = state * math.hypot(1, following) if preserving else state
        return x


def from_export(folder: Path | str) -> ScorePipeline:
    """The pipeline of an exported folder, on the CPU; `.save_pretrained` writes it.

    Raises ValueError where the model's family has no denoiser, or diffusers not its sampler, and as
    `sharing.settings` and `storage.read` do.
    """
    told, (description, tensors) = sharing.settings(folder), storage.read(folder)
    family, drawn = description["family"], told["sampling"]
    if family != "score":
        found = f"{told['experiment']}:{told['variant']}: found a model of family {family}"
        raise ValueError(f"{found}; only score models have a pipeline of diffusers")
    model = ScoreModel(description).eval()
    storage.restored(model.model, tensors, "cpu")
    start_std = drawn["sample"].get("start_std")
    return ScorePipeline(model, scheduler_of(drawn), drawn["sigmas"], start_std)

"""Fill in masked held-out images with a model trained on whole ones, and measure the holes."""

from functools import partial
from pathlib import Path

import numpy as np
import torch

from scoreladder import datasets, denoiser, devices, files, inpainting, sampling, seeds
from scoreladder.errors import JobFailed
from scoreladder.steps import Keep, at_once


def complete(
    network: denoiser.Denoiser,
    images: torch.Tensor,
    known: torch.Tensor,
    sample: dict,
    size: float,
    completions: int,
    key: tuple[int | str, ...],
) -> np.ndarray:
    """`completions` fillings of each image (n, ...), shape (completions, n, ...)."""
    where = images.device
    sigmas = sampling.ladder_of(sample, network)
    observed = images.repeat(completions, *[1] * (images.ndim - 1))
    generator = seeds.generator("inpaint", *key, device=where)
    z = torch.randn(observed.shape, generator=generator, device=where)
    mean, std = sampling.start_of(sample, network, float(sigmas[0]))
    filled = inpainting.replacement_langevin(
        network,
        mean + std * z,
        observed,
        known.to(where),
        sigmas,
        sampling.steps_per_level(sample["nfe"], len(sigmas), denoise=True),
        size * float(sigmas[-1]) ** 2,
        generator,
        seeds.generator("inpaint observations", *key, device=where),
    )
    return filled.reshape(completions, *images.shape).cpu().numpy()


def inpaint(
    data: Path,
    model: Path,
    tuning: Path | None,
    spec: dict,
    device: str,
    path: Path,
    arrays: Path,
    keep: Keep = at_once,
) -> dict:
    """Write the metrics, means over the masks, and the completions for every mask."""
    where = devices.choose(device)
    network = denoiser.load(model, where)
    splits = datasets.read(data)
    truth = splits.values("test", spec["inpaint"]["images"])
    mean = splits.values("train").mean(axis=0)
    size = sampling.relative_step_size(spec["sample"], tuning)
    drawn, measured = {"truth": truth}, []

    def filled(name: str, known: torch.Tensor) -> dict[str, np.ndarray]:
        completions = complete(
            network,
            torch.from_numpy(truth).to(where),
            known,
            spec["sample"],
            size,
            spec["inpaint"]["completions"],
            (spec["seed"], name),
        )
        return {"completions": completions}

    for name in spec["inpaint"]["masks"]:
        known = inpainting.MASKS[name](*truth.shape[-2:])
        drawn[f"known_{name}"] = known.numpy()
        drawn[name] = keep(name, partial(filled, name, known))["completions"]
        if not np.isfinite(drawn[name]).all():
            raise JobFailed(
                f"inpainting the {name} did not stay finite: the relative step size {size:g} is "
                "too large for this model"
            )
        measured.append(inpainting.hole_metrics(drawn[name], truth, known.numpy(), mean))
    with files.atomic_path(arrays) as temporary:
        np.savez(temporary, **drawn)
    names = measured[0]
    means = {name: float(np.mean([each[name] for each in measured])) for name in names}
    by_mask = dict(zip(spec["inpaint"]["masks"], measured, strict=True))
    files.write_json(path, {"metrics": means, "by_mask": by_mask})
    return {"device": devices.describe(where), "dtype": "float32", "relative_step_size": size}


if "snakemake" in globals():
    from adapter import job, optional

    with job(snakemake) as current:
        current.facts |= inpaint(
            Path(snakemake.input.data),
            Path(snakemake.input.model),
            optional(snakemake.input, "tuning"),
            current.spec,
            current.device,
            Path(snakemake.output.metrics),
            Path(snakemake.output.completions),
            current.keep,
        )

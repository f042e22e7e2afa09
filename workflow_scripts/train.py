"""Train one model, going on from where an earlier attempt stopped."""

import time
from pathlib import Path

import torch

from scoreladder import datasets, devices, files, models, progress, training

SAVE_SECONDS = 5.0


def train(
    data: Path, spec: dict, stamp: str, device: str, model: Path, curve: Path, state: Path
) -> dict:
    """Train to the end of the budget and write the averaged model and the learning curve.

    `state` is saved every few seconds, marked with `stamp`. Raises TrainingFailed on divergence.
    """
    where = devices.choose(device)
    images = torch.from_numpy(datasets.read(data).train)
    width = datasets.bin_width(spec["dataset"])
    run = training.start(spec, images, spec["seed"], where, width)
    print(training.load_state(run, state, stamp), flush=True)
    total, batch = spec["training"]["images"], spec["training"]["batch_size"]
    earlier, resumed = run.seconds, run.images
    begun = saved = time.time()
    steps = progress.track(training.advance(run), total, "training", "img", batch, resumed)
    for _ in steps:
        if time.time() - saved > SAVE_SECONDS:
            run.seconds = earlier + time.time() - begun
            training.save_state(run, state, stamp)
            saved = time.time()
    models.save(run.ema, run.description, model)
    files.write_csv(curve, run.curve)
    seconds = time.time() - begun
    return {
        "device": devices.describe(where),
        "dtype": str(images.dtype).removeprefix("torch."),
        "parameters": sum(p.numel() for p in run.model.parameters()),
        "images": run.images,
        "resumed_at": resumed,
        "train_seconds": round(earlier + seconds, 2),
        "images_per_second": (run.images - resumed) / seconds,
        "loss_scale": run.loss_scale,
        "final_loss": run.curve[-1]["loss"],
    }


if "snakemake" in globals():
    from adapter import job

    path = Path(snakemake.output.model)
    state = path.with_name("resume.pt")
    # a job that outlived a killed run may still be at work on the same model
    with files.exclusive(path.with_name("training.lock")), job(snakemake) as current:
        current.facts |= train(
            Path(snakemake.input.data),
            current.spec,
            current.stamp,
            current.device,
            path,
            Path(snakemake.output.curve),
            state,
        )
    # only now, with the manifest written, is the state of no more use
    state.unlink(missing_ok=True)

"""Train one model, going on from where an earlier attempt stopped."""

import time
from collections.abc import Callable
from pathlib import Path

import torch

from scoreladder import datasets, devices, files, models, progress, training
from scoreladder.deadlines import Deadline

SAVE_SECONDS = 5.0


def train(
    data: Path,
    spec: dict,
    stamp: str,
    device: str,
    model: Path,
    curve: Path,
    state: Path,
    deadline: Deadline,
    note: Callable[..., None],
) -> dict:
    """Train to the end of the budget and write the averaged model and the learning curve.

    `state` is saved every few seconds and at the end, marked with `stamp`; note(loss=...) is called
    as the curve grows. Raises TrainingFailed on divergence, and DeadlineReached, with all that was
    done saved, once the deadline has come.
    """
    where = devices.choose(device)
    splits = datasets.read(data)
    images = torch.from_numpy(splits.values("train"))
    run = training.start(spec, images, spec["seed"], where, splits.bin_width)
    print(training.load_state(run, state, stamp), flush=True)
    total, batch = spec["training"]["images"], spec["training"]["batch_size"]
    earlier, resumed = run.seconds, run.images
    begun = saved = time.time()
    steps = progress.track(training.advance(run), total, "training", "img", batch, resumed)
    with deadline.deferred():
        for _ in steps:
            if deadline.reached or run.images == total or time.time() - saved > SAVE_SECONDS:
                run.seconds = earlier + time.time() - begun
                training.save_state(run, state, stamp)
                saved = time.time()
                note(loss=run.curve[-1]["loss"] if run.curve else None)
            if deadline.reached:
                print(f"saved at image {run.images} of {total}")
                break
    models.save(run.ema, run.description, model)
    files.write_csv(curve, run.curve)
    return {
        "device": devices.describe(where),
        "dtype": str(images.dtype).removeprefix("torch."),
        "parameters": sum(p.numel() for p in run.model.parameters()),
        "images": run.images,
        "resumed_at": resumed,
        "train_seconds": round(run.seconds, 2),
        "images_per_second": run.images / run.seconds,
        "loss_scale": run.loss_scale,
        "final_loss": run.curve[-1]["loss"],
    }


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        current.facts |= train(
            Path(snakemake.input.data),
            current.spec,
            current.stamp,
            current.device,
            Path(snakemake.output.model),
            Path(snakemake.output.curve),
            current.resume / "state.pt",
            current.deadline,
            current.note,
        )

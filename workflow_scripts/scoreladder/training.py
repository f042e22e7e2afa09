"""The training loop: a pure function of (config, data, seed), cut anywhere and gone on with."""

import copy
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from scoreladder import gradients, losses, models, parallel, seeds, speed
from scoreladder.errors import JobFailed, TrainingFailed
from scoreladder.files import atomic_path
from scoreladder.optimiser import Moments, adam_step, fresh_moments

RECORDS = 100
DIVERGED = 100.0
# of a loss of order 1; where float16 overflows below, the gradients are at fault
LEAST_SCALE = 1e-3


@dataclass
class Run:
    """All that changes during training, and the constants that follow from config and data.

    `seconds` is the caller's: time spent on this run so far, over all its attempts.
    """

    spec: dict
    seed: int
    data: Tensor
    model: models.Model
    ema: models.Model
    moments: Moments
    description: dict
    task: losses.Task
    loss_scale: float
    scaler: torch.amp.GradScaler
    images: int = 0
    seconds: float = 0.0
    window: list[tuple[float, float]] = field(default_factory=list)
    curve: list[dict] = field(default_factory=list)


def start(
    spec: dict,
    data: Tensor,
    seed: int,
    device: torch.device | str = "cpu",
    bin_width: float = 0.0,
) -> Run:
    """A run before its first image.

    spec holds the blocks noise, weighting, density, objective, denoiser, network and training of a
    variant, the first five None for a direct model; weighting may also be the name of a kind or a
    callable λ(σ). data has shape (n, ...) and a floating dtype, which is the model's too, or are
    grey levels, of which v stands for v·bin_width − 1, for a model in float32. bin_width is the gap
    between the values of discrete data, 0 for continuous ones: direct models with a likelihood see
    noise of that width. The first weights depend on `seed` alone, so variants that
    share a seed start from the same network. Raises ValueError on blocks that do not fit the data,
    and JobFailed where several processes would sample levels by their losses.
    """
    description = models.describe(spec, data, bin_width)
    dtype = torch.float32 if data.dtype == torch.uint8 else data.dtype
    model = models.build(description, seeds.seed_of("weights", seed)).to(device, dtype)
    data, task = data.to(device), losses.task(spec, model, bin_width)
    if parallel.world() > 1 and spec["density"] == {"kind": "importance"}:
        raise JobFailed(
            "density: found 'importance' in a training by several processes, which do not hear of "
            "each other's losses; train on one GPU"
        )
    ema = copy.deepcopy(model).requires_grad_(False).eval()
    speed.speed_up(model, spec["training"], spec["objective"])
    return Run(
        spec=spec,
        seed=seed,
        data=data,
        model=model,
        ema=ema,
        moments=fresh_moments(model),
        description=description,
        task=task,
        loss_scale=task.scale(data, seed),
        scaler=speed.scaler(spec["training"], device),
    )


def learning_rate(training: dict, images: int) -> float:
    """The rate after `images` images: linear warm-up, then constant or a cosine down to 0.

    The cosine is ½(1 + cos(π images/total)), arXiv 1608.03983 without restarts, warm-up included.
    """
    rate = training["learning_rate"]
    if training["warmup_images"]:
        rate *= min(1.0, (images + training["batch_size"]) / training["warmup_images"])
    if training["schedule"] == "cosine":
        rate *= 0.5 * (1 + math.cos(math.pi * images / training["images"]))
    return rate


def update_ema(run: Run, batch: int) -> None:
    """EMA of the weights, its half-life counted in images (arXiv 2206.00364, appendix F.2).

    average ← average + (1 − 2^{−batch/h})(current − average), in place, with h = min(ema_halflife,
    5 % of the images seen): shorter while few have been. `run.images` counts those of `batch`.
    """
    half_life = min(run.spec["training"]["ema_halflife"], 0.05 * run.images)
    keep = 0.5 ** (batch / half_life) if half_life > 0 else 0.0
    with torch.no_grad():
        averages, current = list(run.ema.parameters()), list(run.model.parameters())
        torch._foreach_lerp_(averages, current, 1 - keep)


def step(run: Run) -> None:
    """One optimiser step. Its random numbers are a function of (seed, images seen) only.

    Raises TrainingFailed where memory runs out.
    """
    training = run.spec["training"]
    batch = min(training["batch_size"], training["images"] - run.images)
    loss = gradients.accumulate(run, batch)
    if run.scaler.is_enabled():
        speed.unscale(run.scaler, list(run.model.parameters()))
    norm = nn.utils.clip_grad_norm_(run.model.parameters(), training["gradient_clip"])
    # as float16 has it, a gradient that overflows is a step left out, with another scale to follow
    overflows = run.scaler.is_enabled() and not norm.isfinite()
    if not overflows:
        adam_step(run.model, run.moments, learning_rate(training, run.images))
        run.window.append((loss, norm))
    run.images += batch
    update_ema(run, batch)


def record(run: Run) -> None:
    """Move the window of losses into the curve. Raises TrainingFailed if they are not sane.

    Where all steps were left out there is nothing to move. Sane is a mean loss within ±DIVERGED:
    implicit score matching and likelihoods can run away downwards too.
    """
    ended = run.images == run.spec["training"]["images"]
    if run.scaler.get_scale() < LEAST_SCALE or (ended and not run.window and not run.curve):
        raise TrainingFailed(
            f"training diverged: at image {run.images} the gradients overflow in fp16, however "
            "small their scale; try training.precision bf16 or float32"
        )
    if not run.window:
        return
    loss, norm = torch.tensor(run.window, dtype=torch.float64).mean(dim=0).tolist()
    run.window.clear()
    if not math.isfinite(loss) or not math.isfinite(norm) or abs(loss) > DIVERGED:
        raise TrainingFailed(
            f"training diverged: at image {run.images} the loss, of order 1 at the start, "
            f"is {loss:.4g}; try a smaller training.learning_rate than "
            f"{run.spec['training']['learning_rate']:g} or a smaller training.gradient_clip"
        )
    rate = learning_rate(run.spec["training"], run.images)
    row = {"images": run.images, "loss": loss, "gradient_norm": norm, "learning_rate": rate}
    run.curve.append(row)


def advance(run: Run) -> Iterator[Run]:
    """Train to the end of the budget, yielding the run after every step.

    Raises TrainingFailed on a loss that is not finite or beyond ±100: for a score model 100 times
    what it was at the start, for a VAE or a flow 100 nats per dimension.
    """
    total = run.spec["training"]["images"]
    interval = max(1, total // RECORDS)
    while run.images < total:
        before = run.images
        step(run)
        if run.images // interval > before // interval or run.images == total:
            record(run)
        yield run


def save_state(run: Run, path: Path, stamp: str) -> None:
    """Write everything that `advance` needs to go on, atomically, marked with `stamp`."""
    state = {
        "stamp": stamp,
        "images": run.images,
        "seconds": run.seconds,
        "window": [(float(loss), float(norm)) for loss, norm in run.window],
        "curve": run.curve,
        "model": run.model.state_dict(),
        "ema": run.ema.state_dict(),
        "moments": run.moments,
        "task": run.task.state(),
        "scaler": run.scaler.state_dict(),
    }
    with atomic_path(path) as temporary:
        torch.save(state, temporary)


def load_state(run: Run, path: Path, stamp: str) -> str:
    """Bring a fresh run to the state in `path`; says in words what was found.

    The state is ignored, and the run left as it was, where there is none, where it cannot be read,
    or where its stamp is another: it then belongs to another config, other code or another seed.
    """
    if not path.exists():
        return "starting from the first image"
    try:
        state = torch.load(io.BytesIO(path.read_bytes()), map_location="cpu", weights_only=True)
        found = state["stamp"]
    except Exception as error:
        return f"ignoring {path}, which cannot be read ({type(error).__name__}); starting anew"
    if found != stamp:
        return f"ignoring {path}, made by another config, code or seed; starting anew"
    run.model.load_state_dict(state["model"])
    run.ema.load_state_dict(state["ema"])
    for kind, values in run.moments.items():
        for name, value in values.items():
            value.copy_(state["moments"][kind][name])
    run.task.restore(state["task"])
    run.scaler.load_state_dict(state["scaler"])
    run.images, run.curve, run.window = state["images"], state["curve"], state["window"]
    run.seconds = state["seconds"]
    return f"going on from image {run.images}"

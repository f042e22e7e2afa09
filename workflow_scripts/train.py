"""Train one model, going on from where an earlier attempt stopped."""

import shutil
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import torch

from scoreladder import datasets, devices, files, models, parallel, progress, training
from scoreladder.deadlines import Deadline, DeadlineReached
from scoreladder.errors import JobFailed, Stopped, TrainingFailed
from scoreladder.events import following

SAVE_SECONDS = 5.0
# of the time, at most, for large states on slow disks
SAVE_SHARE = 0.02
NEWS_SECONDS = 1.0


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
    events: Path | None = None,
) -> dict:
    """Train to the end of the budget and write the averaged model and the learning curve.

    `state` is saved every few seconds and at the end, marked with `stamp`; note(loss=...) is called
    as the curve grows, and the folder `events` tells TensorBoard of it. Of several processes, the
    first alone writes. Raises TrainingFailed on divergence and without memory, and DeadlineReached,
    with all that was done saved, once the deadline has come.
    """
    first = parallel.rank() == 0
    where = devices.choose(device)
    splits = datasets.read(data)
    images = torch.from_numpy(splits.train)
    run = training.start(spec, images, spec["seed"], where, splits.bin_width)
    said = training.load_state(run, state, stamp)
    total, batch = spec["training"]["images"], spec["training"]["batch_size"]
    earlier, resumed = run.seconds, run.images
    begun = saved = time.time()
    pause = SAVE_SECONDS
    steps = training.advance(run)
    if first:
        print(said, flush=True)
        steps = progress.track(steps, total, "training", "img", batch, resumed)

    def save() -> None:
        run.seconds = earlier + time.time() - begun
        if first:
            training.save_state(run, state, stamp)

    with deadline.deferred(), following(events if first else None) as follow:
        follow(run.curve)
        for _ in steps:
            follow(run.curve)
            due = run.images == total or time.time() - saved > pause
            if due:
                started = time.time()
                save()
                saved = time.time()
                pause = max(SAVE_SECONDS, (saved - started) / SAVE_SHARE)
                note(loss=run.curve[-1]["loss"] if run.curve else None)
            if parallel.any_of(bool(deadline.reached)):
                if not due:
                    save()
                deadline.reached = deadline.reached or "another process was told to stop"
                if first:
                    print(f"saved at image {run.images} of {total}")
                break
    if first:
        models.save(run.ema, run.description, model)
        files.write_csv(curve, run.curve)
    return {
        "device": devices.describe(where),
        "processes": parallel.world(),
        "dtype": str(next(run.model.parameters()).dtype).removeprefix("torch."),
        "parameters": sum(p.numel() for p in run.model.parameters()),
        "images": run.images,
        "resumed_at": resumed,
        "train_seconds": round(run.seconds, 2),
        "images_per_second": run.images / run.seconds,
        "loss_scale": run.loss_scale,
        "final_loss": run.curve[-1]["loss"],
    }


def processes(training: dict, gpus: int, device: str) -> int:
    """How many processes have work: one per GPU that is granted and visible, but no idle ones."""
    if devices.choose(device).type != "cuda":
        return 1
    return min(
        gpus, torch.cuda.device_count(), -(-training["batch_size"] // training["micro_batch"])
    )


def train_together(
    count: int,
    data: Path,
    spec: dict,
    stamp: str,
    device: str,
    model: Path,
    curve: Path,
    state: Path,
    deadline: Deadline,
    note: Callable[..., None],
    events: Path | None = None,
) -> dict:
    """`train` by `count` processes, which leave what they find beside `state`.

    Raises as `train` does, and JobFailed where a process ends for another reason.
    """
    folder = state.parent / "together"
    outcome, news = folder / "outcome.json", folder / "news.json"
    for left in (outcome, news):
        left.unlink(missing_ok=True)
    task = {"data": str(data), "spec": spec, "stamp": stamp, "device": device, "state": str(state)}
    task |= {"events": events and str(events), "attempt": uuid.uuid4().hex}
    files.write_json(folder / "task.json", task)

    def poll() -> bool:
        with suppress(FileNotFoundError):
            heard = files.read_json(news)
            note(**heard["facts"])
            for watch in progress.watchers:
                watch(progress.Progress(**heard["progress"]))
        return bool(deadline.reached)

    with deadline.deferred():
        status = parallel.launch(count, Path(__file__), [str(folder)], sys.stdout, poll)
    ended = files.read_json(outcome) if outcome.exists() else {}
    if "failed" in ended:
        raise TrainingFailed(ended["failed"])
    if "facts" not in ended:
        raise JobFailed(f"a process of {count} that train together ended with status {status}")
    for path in (model, curve):
        with files.atomic_path(path) as temporary:
            shutil.copyfile(folder / path.name, temporary)
    return ended["facts"]


def be_one_of_several(folder: Path) -> None:
    """What each process that `train_together` starts does."""
    task = files.read_json(folder / "task.json")
    facts, told = {}, 0.0

    def check() -> None:
        # an attempt whose job was killed lives on, and finds the task of a later one
        if files.read_json(folder / "task.json")["attempt"] != task["attempt"]:
            raise Stopped("another attempt is at work")

    def tell(now: progress.Progress) -> None:
        nonlocal told
        if time.time() - told > NEWS_SECONDS:
            told = time.time()
            files.write_json(folder / "news.json", {"facts": facts, "progress": now._asdict()})

    progress.watchers.append(tell)
    deadline = Deadline()
    deadline.arm(None)
    paths = (folder / "model.safetensors", folder / "curve.csv", Path(task["state"]))
    events = task["events"] and Path(task["events"])
    given = (Path(task["data"]), task["spec"], task["stamp"], task["device"], *paths)
    with parallel.together(), files.guarded(check):
        try:
            found = train(*given, deadline, facts.update, events)
        except (DeadlineReached, Stopped) as reason:
            sys.exit(str(reason))
        except JobFailed as error:
            files.write_json(folder / "outcome.json", {"failed": str(error)})
            sys.exit(str(error))
        if parallel.rank() == 0:
            files.write_json(folder / "outcome.json", {"facts": found})


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        given = (
            Path(snakemake.input.data),
            current.spec,
            current.stamp,
            current.device,
            Path(snakemake.output.model),
            Path(snakemake.output.curve),
            current.resume / "state.pt",
            current.deadline,
            current.note,
            Path(snakemake.output.model).with_name("tensorboard"),
        )
        count = processes(current.spec["training"], current.gpus, current.device)
        current.facts |= train_together(count, *given) if count > 1 else train(*given)
elif __name__ == "__main__":
    be_one_of_several(Path(sys.argv[1]))

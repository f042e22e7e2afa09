"""Fill in masked held-out images with a model trained on whole ones, and measure the holes."""

import math
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import torch

from scoreladder import datasets, denoiser, devices, files, filling, inpainting, masks, sampling
from scoreladder.steps import Keep, at_once


def mean_over_masks(rows: list[dict], method: str) -> dict[str, float | None]:
    """The metrics of one method, means over the masks; None where a mask's has none."""
    own = [row["metrics"] for row in rows if row["method"] == method]
    return {
        name: None if any(each[name] is None for each in own) else _mean(own, name)
        for name in own[0]
    }


def _mean(rows: list[dict], name: str) -> float:
    return float(np.mean([row[name] for row in rows]))


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
    """Write the metrics of every mask and method, and the completions, of which each is a step.

    "metrics" are means over the masks for the first method; "rows" has {mask, method, nfe, metrics}
    each. What is infinite, where a filling is the truth to the last bit, is null. In the arrays are
    truth, and per mask known_MASK and MASK_METHOD.
    """
    where = devices.choose(device)
    network = denoiser.load(model, where)
    splits, chosen, sample = datasets.read(data), spec["inpaint"], spec["sample"]
    truth = splits.values("test", chosen["images"])
    images, mean = torch.from_numpy(truth).to(where), splits.values("train").mean(axis=0)
    size = sampling.relative_step_size(sample, tuning)
    sigmas = sampling.ladder_of(sample, network)

    def filled(mask: str, method: str, known: torch.Tensor) -> dict[str, np.ndarray]:
        completions, nfe = filling.fill(
            network,
            images,
            known,
            method,
            sigmas,
            sample["nfe"],
            chosen["completions"],
            (spec["seed"], mask),
            sample.get("start_std"),
            size,
        )
        return {"completions": completions, "nfe": np.array(nfe)}

    drawn, rows = {"truth": truth}, []
    for mask, method in product(chosen["masks"], chosen["methods"]):
        known = masks.MASKS[mask](*truth.shape[-2:])
        step = keep(f"{mask}_{method}", partial(filled, mask, method, known))
        completions = step["completions"]
        drawn |= {f"known_{mask}": known.numpy(), f"{mask}_{method}": completions}
        found = inpainting.hole_metrics(completions, truth, known.numpy(), mean)
        found |= inpainting.hole_similarity(completions, truth, known.numpy())
        # JSON has no infinity
        found = {name: value if math.isfinite(value) else None for name, value in found.items()}
        rows.append({"mask": mask, "method": method, "nfe": int(step["nfe"]), "metrics": found})
    with files.atomic_path(arrays) as temporary:
        np.savez(temporary, **drawn)
    means = mean_over_masks(rows, chosen["methods"][0])
    files.write_json(path, {"metrics": means, "rows": rows})
    facts = {"device": devices.describe(where), "dtype": "float32"}
    return facts | ({"relative_step_size": size} if "replacement" in chosen["methods"] else {})


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

"""Fill in masked held-out images with a model trained on whole ones, and measure the holes."""

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch

from scoreladder import (
    blocks,
    datasets,
    denoiser,
    devices,
    files,
    filling,
    filling_tuning,
    inpainting,
    metrics_features,
    problems,
    sampling,
)
from scoreladder import features as networks
from scoreladder import perceptual as lpips
from scoreladder import reference as references
from scoreladder.catalog import MEAN_IMAGE, TRUTH
from scoreladder.operators import Operator
from scoreladder.steps import Keep, at_once


def over_masks(rows: list[dict], method: str) -> dict[str, float | None]:
    """The metrics of one method, means over the rows of masks; None where a mask's has none.

    hole_gain is the least, so that above 1 the mean image is beaten on every mask.
    """
    own = [row["metrics"] for row in rows if row["method"] == method]
    found = {}
    for name in own[0]:
        values = [each[name] for each in own]
        over = min if name == "hole_gain" else np.mean
        found[name] = None if None in values else float(over(values))
    return found


def stand_ins(
    truth: np.ndarray, mean: np.ndarray, operator: Operator, y: torch.Tensor
) -> dict[str, np.ndarray]:
    """By name, what to hold completions of truth (n, C, H, W) against, of its shape.

    The training images' mean (C, H, W) with what is known, y = A truth, put in place, which knows
    nothing else, and the truth itself, which no filling comes nearer to the data than.
    """
    blind = torch.from_numpy(mean).to(y.device).expand(truth.shape)
    return {MEAN_IMAGE: operator.replace(blind, y).cpu().numpy(), TRUTH: truth}


def inpaint(
    data: Path,
    reference: Path,
    classifier: Path,
    perceptual: Path | None,
    model: Path,
    spec: dict,
    device: str,
    path: Path,
    arrays: Path,
    keep: Keep = at_once,
) -> dict:
    """Write the metrics of every problem and method, and the completions.

    A problem is a mask, of its own name or of a PNG's, or a linear operator. "metrics" are those of
    `over_masks` for the first method; "rows" has {mask (the problem), method, nfe,
    relative_step_size, at_grid_edge, metrics} each, for each problem first those of `stand_ins`;
    "tuning" has by method what `filling_tuning` tells of masks, and "relative_step_sizes" what each
    method with a step takes. What is infinite, where all fillings are the truth to the last bit, is
    null. In the arrays are truth, and per problem known_MASK, seen_MASK (AᵀA of truth) and
    MASK_METHOD. Trials and blocks of chains are steps.
    perceptual: the network of LPIPS, None where that is not measured.
    """
    where = devices.choose(device)
    network = denoiser.load(model, where)
    splits, chosen, sample = datasets.read(data), spec["inpaint"], spec["sample"]
    truth, mean = splits.values("test", chosen["images"]), splits.values("train").mean(axis=0)
    sigmas = sampling.ladder_of(sample, network)
    posed = {
        blocks.problem_name(each): problems.problem(each, truth.shape[1:], where)
        for each in blocks.problems(chosen)
    }
    known = {name: each.known.numpy() for name, each in posed.items()}
    masks = [blocks.problem_name(each) for each in chosen["masks"] + chosen["drawn_masks"]]
    extract = networks.extractor(spec["features"], classifier, where)
    moments = references.read(reference).moments
    likeness = perceptual and lpips.load(perceptual, where)

    def filled(
        images: np.ndarray,
        mask: str,
        method: str,
        completions: int,
        size: float | None,
        label: str,
        keep: Keep,
        *purpose: str,
    ) -> tuple[np.ndarray, int]:
        return filling.fill(
            network,
            torch.from_numpy(images).to(where),
            posed[mask].operator,
            method,
            sigmas,
            sample["nfe"],
            completions,
            (*purpose, spec["seed"], mask),
            sample.get("start_std"),
            size,
            label,
            keep,
        )

    def tuned(method: str) -> dict:
        images, count = splits.values("tune", filling_tuning.IMAGES), filling_tuning.COMPLETIONS

        def trial(mask: str, size: float) -> np.ndarray:
            label = f"{mask}_{method} at {size:g}"
            return filled(images, mask, method, count, size, label, at_once, "tune")[0]

        sizes, kept = spec["tuning"]["relative_step_sizes"], partial(_kept_as, method, keep)
        holes = {mask: known[mask] for mask in masks}
        return filling_tuning.tuned(images, holes, sizes, trial, kept)

    def measured(completions: np.ndarray, mask: str, whole: np.ndarray) -> dict[str, float | None]:
        """The metrics of completions, of which the features are `whole`."""
        found = inpainting.hole_metrics(completions, truth, known[mask], mean)
        found |= inpainting.hole_similarity(completions, truth, known[mask])
        found["completion_fid"] = metrics_features.fid(whole, *moments)
        if likeness:
            found["completion_lpips"] = lpips.distance(completions, truth, likeness, where)
        # JSON has no infinity
        return {name: value if math.isfinite(value) else None for name, value in found.items()}

    wanted = spec["tuning"]["methods"] if spec["tuning"] else []
    stepping = [each for each in wanted if filling.has_steps(each, sigmas, sample["nfe"])]
    tuning = {each: tuned(each) for each in stepping}
    sizes = {method: found["relative_step_size"] for method, found in tuning.items()}
    if "replacement" in chosen["methods"]:
        sizes.setdefault("replacement", sample["step_size"])

    drawn, rows, of_truth = {"truth": truth}, [], extract(truth)
    for mask, (operator, _) in posed.items():
        drawn[f"known_{mask}"] = known[mask]
        y = operator.forward(torch.from_numpy(truth).to(where))
        drawn[f"seen_{mask}"] = operator.adjoint(y).cpu().numpy()
        for name, images in stand_ins(truth, mean, operator, y).items():
            row = {"mask": mask, "method": name, "nfe": 0, "relative_step_size": None}
            whole = of_truth if name == TRUTH else extract(images)
            # an energy score takes two completions at least
            found = measured(np.stack([images] * 2), mask, np.concatenate([whole] * 2))
            rows.append(row | {"at_grid_edge": False, "metrics": found})
        for method in chosen["methods"]:
            name = f"{mask}_{method}"
            kept = partial(_kept_as, name, keep)
            size, count = sizes.get(method), chosen["completions"]
            completions, nfe = filled(truth, mask, method, count, size, name, kept)
            drawn[name] = completions
            whole = extract(completions.reshape(-1, *truth.shape[1:]))
            found = measured(completions, mask, whole)
            edge = method in tuning and tuning[method]["at_grid_edge"]
            step = {"relative_step_size": size, "at_grid_edge": edge}
            rows.append({"mask": mask, "method": method, "nfe": nfe, **step, "metrics": found})
    with files.atomic_path(arrays) as temporary:
        np.savez(temporary, **drawn)
    of_masks = [row for row in rows if row["mask"] in masks]
    result = {"metrics": over_masks(of_masks, chosen["methods"][0]), "rows": rows}
    files.write_json(path, result | {"relative_step_sizes": sizes, "tuning": tuning})
    facts = {"device": devices.describe(where), "dtype": "float32"}
    return facts | {"relative_step_sizes": sizes}


def _kept_as(name: str, keep: Keep, block: str, compute: Callable[[], dict]) -> dict:
    """A step kept under the name of what it is a block of."""
    return keep(f"{name}_{block}", compute)


if "snakemake" in globals():
    from adapter import job, optional

    with job(snakemake) as current:
        current.facts |= inpaint(
            Path(snakemake.input.data),
            Path(snakemake.input.reference),
            Path(snakemake.input.classifier),
            optional(snakemake.input, "perceptual"),
            Path(snakemake.input.model),
            current.spec,
            current.device,
            Path(snakemake.output.metrics),
            Path(snakemake.output.completions),
            current.keep,
        )

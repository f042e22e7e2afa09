"""A small experiment whose pages take no workflow to make: real settings, invented numbers."""

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from workflows import DEFAULTS

from scoreladder import ablation, config_queries, files, variants
from scoreladder.report import page
from scoreladder.runs import variant_facts

SETTINGS = f"""
title: One scale or several
description: A page to look at.
dataset: {{name: rings, noise: 0.05, train_size: 400, tune_size: 300, test_size: 300}}
datasets:
  moons: {{name: two_moons, noise: 0.05, train_size: 400, tune_size: 300, test_size: 300}}
replicates: {{train_seeds: [0, 1, 2], sample_seeds: [0]}}
{DEFAULTS}
variants:
  multi: {{label: 3 scales}}
  moons: {{data: moons}}
  moons-single: {{data: moons, noise: {{kind: single, sigma: 1.0}}, sample: {{sampler: langevin}}}}
grids:
  levels: {{over: {{noise.levels: [2, 5]}}, name: "levels-{{noise.levels}}"}}
  single:
    over: {{noise.sigma: [0.3, 1.0]}}
    name: "single-{{noise.sigma}}"
    label: "σ = {{noise.sigma}}"
    noise: {{kind: single}}
    sample: {{sampler: langevin}}
comparisons:
  - name: scales
    title: One scale or three
    baseline: multi
    arms: [levels-2, levels-5, single-0.3, single-1.0]
    metric: sliced_w1
  - {{name: moons, title: On moons, baseline: moons, arms: [moons-single], metric: sliced_w1}}
claims:
  - {{id: ladder, says: Several beat one., better: multi, than: [single-0.3], metric: sliced_w1}}
  - {{id: even, says: Shares are even., variant: multi, metric: balance, above: 0.5}}
"""
# per variant: its distance and the evenness of its levels
MEANS = {
    "multi": (0.3, 0.9),
    "moons": (0.2, 0.8),
    "moons-single": (0.25, None),
    "levels-2": (0.4, 0.7),
    "levels-5": (0.29, 0.85),
    "single-0.3": (20.0, None),
    "single-1.0": (1.1, None),
}
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="504pt" height="144.5pt"></svg>'
FIGURE = {"title": "Samples", "caption": "What each makes.", "svg": SVG}
FLOORS = {"300": {"sliced_w1": {"mean": 0.1, "sd": 0.01, "count": 300}}}


def experiment(folder: Path) -> dict:
    """The resolved experiment."""
    path = folder / "example.yaml"
    path.write_text(SETTINGS, encoding="utf-8")
    return variants.load_experiment(path)


def runs(settings: dict[str, dict]) -> pd.DataFrame:
    """A row per variant and seed, as `collect` writes it."""
    noise = np.random.default_rng(0)
    costs = {"nfe": 20, "images": 4000, "parameters": 900, "step_size": 0.0054}
    costs |= {"relative_step_size": 0.06, "at_grid_edge": False, "train_seconds": 31.4}
    costs |= {"sample_seconds": 1.5, "device": "cpu", "train_code": "0123456789abcdef"}
    costs |= {"sample_device": "cpu", "sample_code": "fedcba9876543210", "metrics_code": "00ff"}
    costs |= {"versions": "python 3.11, torch 2.13"}
    return pd.DataFrame(
        [
            variant_facts(name, variant)
            | {"seed": seed, "sample_seed": 0}
            | {"sliced_w1": distance * noise.uniform(0.95, 1.05), "sliced_w1_se": 0.02}
            | {"balance": even and even + 0.01 * seed}
            | costs
            | {"peak_memory_mib": 250.0 + seed}
            for name, variant in settings.items()
            for distance, even in [MEANS[name]]
            for seed in range(3)
        ]
    )


def curves(names: list[str]) -> pd.DataFrame:
    """Learning curves of a few variants, two kinds of losses."""
    return pd.DataFrame(
        [
            {
                "variant": name,
                "seed": seed,
                "images": images,
                "loss": 1 / (1 + place + images / 999),
            }
            | {"loss_kind": "denoising score matching" if place else "evidence bound"}
            for place, name in enumerate(names)
            for seed in range(2)
            for images in range(100, 4001, 20)
        ]
    )


def levels(names: list[str]) -> pd.DataFrame:
    """Losses by noise level of a few variants."""
    return pd.DataFrame(
        [
            {"variant": name, "seed": seed, "level": level, "sigma": 5.0 / 3**level}
            | {"loss": 0.5 + 0.1 * level, "share": 1 / 3}
            for name in names
            for seed in range(2)
            for level in range(3)
        ]
    )


def trajectory(path: Path, count: int = 4) -> Path:
    """An animated PNG with its labels beside it: a square that brightens."""
    pictures = [Image.new("L", (60, 40), 60 * place) for place in range(count)]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=100)
    labels = [{"label": f"evaluation {5 * place} of {5 * (count - 1)}"} for place in range(count)]
    files.write_json(path.with_suffix(".json"), {"frames": labels})
    return path


def content(folder: Path) -> dict:
    """The arguments of `page.render`."""
    found = experiment(folder)
    table = runs(found["variants"])
    labels = config_queries.labels(found)
    return {
        "experiment": found,
        "claims": ablation.judge(table, found["claims"], labels),
        "comparisons": [
            (each, ablation.compare(table, each, FLOORS)) for each in found["comparisons"]
        ],
        "figures": [FIGURE | {"table": {"columns": ["Name", "Value"], "rows": [["a", "1.00"]]}}],
        "config_text": "title: example\n",
        "provenance": {"versions": {"torch": "2.9"}},
        "notes": {"Floor": "Two halves of the data."},
        "summary": {
            "runs": table,
            "curves": curves(["moons", "multi", "levels-2"]),
            "levels": levels(["multi", "levels-2"]),
        },
        "trajectory": {
            "caption": "From the start to the last evaluation.",
            "animation": trajectory(folder / "trajectory.png"),
        },
    }


def index(claims: list[dict]) -> str:
    """The page over two experiments, of which one is without a figure."""
    entry = {"description": "Rings.", "claims": claims, "missing": 0, "figure": FIGURE}
    entries = [
        entry | {"name": "example", "title": "Rings", "link": "report.html"},
        entry
        | {"name": "other", "title": "Other", "link": "other.html", "claims": claims[:1]}
        | {"missing": 2, "figure": None},
    ]
    return page.render_index(entries, ["Third"], {"versions": {"torch": "2.9"}})

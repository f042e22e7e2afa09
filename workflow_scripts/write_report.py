"""Write an experiment's page: claims, tables, figures, configuration and provenance."""

from pathlib import Path

import pandas as pd
import yaml

from scoreladder import config_queries, describe, files, layout
from scoreladder.report import page, tables

NOTES = {
    "Paired by seed": (
        "variants with the same network share its first weights, and those with the same data its "
        "batches and noise; samplers that start alike share their starting points"
    ),
    "Step size": (
        "where it is tuned: chosen per variant on the tuning split, which no reported number uses, "
        "with the first training seed's model and the same trials for all; in a sweep for each "
        "budget and seed, and for filling holes anew for each seed, by the energy score there"
    ),
    "Starting points": (
        "Langevin chains start from N(0, start_std²) where that is given; all others from the "
        "Gaussian with the mean and variance of the data under noise σ₁"
    ),
    "Likelihood": (
        "of a score model, at its smallest σ, by the probability-flow ODE; of a flow, exact; of a "
        "VAE, a lower bound from 100 importance-weighted draws; images are dequantised by uniform "
        "noise for all, and flow and VAE are trained so"
    ),
    "Intervals": (
        "95 %, Student's t over training seeds; two variants are compared seed by seed; SE within "
        "a run is a bootstrap over its samples"
    ),
    "Floor": "the same metric of real samples, measured as generated ones are",
}
# the tables that the page's charts and its explorer are made of
SUMMARY = ("runs", "curves", "levels")
BUDGETS = {
    "parameters": "parameters",
    "images": "training images",
    "nfe": "network evaluations per sample",
}


def budgets(runs: pd.DataFrame) -> dict[str, str]:
    """What every run had alike and what not, from the table of runs."""
    alike = [f"{runs[c].iloc[0]:,} {name}" for c, name in BUDGETS.items() if runs[c].nunique() == 1]
    unlike = [
        f"{name}, {runs[c].min():,} to {runs[c].max():,}"
        for c, name in BUDGETS.items()
        if runs[c].nunique() > 1
    ]
    notes = {"Same for every variant": ", ".join(alike), "Not the same": "; ".join(unlike)}
    return {heading: text for heading, text in notes.items() if text}


def provenance(runs: pd.DataFrame, manifest: dict) -> dict:
    """Facts about the run that made the numbers."""
    models = runs.drop_duplicates(["model", "seed"])
    return {
        "device": sorted(models["device"].unique()),
        "versions": sorted(models["versions"].unique()),
        "code": {
            words: sorted(runs[column].unique())
            for words, column in {
                "training": "train_code",
                "sampling": "sample_code",
                "measuring": "metrics_code",
            }.items()
        },
        "training_seeds": sorted(runs["seed"].unique().tolist()),
        "sample_seeds": sorted(runs["sample_seed"].unique().tolist()),
        "models_trained": len(models),
        "seconds_of_training": round(models["train_seconds"].sum()),
        "seconds_of_sampling": round(runs["sample_seconds"].sum()),
        "peak_memory_of_a_job_in_MiB": round(runs["peak_memory_mib"].max()),
        "collected": manifest["started"],
    }


def figure_tables(experiment: dict, summary: Path) -> dict[str, dict]:
    """The numbers behind figures that no comparison has, by the figure's name."""
    found = {}
    if experiment["nfe_sweep"]:
        sweeps, metric = pd.read_csv(summary / "sweeps.csv"), experiment["nfe_sweep"]["metric"]
        words = {name: describe.sampler_name(name) for name in sweeps["sampler"].unique()}
        found["nfe_sweep"] = tables.nfe_sweep(sweeps, metric, words)
    if experiment["mixing"]:
        found["mixing_weights"] = tables.mixing_weights(pd.read_csv(summary / "mixing.csv"))
    if experiment["inpaint"]:
        filled = pd.read_csv(summary / "inpainting.csv")
        found["inpainting"] = tables.inpainting(filled, config_queries.labels(experiment))
    return found


def in_order(spec: dict) -> dict:
    """The experiment of a job's spec, its variants in the order of their file."""
    variants = {name: spec["variants"][name] for name in spec["order"]}
    return {key: value for key, value in spec.items() if key != "order"} | {"variants": variants}


def table(path: Path) -> pd.DataFrame:
    """A table of `collect`; empty where it had nothing to gather, not even columns."""
    try:
        return pd.read_csv(path)
    except pd.errors.EmptyDataError:
        return pd.DataFrame()


def write_report(
    experiment: dict,
    folder: Path,
    captions: dict[str, Path],
    exact: Path | None,
    manifest: Path,
    trajectory: Path | None,
    path: Path,
) -> None:
    """Write the page from what stands in the experiment's folder.

    captions: figure → text file; exact: what methods of inpainting made of the exact score;
    trajectory: an animated PNG of how the shown samples come about.
    """

    def caption(kind: str) -> str:
        return captions[kind].read_text(encoding="utf-8").strip()

    def figure(name: str, title: str, kind: str) -> dict:
        drawing = folder / "figures" / f"{name}.svg"
        found = {
            "title": title,
            "caption": caption(kind),
            "svg": drawing.read_text(encoding="utf-8"),
        }
        animated = name == "inpainting" and config_queries.is_animated(experiment)
        return found | ({"animation": folder / f"{layout.ANIMATION}.png"} if animated else {})

    compared = []
    for comparison in experiment["comparisons"]:
        name = comparison["name"]
        drawing = figure(f"comparison.{name}", comparison["title"], "comparison")
        rows = pd.read_csv(folder / "tables" / f"{name}.csv")
        compared.append((comparison | {"figure": drawing}, rows))
    others = config_queries.figures(experiment)
    numbers = figure_tables(experiment, folder / "summary")
    found = {name: table(folder / "summary" / f"{name}.csv") for name in SUMMARY}
    runs = found["runs"]
    written = {
        key: value for key, value in experiment.items() if key not in ("missing", "unjudged")
    }
    holes = {"Holes": tables.filled_exact(files.read_json(exact))} if exact else {}
    html = page.render(
        experiment,
        files.read_json(folder / "summary" / "claims.json")["claims"],
        compared,
        [
            figure(name, title, name) | {"table": numbers.get(name)}
            for name, title in others.items()
        ],
        yaml.safe_dump(written, sort_keys=False, allow_unicode=True, width=100),
        provenance(runs, files.read_json(manifest)),
        budgets(runs) | NOTES | holes,
        found,
        trajectory and {"caption": caption("trajectory"), "animation": trajectory},
    )
    files.write_text(path, html)


if "snakemake" in globals():
    from adapter import job, optional

    with job(snakemake) as current:
        page_path = Path(snakemake.output.page)
        write_report(
            in_order(current.spec),
            page_path.parent,
            {Path(caption).stem: Path(caption) for caption in snakemake.input.captions},
            optional(snakemake.input, "filled_exact"),
            Path(snakemake.input.manifest),
            next(map(Path, snakemake.input.trajectory), None),
            page_path,
        )

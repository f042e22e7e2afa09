"""Write an experiment's page: claims, tables, figures, configuration and provenance."""

from pathlib import Path

import pandas as pd
import yaml

from scoreladder import config_queries, files
from scoreladder.report import page

NOTES = {
    "Paired by seed": "same first weights, images, noise and starting points for every variant",
    "Step size": (
        "chosen per variant on the tuning split, which no reported number uses, with the first "
        "training seed's model; every variant has the same trials"
    ),
    "Intervals": (
        "95 %, Student's t over training seeds; two variants are compared seed by seed; SE within "
        "a run is a bootstrap over its samples"
    ),
    "Floor": "the same metric of real samples, measured as generated ones are",
}
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
        "versions": manifest["versions"],
        "code": {"training": sorted(runs["train_code"].unique())},
        "training_seeds": sorted(runs["seed"].unique().tolist()),
        "sample_seeds": sorted(runs["sample_seed"].unique().tolist()),
        "models_trained": len(models),
        "seconds_of_training": round(models["train_seconds"].sum()),
        "seconds_of_sampling": round(runs["sample_seconds"].sum()),
        "peak_memory_of_a_job_in_MiB": round(runs["peak_memory_mib"].max()),
        "collected": manifest["started"],
    }


def write_report(
    experiment: dict, folder: Path, captions: dict[str, Path], manifest: Path, path: Path
) -> None:
    """Write the page from what stands in the experiment's folder; captions: figure → text file."""

    def figure(name: str, title: str, kind: str) -> dict:
        caption = captions[kind].read_text(encoding="utf-8").strip()
        return {"title": title, "caption": caption, "svg": folder / "figures" / f"{name}.svg"}

    compared = []
    for comparison in experiment["comparisons"]:
        name = comparison["name"]
        drawing = figure(f"comparison.{name}", comparison["title"], "comparison")
        table = pd.read_csv(folder / "tables" / f"{name}.csv")
        compared.append((comparison | {"figure": drawing}, table))
    others = config_queries.figures(experiment)
    runs = pd.read_csv(folder / "summary" / "runs.csv")
    html = page.render(
        experiment,
        files.read_json(folder / "summary" / "claims.json")["claims"],
        compared,
        [figure(name, title, name) for name, title in others.items()],
        yaml.safe_dump(experiment, sort_keys=False, allow_unicode=True, width=100),
        provenance(runs, files.read_json(manifest)),
        budgets(runs) | NOTES,
    )
    files.write_text(path, html)


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        page_path = Path(snakemake.output.page)
        write_report(
            current.spec,
            page_path.parent,
            {Path(caption).stem: Path(caption) for caption in snakemake.input.captions},
            Path(snakemake.input.manifest),
            page_path,
        )

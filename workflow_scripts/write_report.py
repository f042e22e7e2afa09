"""Write an experiment's page: claims, tables, figures, configuration and provenance."""

from pathlib import Path

import pandas as pd
import yaml

from scoreladder import files, specs
from scoreladder.report import page

NOTES = {
    "Same for every variant": (
        "network and number of parameters, training images, optimiser, averaging, evaluations of "
        "the network per sample, first noise, and number of step sizes tried"
    ),
    "Step size": (
        "chosen per variant on the tuning split, which no reported number uses, with the first "
        "training seed's model"
    ),
    "Intervals": (
        "95 %, Student's t over training seeds; two variants are compared seed by seed; SE within "
        "a run is a bootstrap over its samples"
    ),
    "Floor": "the same metric between two disjoint sets of real data as large as the samples",
}


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
    others = specs.figures(experiment)
    html = page.render(
        experiment,
        files.read_json(folder / "summary" / "claims.json")["claims"],
        compared,
        [figure(name, title, name) for name, title in others.items()],
        yaml.safe_dump(experiment, sort_keys=False, allow_unicode=True, width=100),
        provenance(pd.read_csv(folder / "summary" / "runs.csv"), files.read_json(manifest)),
        NOTES,
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

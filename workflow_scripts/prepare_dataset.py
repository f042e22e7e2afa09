"""Write a data set's fixed splits."""

from pathlib import Path

from scoreladder import datasets


def prepare_dataset(dataset: dict, path: Path) -> dict:
    """Load the data that the config block names and save it; returns its summary."""
    splits = datasets.load(dataset)
    datasets.write(splits, path)
    return splits.summary()


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        current.facts["splits"] = prepare_dataset(
            current.spec["dataset"], Path(snakemake.output.data)
        )

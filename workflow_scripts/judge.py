"""Judge an experiment's claims by the numbers of its runs."""

from pathlib import Path

import pandas as pd

from scoreladder import ablation, files


def judge(runs: Path, claims: list[dict], labels: dict[str, str], path: Path) -> None:
    """Write every claim with its verdict, checks, effect sizes and intervals as JSON."""
    files.write_json(path, {"claims": ablation.judge(pd.read_csv(runs), claims, labels)})


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        judge(
            Path(snakemake.input.runs),
            current.spec["claims"],
            current.spec["labels"],
            Path(snakemake.output.claims),
        )

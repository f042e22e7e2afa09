"""Write the table of one comparison as CSV, Markdown and LaTeX."""

from pathlib import Path

import pandas as pd

from scoreladder import ablation, files, formats

NOTES = (
    "Mean and 95 % interval over n training seeds; differences to the first row are paired by "
    "seed. sd (train): over training seeds; se (within): bootstrap within one run. "
    "*: the tuned step is at an end of the tuning grid."
)


def write_comparison(
    runs: Path, floor: Path, comparison: dict, csv: Path, markdown: Path, latex: Path
) -> None:
    """Compare the runs of a comparison's variants and write the three forms of its table."""
    title, published = comparison["title"], comparison["literature"]
    table = ablation.compare(pd.read_csv(runs), comparison, files.read_json(floor))
    with files.atomic_path(csv) as temporary:
        table.to_csv(temporary, index=False)
    files.write_text(markdown, formats.markdown(table, title, NOTES, published))
    files.write_text(latex, formats.latex(table, title, NOTES, published))


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        write_comparison(
            Path(snakemake.input.runs),
            Path(snakemake.input.floor),
            current.spec["comparison"],
            Path(snakemake.output.csv),
            Path(snakemake.output.markdown),
            Path(snakemake.output.latex),
        )

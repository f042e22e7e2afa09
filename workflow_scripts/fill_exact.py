"""Fill a hole by each method with the exact score of a Gaussian, whose conditional is known."""

from pathlib import Path

from scoreladder import files, filling_bias

CHAINS = 20_000


def fill_exact(path: Path) -> None:
    """Write the mean and variance that each method fills the hole with."""
    files.write_json(path, filling_bias.table(CHAINS))


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        fill_exact(Path(snakemake.output.filled))
        current.facts |= {"device": "cpu", "dtype": "float64", "chains": CHAINS}

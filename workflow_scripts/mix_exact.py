"""Run Song & Ermon's toy with the exact score: which share of the chains ends in the heavy mode."""

from pathlib import Path

from scoreladder import files, ncsn_toy

CHAINS = 20_000


def mix_exact(path: Path) -> None:
    """Write the heavy mode's share for each of the toy's configurations."""
    rows = ncsn_toy.table(ncsn_toy.exact_denoiser, CHAINS, ("exact mixing",))
    files.write_json(path, {"rows": rows})


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        mix_exact(Path(snakemake.output.mixing))
        current.facts |= {"device": "cpu", "dtype": "float32", "chains": CHAINS}

"""Run Song & Ermon's toy with the exact score: which share of the chains ends in the heavy mode."""

from pathlib import Path

from scoreladder import files, ncsn_toy, progress, seeds

CHAINS = 20_000


def mix_exact(path: Path) -> None:
    """Write the heavy mode's share for each of the toy's configurations."""
    rows = []
    every = progress.track(
        ncsn_toy.CONFIGURATIONS.items(), len(ncsn_toy.CONFIGURATIONS), "mixing", "row"
    )
    for name, configuration in every:
        generator = seeds.generator("exact mixing", name)
        weight = ncsn_toy.heavy_weight(ncsn_toy.exact_denoiser, configuration, CHAINS, generator)
        rows.append({"configuration": name, "heavy_weight": weight})
    files.write_json(path, {"rows": rows})


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        mix_exact(Path(snakemake.output.mixing))
        current.facts |= {"device": "cpu", "dtype": "float32", "chains": CHAINS}

"""Run Song & Ermon's toy with a learned score: which share of the chains ends in the heavy mode."""

from pathlib import Path

from scoreladder import denoiser, devices, files, ncsn_toy


def mix_weights(model: Path, chains: int, seed: int, device: str, path: Path) -> dict:
    """Write the heavy mode's share for each of the toy's configurations."""
    where = devices.choose(device)
    network = denoiser.load(model, where)
    rows = ncsn_toy.table(network, chains, ("mixing", seed), where)
    files.write_json(path, {"rows": rows})
    return {"device": devices.describe(where), "dtype": "float32"}


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        current.facts |= mix_weights(
            Path(snakemake.input.model),
            current.spec["chains"],
            current.spec["seed"],
            current.device,
            Path(snakemake.output.mixing),
        )

"""Variants in words, as tables print them; torch-free."""

POWERS = {"one": "1", "sigma": "σ", "sigma2": "σ²"}


def ladder(noise: dict) -> str:
    """E.g. "geometric 5 → 0.05, 10 levels"."""
    if noise["kind"] == "single":
        return f"σ = {noise['sigma']:g}"
    ends = f"{noise['sigma_max']:g} → {noise['sigma_min']:g}"
    return f"{noise['kind']} {ends}, {noise['levels']} levels"


def weighting(block: dict) -> str:
    """λ(σ), e.g. "σ²"."""
    return POWERS.get(block["kind"]) or f"σ^{block['power']:g}"


def density(block: dict) -> str:
    """p(σ), e.g. "uniform over levels"."""
    if block["kind"] == "ladder":
        return "uniform over levels"
    if block["kind"] == "log_uniform":
        return f"log-uniform {block['sigma_min']:g} to {block['sigma_max']:g}"
    return f"log-normal({block['mean']:g}, {block['std']:g}²)"


def sampler(sample: dict) -> str:
    """The sampler and what it runs through."""
    name = {"langevin": "Langevin", "annealed_langevin": "annealed Langevin"}[sample["sampler"]]
    tail = "" if sample["denoise"] else ", no final denoise"
    return f"{name}, {ladder(sample['ladder'])}{tail}"

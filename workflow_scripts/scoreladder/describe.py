"""Variants in words, as tables print them; torch-free."""

MISSING = "–"
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

SAMPLERS = {
    "langevin": "Langevin",
    "annealed_langevin": "annealed Langevin",
    "consistent_annealed": "consistent annealed",
    "reverse_diffusion": "reverse diffusion",
    "ancestral": "ancestral",
    "ddim": "DDIM",
    "predictor_corrector": "predictor–corrector",
    "pf_ode": "probability-flow ODE",
    "heun": "Heun",
    "dpmpp_2m": "DPM-Solver++(2M)",
}
# keys of a sample block that say nothing of one sampler alone
SHARED = ("sampler", "count", "shards", "nfe", "step_size", "denoise", "start_std", "ladder")
DIRECT = {"vae": "VAE decoder", "flow": "normalising flow", "gan": "GAN generator"}
LOSSES = {"vae": "evidence bound", "flow": "negative log-likelihood", "gan": "adversarial loss"}
SDES = {"ve": "VE", "vp": "VP", "sub_vp": "sub-VP"}
OBJECTIVES = {
    "dsm": "denoising score matching",
    "sliced": "sliced score matching",
    "sliced_vr": "sliced score matching, variance-reduced",
    "implicit": "implicit score matching",
}
WEIGHTINGS = {
    "one": "1",
    "sigma": "σ",
    "sigma2": "σ²",
    "truncated_snr": "truncated SNR",
    "edm": "EDM",
    "x0": "x₀",
    "v": "v",
}
AXES = {
    "noise.sigma": "training σ",
    "noise.levels": "noise levels L",
    "noise.sigma_max": "largest noise level σ₁",
    "noise.sigma_min": "smallest noise level σ_L",
    "training.images": "training images",
    "sample.nfe": "network evaluations per sample",
    "sample.count": "samples",
    "network.width": "network width",
}


def ladder(noise: dict | None) -> str:
    """E.g. "geometric 5 → 0.05, 10 levels"; a dash for None."""
    if noise is None:
        return MISSING
    kind = noise["kind"]
    if kind == "single":
        return f"σ = {noise['sigma']:g}"
    if kind == "ncsnv2":
        return f"NCSNv2 from the data → {noise['sigma_min']:g}, C = {noise['c']:g}"
    levels = f"{noise['levels']} levels"
    if kind == "cosine":
        return f"cosine of {noise['steps']} steps, {levels}"
    if kind == "ddpm_linear":
        ends = f"{noise['beta_start']:g} → {noise['beta_end']:g}"
        return f"DDPM linear β {ends} in {noise['steps']} steps, {levels}"
    if kind in SDES:
        return f"{SDES[kind]} β {noise['beta_min']:g} → {noise['beta_max']:g}, {levels}"
    ends = ("sigma_max", "sigma_min")
    words = f"Karras (ρ = {noise['rho']:g})" if kind == "karras" else _plain(noise, *ends, "levels")
    if set(ends) <= set(noise):
        words += f" {noise['sigma_max']:g} → {noise['sigma_min']:g}"
    return f"{words}, {levels}"


def weighting(block: dict | None) -> str:
    """λ(σ), e.g. "σ²"; a dash for None."""
    if block is None:
        return MISSING
    kind = block["kind"]
    if kind == "sigma_power":
        return _sigma_to(block["power"])
    if kind == "likelihood":
        return f"g² of {SDES[block['sde']]}"
    if kind == "min_snr":
        return f"min-SNR-{block['gamma']:g}"
    if kind == "p2":
        return f"P2, k = {block['k']:g}, γ = {block['gamma']:g}"
    return WEIGHTINGS.get(kind) or _plain(block)


def density(block: dict | None) -> str:
    """p(σ), e.g. "uniform over levels"; a dash for None."""
    if block is None:
        return MISSING
    kind = block["kind"]
    if kind == "ladder":
        power = block["power"]
        return f"levels by {_sigma_to(power)}" if power else "uniform over levels"
    if kind == "importance":
        return "levels by their loss"
    if kind == "log_uniform":
        return f"log-uniform {block['sigma_min']:g} to {block['sigma_max']:g}"
    if kind == "log_normal":
        return f"log-normal({block['mean']:g}, {block['std']:g}²)"
    return f"{SDES[kind]}, uniform time"


def objective(name: str | None) -> str:
    """What training minimises, e.g. "denoising score matching"; a dash for None."""
    return MISSING if name is None else OBJECTIVES[name]


def loss(variant: dict) -> str:
    """What a variant's training loss is, e.g. "denoising score matching" or "adversarial loss"."""
    return LOSSES.get(variant["network"]["kind"]) or objective(variant["objective"])


def model(variant: dict) -> str:
    """The network, how its answer is read and what it is told, e.g. "MLP 256 × 2, EDM, log σ"."""
    network = variant["network"]
    if network["kind"] == "unet":
        dropped = f", dropout {network['dropout']:g}" if network["dropout"] else ""
        return f"UNet {network['size']}, {_read(variant)}{dropped}"
    size = f"{network['width']} × {network['blocks']}"
    if network["kind"] == "mlp":
        words, octaves = f"MLP {size}, {_read(variant)}", network["octaves"]
        return f"{words}, {octaves} octave{'s' * (octaves > 1)}" if octaves else words
    if network["kind"] == "flow":
        return f"flow {size}, {network['transforms']} transforms"
    return f"{network['kind'].upper()} {size}, {network['latent']} latent"


def _read(variant: dict) -> str:
    """How a score model's answer is read and what it is told, e.g. "EDM, log σ"."""
    reading = variant["denoiser"].replace("score_over_sigma", "score/σ").replace("edm", "EDM")
    reading = {"epsilon": "ε", "x0": "x₀"}.get(reading, reading)
    told = {"log_sigma": "log σ", "index": "level index", "none": "no σ"}
    return f"{reading}, {told[variant['network']['conditioning']]}"


def sampler(variant: dict) -> str:
    """The sampler and what it runs through; for other families, what draws their samples."""
    sample = variant["sample"]
    name = sample["sampler"]
    if name == "direct":
        return DIRECT[variant["network"]["kind"]]
    words = f"{sampler_name(name)}{_knobs(sample)}, {_visited(sample)}"
    # only some samplers can leave it out
    return words if sample.get("denoise", True) else f"{words}, no final denoise"


def sampler_name(name: str) -> str:
    """A sampler in words; its own name where it has no others."""
    return SAMPLERS.get(name) or name.replace("_", " ")


def source(variant: dict) -> str:
    """What a variant's samples come from, in a few words: its ladder, or its family."""
    return sampler(variant) if variant["noise"] is None else ladder(variant["noise"])


def axis(key: str) -> str:
    """A dotted key of a variant as the label of an axis; the key itself where none is known."""
    return AXES.get(key, key)


def _sigma_to(power: float) -> str:
    if power in (0, 1):
        return "σ" if power else "1"
    text = f"{power:g}"
    # no superscript stands for a decimal point
    return f"σ^{text}" if "." in text else f"σ{text.translate(SUPERSCRIPTS)}"


def _plain(block: dict, *said: str) -> str:
    """A kind that has no words of its own: its name and, in brackets, its keys but those said."""
    own = {key: value for key, value in block.items() if key not in ("kind", *said)}
    return block["kind"].replace("_", " ") + _bracketed(own)


def _bracketed(settings: dict) -> str:
    told = [f"{k} = {v if isinstance(v, str) else f'{v:g}'}" for k, v in settings.items()]
    return f" ({', '.join(told)})" if told else ""


def _knobs(sample: dict) -> str:
    """What a sampler was told beyond its defaults, e.g. " (η = 1)"."""
    if sample["sampler"] not in SAMPLERS:
        return _bracketed({key: sample[key] for key in sample if key not in SHARED})
    knobs = {
        "ddim": f"η = {sample.get('eta', 0):g}" if sample.get("eta") else "",
        "heun": f"churn {sample.get('churn', 0):g}" if sample.get("churn") else "",
        "predictor_corrector": f"SNR {sample.get('snr', 0):g}",
        "pf_ode": f"rtol {sample.get('rtol', 0):g}",
    }
    knob = knobs.get(sample["sampler"])
    return f" ({knob})" if knob else ""


def _visited(sample: dict) -> str:
    ladder_ = sample["ladder"]
    if sample["sampler"] == "pf_ode" and "sigma_max" in ladder_:
        return f"{ladder_['sigma_max']:g} → {ladder_['sigma_min']:g}"
    return ladder(ladder_)

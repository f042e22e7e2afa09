"""Experiment files that are sound, and the message that a change of one gives."""

from pathlib import Path

import pytest

from scoreladder.variants import ConfigError, load_experiment

# defaults, below which go variants and all that follows
HEAD = """
title: A title
dataset: {name: digits}
features: {kind: digit_classifier, steps: 10}
replicates: {train_seeds: [0, 1], sample_seeds: [0]}
tuning: {metric: fid, relative_step_sizes: [0.1, 0.2], count: 10}
defaults:
  noise: {kind: geometric, sigma_max: 5.0, sigma_min: 0.05, levels: 10}
  weighting: sigma2
  denoiser: edm
  network: {kind: mlp, width: 8, blocks: 1}
  training:
    images: 1000
    batch_size: 100
    learning_rate: 0.01
    schedule: cosine
    warmup_images: 0
    ema_halflife: 0
    gradient_clip: 1.0
  sample:
    {sampler: annealed_langevin, nfe: 50, step_size: tuned, denoise: true,
     count: 20, start_std: 5.0}
"""

VALID = """\
title: A title
dataset: {name: digits}
features: {kind: digit_classifier, steps: 10}
replicates: {train_seeds: [0, 1], sample_seeds: [0]}
tuning: {metric: fid, relative_step_sizes: [0.1, 0.2], count: 10}
defaults:
  noise: {kind: geometric, sigma_max: 5.0, sigma_min: 0.05, levels: 10}
  weighting: sigma2
  density: ladder
  denoiser: edm
  network: {kind: mlp, width: 8, blocks: 1}
  training:
    images: 1000
    batch_size: 100
    learning_rate: 0.01
    schedule: cosine
    warmup_images: 0
    ema_halflife: 0
    gradient_clip: 1.0
  sample:
    {sampler: annealed_langevin, nfe: 50, step_size: tuned, denoise: true,
     count: 20, start_std: 5.0}
variants:
  multi: {}
  few: {noise: {levels: 3}}
grids:
  single:
    over: {noise.sigma: [0.1, 1.0]}
    name: "single-{noise.sigma}"
    noise: {kind: single}
    sample: {sampler: langevin}
comparisons:
  - {name: one, baseline: multi, arms: [few, single-0.1], metric: fid}
claims:
  - {id: first, says: So it is., better: multi, than: [few], metric: fid}
"""
MIXTURE = (
    "{name: gaussian_mixture, means: [[0, 1], [1, 0]], stds: [1, 1], weights: [0.5, 0.5], "
    "train_size: 9, tune_size: 9, test_size: 9}"
)
# an experiment on points that has every block
POINTS = """\
title: A title
dataset:
  {name: gaussian_mixture, means: [[5, 5], [-5, -5]], stds: [1, 1], weights: [0.8, 0.2],
   train_size: 9, tune_size: 9, test_size: 9}
datasets:
  moons: {name: two_moons, noise: 0.1, train_size: 9, tune_size: 9, test_size: 9}
  grid:
    {name: gaussian_grid, side: 5, spacing: 2, std: 0.1, train_size: 9, tune_size: 9, test_size: 9}
  masses:
    {name: gaussian_mixture, means: [[5, 5], [-5, -5]], stds: [0.01, 0.001], weights: [0.8, 0.2],
     train_size: 9, tune_size: 9, test_size: 9}
replicates: {train_seeds: [0, 1], sample_seeds: [0]}
tuning: {metric: sliced_w1, relative_step_sizes: [0.1, 0.2], count: 10}
defaults:
  noise: {kind: geometric, sigma_max: 20.0, sigma_min: 0.2, levels: 10}
  weighting: sigma2
  denoiser: edm
  network: {kind: mlp, width: 8, blocks: 1}
  training:
    images: 1000
    batch_size: 100
    learning_rate: 0.01
    schedule: cosine
    warmup_images: 0
    ema_halflife: 0
    gradient_clip: 1.0
  sample:
    {sampler: annealed_langevin, nfe: 50, step_size: tuned, denoise: true,
     count: 20, start_std: 8.0}
variants:
  multi: {}
  heun: {reuses: multi, sample: {sampler: heun, nfe: 19}}
  flow: {network: {kind: flow, width: 8, blocks: 2, transforms: 3}}
  gan: {network: {kind: gan, width: 8, blocks: 2, latent: 2}}
  single: {noise: {kind: single, sigma: 1.0}, sample: {sampler: langevin}}
  toy: {data: masses, noise: {sigma_min: 1.0}, density: log_uniform}
grids:
  levels: {over: {noise.levels: [3, 5]}, name: "levels-{noise.levels}"}
  other: {over: {data: [moons, grid]}, name: "multi-{data}"}
likelihood: {variants: [multi, flow, multi-moons], points: 9, divergence: exact}
nfe_sweep:
  variant: multi
  samplers:
    annealed_langevin: {nfe: [20, 50]}
    heun: {nfe: [9, 19], churn: 2.0}
    pf_ode: {rtol: [0.01, 0.001]}
  metric: sliced_w2
  count: 30
mixing: {variant: toy, chains: 100}
gallery: [multi-moons, multi-grid]
comparisons:
  - {name: length, baseline: multi, arms: [levels-3, levels-5], metric: mmd, axis: noise.levels}
  - {name: family, baseline: multi, arms: [flow], metric: nll}
claims:
  - {id: first, says: So it is., better: multi, than: [heun], metric: mode_coverage}
"""


def load_below(folder: Path, text: str) -> dict:
    """The experiment of HEAD and what stands below it."""
    path = folder / "small.yaml"
    path.write_text(HEAD + text, encoding="utf-8")
    return load_experiment(path)


def loaded(folder: Path, text: str) -> dict:
    """The experiment in a file of that text."""
    path = folder / "experiment.yaml"
    path.write_text(text, encoding="utf-8")
    return load_experiment(path)


def expect_mistake(folder: Path, text: str, old: str, new: str, key: str, says: str) -> None:
    """See that `text` with `new` for its first `old` gives one line, at `key`, that says so."""
    assert text.count(old) >= 1
    line = message(folder, text.replace(old, new, 1))
    assert line.startswith(f"{key}: ")
    assert says in line


def message(folder: Path, content: str | bytes) -> str:
    """What loading a file of that content says is wrong, in one short line; without the file."""
    path = folder / "experiment.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError) as caught:
        load_experiment(path)
    line = str(caught.value)
    assert line.startswith(f"{path}: ")
    line = line.removeprefix(f"{path}: ")
    assert "\n" not in line and "schema" not in line
    assert len(line) < 400
    return line

"""What measuring jobs write: their plain functions on tiny models, without the workflow."""

import json
import math

import numpy as np
import pytest
import torch

import map_scores
import measure_likelihood
import mix_exact
import mix_weights
import sweep_nfe
from scoreladder import datasets, files, models, ncsn_toy
from scoreladder import reference as references
from scoreladder.datasets import Splits
from scoreladder.errors import JobFailed

LADDER = {"kind": "geometric", "sigma_max": 3.0, "sigma_min": 0.2, "levels": 4}
BLOCKS = {"noise": LADDER, "density": {"kind": "ladder"}, "denoiser": "edm"}
MLP = {"kind": "mlp", "width": 4, "blocks": 1}
FLOW = {"kind": "flow", "width": 4, "blocks": 1, "transforms": 1}
# N(0, I), as a mixture of one component
NORMAL = {"name": "gaussian_mixture", "means": [[0.0, 0.0]], "stds": [1.0], "weights": [1.0]}
LANGEVIN = {"nfe": 9, "denoise": True, "start_std": 3.0}


def normal(n, *shape, seed=0):
    """Standard normal numbers, float32, with mean 0 and variance 1 as they are drawn."""
    x = torch.randn(n, *shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    x = x - x.mean(dim=0)
    return (x / x.std()).float()


def save(path, network=MLP, change=None, **blocks):
    """An untrained model's file; EDM's denoiser whose network still answers 0 is that of NORMAL."""
    direct = network["kind"] != "mlp"
    chosen = dict.fromkeys(BLOCKS) if direct else BLOCKS | blocks
    description = models.describe(chosen | {"network": network}, normal(4000, 2))
    model = models.build(description)
    if change is not None:
        with torch.no_grad():
            change(model)
    models.save(model, description, path)
    return path


def splits(path, *parts):
    """A file of three splits, train, tune and test."""
    parts = [np.asarray(part) for part in parts]
    datasets.write(Splits(*parts, *(np.zeros(len(part), dtype=np.int64) for part in parts)), path)
    return path


@pytest.fixture
def model(tmp_path):
    return save(tmp_path / "model.safetensors")


# --- likelihood


def likelihood(tmp_path, path, test, dataset, points, divergence="exact"):
    data = splits(tmp_path / "splits.json", test[:2], test[:2], test)
    spec = {"dataset": dataset, "points": points, "divergence": divergence, "seed": 0}
    out = tmp_path / "likelihood.json"
    measure_likelihood.measure_likelihood(data, path, spec, "cpu", out)
    return files.read_json(out)["metrics"]


def test_the_likelihood_of_the_first_points_is_written_with_its_error(tmp_path, model):
    test = normal(60, 2, seed=1)
    found = likelihood(tmp_path, model, test, NORMAL, 40)
    variance = 1 + LADDER["sigma_min"] ** 2
    each = (test[:40].double() ** 2 / variance + math.log(2 * math.pi * variance)).sum(dim=1) / 4
    assert sorted(found) == ["nll", "nll_se"]
    assert found["nll"] == pytest.approx(each.mean().item(), abs=2e-3)
    assert found["nll_se"] == pytest.approx((each.std() / 40**0.5).item(), rel=0.01)


def test_a_likelihood_is_kept_batch_by_batch(tmp_path, model, monkeypatch):
    monkeypatch.setattr(measure_likelihood, "BATCH_VALUES", 2 * 15)
    test, kept = normal(60, 2, seed=1), {}
    data = splits(tmp_path / "splits.json", test[:2], test[:2], test)
    spec = {"dataset": NORMAL, "points": 40, "divergence": "exact", "seed": 0}

    def keep(name, compute):
        kept[name] = compute()
        return kept[name]

    out = tmp_path / "likelihood.json"
    measure_likelihood.measure_likelihood(data, model, spec, "cpu", out, keep)
    assert {name: len(part["nll"]) for name, part in kept.items()} == {
        "points0": 15,
        "points15": 15,
        "points30": 10,
    }
    monkeypatch.undo()
    whole = likelihood(tmp_path, model, test, NORMAL, 40)
    assert files.read_json(out)["metrics"]["nll"] == pytest.approx(whole["nll"], abs=1e-3)


@pytest.mark.parametrize("kind", ["flow", "vae"])
def test_direct_models_have_a_likelihood_whatever_the_divergence(tmp_path, kind):
    network = FLOW if kind == "flow" else {"kind": "vae", "width": 4, "blocks": 1, "latent": 2}
    path, test = save(tmp_path / "model.safetensors", network), normal(30, 2, seed=1)
    found = likelihood(tmp_path, path, test, NORMAL, 30, divergence=None)
    assert math.isfinite(found["nll"]) and found["nll_se"] > 0
    assert found == likelihood(tmp_path, path, test, NORMAL, 30, divergence="exact")


def test_a_likelihood_that_is_not_finite_fails_the_job(tmp_path):
    path = save(tmp_path / "model.safetensors", FLOW)
    test = normal(10, 2).index_fill(0, torch.tensor([1, 2]), math.nan)
    with pytest.raises(JobFailed, match="the likelihood of 20% of the data is not finite"):
        likelihood(tmp_path, path, test, NORMAL, 10)
    assert not (tmp_path / "likelihood.json").exists()


# --- sweep of samplers and budgets


def block(sampler, levels=None, **keys):
    ladder = LADDER if levels is None else LADDER | {"levels": levels}
    return sampler, {"sampler": sampler, "ladder": ladder, "count": 300, **keys}


def swept(tmp_path, path, blocks, sizes=(0.05, 0.2, 0.5)):
    # elsewhere, so that what is tuned on and what is reported cannot be mistaken for each other
    tune, test = normal(200, 2).numpy() + 3, normal(200, 2, seed=1).numpy()
    reference = tmp_path / "reference.json"
    for name, part in {"train": tune, "tune": tune, "test": test}.items():
        np.save(references.files(reference)[name], part)
    references.complete(reference, "test", neighbours=False)
    tuning = {"metric": "sliced_w1", "relative_step_sizes": list(sizes), "count": 200}
    spec = {"dataset": NORMAL, "features": None, "tuning": tuning, "samples": blocks, "seed": 0}
    out = tmp_path / "sweep.json"
    facts = sweep_nfe.sweep_nfe(path, reference, None, spec, "cpu", out)
    assert facts["dtype"] == "float32" and facts["device"].startswith("cpu")
    return files.read_json(out)["rows"]


def test_a_sweep_counts_the_evaluations_of_every_sampler_and_measures_its_samples(tmp_path, model):
    blocks = [
        block("annealed_langevin", step_size=0.2, **LANGEVIN),
        block("consistent_annealed", step_size=0.9, denoise=True, start_std=3.0),
        block("ddim", 6, eta=0.0),
        block("ddim", 12, eta=0.0),
        block("heun", 5, churn=0.0),
        block("predictor_corrector", 3, snr=0.16, corrector_steps=1),
        block("dpmpp_2m", 7),
        block("pf_ode", 2, rtol=0.01),
    ]
    rows = swept(tmp_path, model, blocks)
    assert [row["sampler"] for row in rows] == [name for name, _ in blocks]
    assert [row["nfe"] for row in rows[:-1]] == [9, 5, 6, 12, 9, 6, 7]
    assert 5 < rows[-1]["nfe"] < 100
    steps = [row["relative_step_size"] for row in rows]
    assert steps == [0.2, 0.9, *[None] * 6]
    metrics = {"sliced_w1", "sliced_w2", "mmd", "weight_error", "mode_coverage"}
    assert all(metrics <= set(row) for row in rows)
    # the model is exact, and so is its ODE but for the noise of 300 draws
    assert rows[-1]["sliced_w1"] < 0.15 and rows[-1]["mode_coverage"] == 1
    assert rows == swept(tmp_path, model, blocks)


def test_a_tuned_branch_of_a_sweep_keeps_its_curve(tmp_path, model):
    tuned = block("annealed_langevin", step_size="tuned", **LANGEVIN)
    longer = block("annealed_langevin", step_size="tuned", **LANGEVIN | {"nfe": 41})
    given = block("annealed_langevin", step_size=0.2, **LANGEVIN)
    rows = swept(tmp_path, model, [tuned, longer, given])
    for row in rows[:2]:
        assert [trial["relative_step_size"] for trial in row["curve"]] == [0.05, 0.2, 0.5]
        best = min(row["curve"], key=lambda trial: trial["value"])
        assert row["relative_step_size"] == best["relative_step_size"]
        assert best["value"] > 1 > row["sliced_w1"]
        assert row["at_grid_edge"] == (best in (row["curve"][0], row["curve"][-1]))
    assert rows[0]["curve"] != rows[1]["curve"]
    assert not rows[2].get("curve") and not rows[2].get("at_grid_edge")
    # what is tuned is drawn with the step that was found
    again = block("annealed_langevin", step_size=rows[0]["relative_step_size"], **LANGEVIN)
    assert swept(tmp_path, model, [again])[0]["sliced_w1"] == rows[0]["sliced_w1"]


def test_a_trial_that_diverges_or_is_refused_leaves_a_gap_in_the_curve(tmp_path, model):
    annealed = block("annealed_langevin", step_size="tuned", **LANGEVIN)
    consistent = block("consistent_annealed", step_size="tuned", denoise=True, start_std=3.0)
    rows = swept(tmp_path, model, [annealed, consistent], (0.01, 0.9, 1e30))
    gaps = [[trial["value"] is None for trial in row["curve"]] for row in rows]
    assert gaps == [[False, False, True], [True, False, True]]
    assert rows[1]["relative_step_size"] == 0.9 and "sliced_w1" in rows[1]


@pytest.mark.parametrize(
    "failing",
    [
        block("annealed_langevin", step_size=1e30, **LANGEVIN),
        block("annealed_langevin", step_size="tuned", **LANGEVIN),
        block("consistent_annealed", step_size=0.01, denoise=True, nfe=5),
        block("consistent_annealed", step_size="tuned", denoise=True, nfe=5),
    ],
    ids=["diverges", "diverges at every step", "is refused", "is refused at every step"],
)
def test_a_budget_that_fails_leaves_a_row_without_metrics_beside_the_others(
    tmp_path, model, failing
):
    sound = block("ddim", 6, eta=0.0)
    rows = swept(tmp_path, model, [sound, failing, sound], sizes=(1e30, 1e35))
    assert [row["sampler"] for row in rows] == ["ddim", failing[0], "ddim"]
    assert "sliced_w1" in rows[0] and rows[0] == rows[2]
    assert not {"sliced_w1", "sliced_w2", "mmd", "weight_error"} & set(rows[1])
    if failing[1]["step_size"] == "tuned":
        assert [trial["value"] for trial in rows[1]["curve"]] == [None, None]


def test_what_is_written_is_strict_json(tmp_path, model):
    """A diverged budget leaves no NaN behind, which other readers would refuse."""
    swept(tmp_path, model, [block("annealed_langevin", step_size=1e30, **LANGEVIN)])

    def refuse(constant):
        raise AssertionError(constant)

    json.loads((tmp_path / "sweep.json").read_text(encoding="utf-8"), parse_constant=refuse)


# --- Song & Ermon's toy


def test_the_exact_score_has_the_published_weights(tmp_path, monkeypatch):
    monkeypatch.setattr(mix_exact, "CHAINS", 2000)
    mix_exact.mix_exact(tmp_path / "exact.json")
    rows = files.read_json(tmp_path / "exact.json")["rows"]
    assert [row["configuration"] for row in rows] == list(ncsn_toy.CONFIGURATIONS)
    shares = {row["configuration"]: row["heavy_weight"] for row in rows}
    # four standard errors of 2000 chains
    assert shares["plain, σ = 1"] == pytest.approx(0.511, abs=0.045)
    assert shares["L = 10, σ₁ = 20"] == pytest.approx(0.784, abs=0.045)
    assert shares["L = 2, σ₁ = 20"] == pytest.approx(0.581, abs=0.045)


SHORT = {
    "plain": ncsn_toy.Configuration(1, 1.0, 200),
    "annealed": ncsn_toy.Configuration(4, 20.0, 50),
}


def mixed(tmp_path, path, seed=0):
    facts = mix_weights.mix_weights(path, 200, seed, "cpu", tmp_path / "mixing.json")
    assert facts["dtype"] == "float32"
    return files.read_json(tmp_path / "mixing.json")["rows"]


@pytest.mark.parametrize(("mode", "share"), [(5.0, 1.0), (-5.0, 0.0)])
def test_a_score_that_knows_one_mode_alone_mixes_nothing(tmp_path, monkeypatch, mode, share):
    monkeypatch.setattr(ncsn_toy, "CONFIGURATIONS", SHORT)
    noise = LADDER | {"sigma_max": 20.0, "sigma_min": 1.0}
    path = save(
        tmp_path / "model.safetensors",
        change=lambda model: model.network.leave.bias.fill_(mode),
        noise=noise,
        denoiser="x0",
    )
    assert mixed(tmp_path, path) == [
        {"configuration": "plain", "heavy_weight": share},
        {"configuration": "annealed", "heavy_weight": share},
    ]


def test_mixing_weights_follow_the_seed(tmp_path, monkeypatch, model):
    monkeypatch.setattr(ncsn_toy, "CONFIGURATIONS", SHORT)
    first, again, other = (mixed(tmp_path, model, seed) for seed in (0, 0, 1))
    assert first == again != other
    # of one mode in the middle, either half is as likely; four standard errors
    assert all(0.35 < row["heavy_weight"] < 0.65 for row in first + other)


# --- scores on a grid


def test_scores_are_mapped_at_the_smallest_level_of_each_models_ladder(tmp_path, model):
    other = save(tmp_path / "other.safetensors", noise=LADDER | {"sigma_min": 0.5})
    ladders = {"multi": LADDER, "other": LADDER | {"sigma_min": 0.5}}
    paths = {"multi": model, "other": other}
    map_scores.map_scores(paths, ladders, NORMAL, tmp_path / "fields.npz")
    with np.load(tmp_path / "fields.npz", allow_pickle=False) as arrays:
        maps = dict(arrays)
    assert maps["variants"].tolist() == ["multi", "other"]
    assert maps["sigmas"] == pytest.approx([0.2, 0.5])
    grid = np.stack(np.meshgrid(maps["ticks"], maps["ticks"]), axis=-1)
    assert maps["exact"] == pytest.approx(-grid)
    for learned, sigma in zip(maps["scores"], maps["sigmas"], strict=True):
        assert learned == pytest.approx(-grid / (1 + sigma**2), abs=1e-4)
    exact = -0.5 * (grid**2).sum(axis=-1) - math.log(2 * math.pi)
    assert maps["log_prob"] == pytest.approx(exact)

"""The tables that are gathered from what jobs left, on files written here."""

import math

import pandas as pd
import pytest
from config_examples import POINTS, loaded

from scoreladder import catalog, files, ncsn_toy, runs

SEEDS = (0, 1)
SWEPT = [
    {"sampler": "annealed_langevin", "nfe": 20, "relative_step_size": 0.1, "sliced_w2": 0.5},
    # its chains did not stay finite
    {"sampler": "annealed_langevin", "nfe": 50, "relative_step_size": 0.2},
    {"sampler": "pf_ode", "nfe": 33, "relative_step_size": None, "sliced_w2": 0.4},
]
TUNED = {
    "metric": "sliced_w1",
    "curve": [
        {"relative_step_size": 0.1, "value": 0.7},
        {"relative_step_size": 0.2, "value": None},
    ],
    "relative_step_size": 0.1,
    "at_grid_edge": True,
}
DIRECT = ("flow", "gan")


def mixed(share):
    return [{"configuration": name, "heavy_weight": share} for name in ncsn_toy.CONFIGURATIONS]


def write_model(folder, name, seed, direct):
    manifest = {
        "images": 1000,
        "parameters": 99,
        "train_seconds": 12.5,
        "device": "cpu",
        "code": "abc",
        "versions": {"python": "3.11", "torch": "2.13"},
        "peak_memory_mib": 300.0,
    }
    here = folder / "models" / name / f"seed{seed}"
    files.write_json(here / "manifest.json", manifest)
    # what a flow minimises may be negative
    losses = [{"images": i, "loss": 1.0 / i - direct} for i in (500, 1000)]
    files.write_csv(here / "curve.csv", losses)


def write_run(folder, name, seed, step_size, direct):
    manifest = {
        "spec": {"seed": seed, "sample_seed": 0},
        "nfe": 1 if direct else 50,
        "seconds": 2.0,
        "device": "cuda",
        "code": "def",
        "peak_memory_mib": 400.0,
    }
    if step_size is not None:
        manifest |= {"relative_step_size": step_size, "step_size": step_size * 0.04}
    run = f"{name}/seed{seed}/s0"
    files.write_json(folder / "samples" / run / "shard0.manifest.json", manifest)
    levels = {} if direct else {"sigma": [20.0, 0.2], "loss": [0.1 + seed, 0.9]}
    metrics = {"metrics": {"sliced_w1": 0.5 + seed}, "levels": levels}
    files.write_json(folder / "metrics" / f"{run}.json", metrics)
    files.write_json(folder / "metrics" / f"{run}.manifest.json", {"code": "ghi"})


def write_results(experiment, folder):
    """All that an experiment's jobs leave for `gather`."""
    for name, variant in experiment["variants"].items():
        tuned = variant["sample"].get("step_size") == "tuned"
        if tuned:
            files.write_json(folder / "tuning" / f"{name}.json", TUNED)
        for seed in SEEDS:
            direct = name in DIRECT
            if variant["model"] == name:
                write_model(folder, name, seed, direct)
            write_run(folder, name, seed, 0.1 if tuned else None, direct)
    for seed in SEEDS:
        for name in experiment["likelihood"]["variants"]:
            found = {"metrics": {"nll": 1.0 + seed, "nll_se": 0.1}}
            files.write_json(folder / "likelihood" / name / f"seed{seed}.json", found)
        files.write_json(folder / "sweeps" / "nfe" / f"seed{seed}.json", {"rows": SWEPT})
        learned = {"rows": mixed(0.7 + 0.1 * seed)}
        files.write_json(folder / "sweeps" / "mixing" / f"seed{seed}.json", learned)
    files.write_json(folder / "sweeps" / "mixing" / "exact.json", {"rows": mixed(0.8)})


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    return loaded(tmp_path_factory.mktemp("experiment"), POINTS)


@pytest.fixture(scope="module")
def folder(experiment, tmp_path_factory):
    results = tmp_path_factory.mktemp("results")
    write_results(experiment, results)
    return results


@pytest.fixture(scope="module")
def tables(experiment, folder):
    return runs.gather(experiment, folder)


def of(table, variant):
    return table[table["variant"] == variant]


def test_every_variant_has_a_run_per_seed_with_what_it_is_and_what_it_cost(experiment, tables):
    table = tables["runs"]
    assert list(tables) == ["runs", "levels", "tuning", "curves", "sweeps", "mixing", "inpainting"]
    assert table["variant"].tolist() == [name for name in experiment["variants"] for _ in SEEDS]
    assert table["seed"].tolist() == list(SEEDS) * len(experiment["variants"])
    row = of(table, "multi").iloc[1]
    assert (row["sliced_w1"], row["nfe"], row["images"], row["parameters"]) == (1.5, 50, 1000, 99)
    assert (row["learning_rate"], row["samples"], row["data"]) == (0.01, 20, "main")
    assert (row["train_seconds"], row["sample_seconds"], row["peak_memory_mib"]) == (12.5, 2, 400)
    assert (row["relative_step_size"], row["step_size"]) == (0.1, pytest.approx(0.004))
    assert row["at_grid_edge"] and row["ladder"] == "geometric 20 → 0.2, 10 levels"
    assert (row["weighting"], row["objective"]) == ("σ²", "denoising score matching")
    assert of(table, "multi-moons")["data"].unique().tolist() == ["moons"]


def test_a_direct_model_has_dashes_where_others_have_a_ladder_and_no_step(tables):
    for name, network in (("flow", "flow 8 × 2, 3 transforms"), ("gan", "GAN 8 × 2, 2 latent")):
        row = of(tables["runs"], name).iloc[0]
        words = ["ladder", "weighting", "density", "objective"]
        assert row[words].tolist() == ["–"] * 4
        assert (row["network"], row["nfe"], row["learning_rate"]) == (network, 1, 0.01)
        assert row[["step_size", "relative_step_size"]].isna().all() and not row["at_grid_edge"]
    assert of(tables["runs"], "flow")["sampler"].unique().tolist() == ["normalising flow"]


def test_levels_are_those_of_trained_score_models(tables):
    levels = tables["levels"]
    assert not set(DIRECT) & set(levels["variant"]) and "heun" not in set(levels["variant"])
    multi = of(levels, "multi")
    assert multi["level"].tolist() == [0, 1] * 2 and multi["seed"].tolist() == [0, 0, 1, 1]
    assert multi["sigma"].tolist() == [20.0, 0.2] * 2
    assert multi["loss"].tolist() == pytest.approx([0.1, 0.9, 1.1, 0.9])
    assert runs.level_rows("flow", 0, {"metrics": {}, "levels": {}}) == []


def test_a_training_curve_says_which_loss_it_is_of(tables):
    curves = tables["curves"]
    # it samples through the model of multi
    assert "heun" not in set(curves["variant"])
    kinds = curves.groupby("variant")["loss_kind"].unique().map(list)
    assert kinds["multi"] == kinds["single"] == ["denoising score matching"]
    assert (kinds["flow"], kinds["gan"]) == (["negative log-likelihood"], ["adversarial loss"])
    assert of(curves, "flow")["loss"].min() < 0
    assert of(curves, "multi")[["seed", "images"]].to_numpy().tolist() == [
        [0, 500],
        [0, 1000],
        [1, 500],
        [1, 1000],
    ]


def test_a_likelihood_is_in_the_runs_of_those_that_have_one(experiment, tables):
    measured = tables["runs"].groupby("variant")["nll"].agg(list)
    for name, values in measured.items():
        if name in experiment["likelihood"]["variants"]:
            assert values == [1.0, 2.0]
        else:
            assert all(map(math.isnan, values))
    assert of(tables["runs"], "flow")["nll_se"].tolist() == [0.1, 0.1]
    # another sampler of the same model is another variant
    assert of(tables["runs"], "heun")["nll"].isna().all()


def test_a_tuning_curve_marks_the_step_that_was_chosen(tables):
    curve = of(tables["tuning"], "multi")
    assert curve["relative_step_size"].tolist() == [0.1, 0.2]
    assert curve["chosen"].tolist() == [True, False]
    assert curve["value"].iloc[0] == 0.7 and pd.isna(curve["value"].iloc[1])
    assert curve["metric"].unique().tolist() == ["sliced_w1"]
    assert not {"heun", *DIRECT} & set(tables["tuning"]["variant"])


def test_a_sweep_has_a_row_per_budget_and_seed_in_its_order(tables):
    sweeps = tables["sweeps"]
    assert sweeps["row"].tolist() == [0, 1, 2] * 2
    assert sweeps["seed"].tolist() == [0] * 3 + [1] * 3
    assert sweeps["sampler"].tolist() == [row["sampler"] for row in SWEPT] * 2
    assert sweeps["nfe"].tolist() == [20, 50, 33] * 2
    assert sweeps["sliced_w2"].isna().tolist() == [False, True, False] * 2
    assert sweeps["relative_step_size"].isna().tolist() == [False, False, True] * 2


def test_a_sweeps_tuning_curves_stay_in_its_file(experiment, tmp_path):
    kept = {"at_grid_edge": True, "curve": TUNED["curve"]}
    rows = [SWEPT[0] | kept, SWEPT[2]]
    for seed in SEEDS:
        files.write_json(tmp_path / "sweeps" / "nfe" / f"seed{seed}.json", {"rows": rows})
    sweeps = runs.sweep_rows(experiment, tmp_path)
    assert "curve" not in sweeps
    assert sweeps["at_grid_edge"].eq(True).tolist() == [True, False] * 2


def test_mixing_weights_have_a_row_of_the_exact_score_and_one_per_seed(tables):
    mixing, names = tables["mixing"], list(ncsn_toy.CONFIGURATIONS)
    assert mixing["configuration"].tolist() == names * 3
    assert mixing["score"].tolist() == ["exact"] * 7 + ["learned"] * 14
    assert mixing["heavy_weight"].tolist() == pytest.approx([0.8] * 7 + [0.7] * 7 + [0.8] * 7)
    # the exact score belongs to no seed
    assert mixing["seed"].tolist() == [pd.NA] * 7 + [0] * 7 + [1] * 7


def test_inpainting_has_a_row_per_variant_seed_mask_and_method(experiment, tmp_path):
    metrics = dict.fromkeys(catalog.OF_INPAINTING, 0.5) | {"hole_psnr": None}
    rows = [
        {"mask": "half", "method": method, "nfe": nfe, "metrics": metrics}
        for method, nfe in (("replacement", 50), ("projection", 48))
    ]
    for variant in ("multi", "heun"):
        for seed in SEEDS:
            path = tmp_path / "inpainted" / variant / f"seed{seed}.json"
            files.write_json(path, {"rows": rows, "metrics": metrics})
    block = {"inpaint": {"variants": ["heun", "multi"]}}
    missing = {"missing": {"inpainted/multi/seed1.json": "killed"}}
    table = runs.inpainting_rows(experiment | block | missing, tmp_path)
    assert table["variant"].tolist() == ["heun"] * 4 + ["multi"] * 2
    assert table["seed"].tolist() == [0, 0, 1, 1, 0, 0]
    assert table["method"].tolist() == ["replacement", "projection"] * 3
    assert table["nfe"].tolist() == [50, 48] * 3
    assert table["hole_ssim"].eq(0.5).all() and table["hole_psnr"].isna().all()


def test_tables_survive_their_files(tables, tmp_path):
    for name, table in tables.items():
        path = tmp_path / f"{name}.csv"
        table.to_csv(path, index=False)
        again = pd.read_csv(path)
        assert list(again) == list(table) and len(again) == len(table)
    assert pd.read_csv(tmp_path / "runs.csv")["ladder"].isna().sum() == 0
    assert pd.read_csv(tmp_path / "mixing.csv")["seed"].isna().sum() == 7


def test_blocks_that_an_experiment_lacks_leave_tables_with_headers_alone(experiment, folder):
    multi = experiment["variants"]["multi"]
    given = multi | {"sample": multi["sample"] | {"step_size": 0.1}}
    blocks = {"nfe_sweep": None, "mixing": None, "likelihood": None, "variants": {"multi": given}}
    tables = runs.gather(experiment | blocks, folder)
    headers = {
        "tuning": ["variant", "relative_step_size", "value", "chosen", "metric"],
        "sweeps": ["row", "seed", "sampler", "nfe", "relative_step_size"],
        "mixing": ["score", "seed", "configuration", "heavy_weight"],
        "inpainting": [
            *["variant", "seed", "mask", "method", "nfe", "relative_step_size", "at_grid_edge"],
            *catalog.OF_INPAINTING,
        ],
    }
    for name, columns in headers.items():
        assert tables[name].empty and list(tables[name]) == columns
        assert tables[name].to_csv(index=False) == ",".join(columns) + "\n"
    assert "nll" not in tables["runs"]


def test_an_experiment_of_direct_models_alone_has_no_levels(experiment, folder):
    blocks = {"variants": {name: experiment["variants"][name] for name in DIRECT}}
    tables = runs.gather(experiment | blocks, folder)
    assert tables["levels"].empty and len(tables["runs"]) == 4


def test_no_metric_has_the_name_of_a_fact(tmp_path):
    settings = loaded(tmp_path, POINTS)["variants"]["multi"]
    assert not set(catalog.METRICS) & set(runs.variant_facts("multi", settings))

"""The digits ablation, reduced, on the cluster and on this machine: the same bits."""

import re
from typing import NamedTuple

import pytest
from workflows import READERS, same_bits, sources_in

SHARDS = 2
# these are trained, sampled and measured as others are
TWINS = {"levels-3", "weighting-sigma3", "single-annealed", "multi-raw", "flow", "single-2.0"}
VARIANTS = 8


class Span(NamedTuple):
    """A job in SLURM's accounts: what it was, when it ran, and how many GPUs it had."""

    comment: str
    state: str
    start: str
    end: str
    gpus: int


def leave_out(settings: dict, names: set[str]) -> None:
    """Remove variants, and what compares, claims or shows something of them alone."""
    for name in names & set(settings["variants"]):
        del settings["variants"][name]
    for block in (settings["inpaint"], settings["likelihood"]):
        block["variants"] = [each for each in block["variants"] if each not in names]
    settings["showcase"] = [each for each in settings["showcase"] if each not in names]
    for comparison in settings["comparisons"]:
        comparison["arms"] = [each for each in comparison["arms"] if each not in names]
    settings["comparisons"] = [each for each in settings["comparisons"] if each["arms"]]
    settings["claims"] = [
        claim
        for claim in settings["claims"]
        if not any(names & {check.get("better"), *check.get("than", [])} for check in checks(claim))
    ]


def checks(claim: dict) -> list[dict]:
    """The checks of a claim, which may itself be the only one."""
    return claim.get("checks", [claim])


def reduce(settings: dict) -> None:
    """One variant of each kind, at a hundredth of the work."""
    leave_out(settings, TWINS)
    settings["grids"]["single"]["over"] = {"noise.sigma": [0.3, 1.0]}
    settings["replicates"]["train_seeds"] = [0]
    settings["features"]["steps"] = 40
    settings["tuning"] |= {"relative_step_sizes": [0.06, 0.12], "count": 500}
    settings["defaults"]["training"] |= {"images": 6400, "warmup_images": 640}
    settings["defaults"]["sample"] |= {"count": 600, "nfe": 20, "shards": SHARDS}
    settings["variants"]["edm"]["training"] = {"images": 6400}
    settings["inpaint"] |= {"images": 20, "completions": 2}
    settings["likelihood"] |= {"points": 20}
    settings["nfe_sweep"]["samplers"] = {"heun": {"nfe": [5]}, "pf_ode": {"rtol": [0.1]}}


@pytest.fixture(scope="module")
def local(installed, tmp_path_factory):
    """The experiment, run on this machine."""
    workflow = sources_in(tmp_path_factory.mktemp("slurm") / "local")
    workflow.experiment = workflow.folder / "config/experiments/digits.yaml"
    workflow.change(reduce)
    workflow.replace("config/config.yaml", "^experiments:.*$", "experiments: [digits]")
    fresh = workflow.copy(workflow.folder.with_name("remote"))
    workflow.finish("--cores=2")
    return workflow, fresh


@pytest.fixture(scope="module")
def remote(local, on_cluster):
    """The same, run on the cluster: the workflow, and what the driver said."""
    _, fresh = local
    done = on_cluster(fresh).run("digits")
    assert done.returncode == 0, done.stdout[-5000:]
    return fresh, done.stdout


@pytest.fixture(scope="module")
def spans(remote, cluster):
    """All jobs of that run, from SLURM's accounts."""
    _, said = remote
    (name,) = re.findall(r"SLURM run ID: (\S+)", said)
    fields = "Comment,State,Start,End,AllocTRES"
    answer = cluster.run("sacct", "-X", "-n", "-P", "--name", name, f"--format={fields}")
    found = []
    for line in answer.splitlines():
        comment, state, start, end, resources = line.split("|")
        gpus = sum(map(int, re.findall(r"gres/gpu=(\d+)", resources)))
        found.append(Span(comment, state, start, end, gpus))
    return found


def test_the_cluster_computes_the_same_bits(local, remote):
    here, there = local[0].results, remote[0].results
    files = [path.relative_to(here) for path in here.rglob("*") if path.suffix in READERS]
    files = [file for file in files if not file.name.endswith("manifest.json")]
    assert len(files) > 80
    assert [file for file in files if not same_bits(here / file, there / file)] == []


def test_nothing_is_left_but_results(remote):
    left = [*remote[0].results.rglob("*.resume"), *remote[0].results.rglob(".*")]
    assert left == []
    assert not list((remote[0].folder / ".snakemake/scoreladder/live").iterdir())


def test_a_second_run_submits_nothing(remote, on_cluster):
    done = on_cluster(remote[0]).run("digits")
    assert done.returncode == 0
    assert "Nothing to be done" in done.stdout


def test_no_more_gpu_jobs_run_at_once_than_there_are_gpus(spans):
    on_gpu = [span for span in spans if span.gpus]
    assert {span.gpus for span in on_gpu} == {1}
    at_once = [sum(other.start <= span.start < other.end for other in on_gpu) for span in on_gpu]
    assert max(at_once) == 2


def test_models_are_trained_and_sampled_on_gpus_and_measured_without(spans):
    for span in spans:
        rule = re.match(r"rule_([a-z_]+?)(_wildcards|$)", span.comment)[1]
        on_gpu = ("train", "tune", "sweep_nfe", "inpaint", "trace_samples", "trace_inpainting")
        wants = rule in (*on_gpu, "run_evaluate_sample")
        assert span.gpus == wants, span


def test_the_shards_of_a_run_share_one_gpu(spans, remote):
    shards = list((remote[0].results / "digits/samples").rglob("shard*.npy"))
    groups = [span for span in spans if span.comment.startswith("rule_run_")]
    assert len(shards) == VARIANTS * SHARDS
    assert len(groups) == VARIANTS


def test_light_work_and_downloads_stay_where_the_driver_runs(spans):
    assert {span.state for span in spans} == {"COMPLETED"}
    sent = " ".join(span.comment for span in spans)
    for rule in ("prepare_dataset", "collect", "compare", "judge", "plot", "write"):
        assert f"rule_{rule}" not in sent


def test_the_run_leaves_an_efficiency_report(remote):
    (report,) = (remote[0].results / "slurm").glob("efficiency_report_*.csv")
    assert "rule_train" in report.read_text()

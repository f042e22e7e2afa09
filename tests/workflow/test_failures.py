"""A variant that cannot be trained says so in one line, and stops no other."""

import re


def test_a_diverging_variant_fails_alone_and_says_why(copy):
    wild = {"training": {"learning_rate": 1.0e10, "gradient_clip": 1.0e10}}
    copy.change(lambda settings: settings["variants"].update(wild=wild, calm={}))
    models = {
        name: f"results/tiny/models/{name}/seed0/model.safetensors" for name in ("wild", "calm")
    }
    with copy.watch("tiny") as watching:
        done = copy.run("--cores=2", *models.values())
        seen, _ = watching.communicate(timeout=60)
    log = (copy.results / "tiny/logs/train/wild.seed0.log").read_text()
    (line,) = (line for line in log.splitlines() if "diverged" in line)
    assert "training.learning_rate" in line
    assert line in done.stdout
    assert f"Failed: train: {line} (results/tiny/logs/train/wild.seed0.log)" in done.stdout
    assert "Traceback" not in log + done.stdout
    # the last picture, after which watching ended by itself
    assert re.search(r"^Ended: 1 of 2 jobs done, 1 failed, ", seen, re.MULTILINE)
    assert f"train wild seed 0 failed: {line}" in " ".join(seen.split())
    assert done.returncode != 0
    assert not (copy.folder / models["wild"]).exists()
    assert (copy.folder / models["calm"]).exists()


WILD = {"training": {"learning_rate": 1.0e10, "gradient_clip": 1.0e10}}


def test_the_report_is_made_from_what_finished_and_made_whole_later(copy):
    def hope(settings):
        settings["variants"]["wild"] = WILD
        settings["comparisons"][0]["arms"].append("wild")
        claim = {"id": "hope", "says": "There is hope.", "metric": "sliced_w1"}
        settings["claims"].append(claim | {"better": "wild", "than": ["multi"]})

    copy.change(hope)
    done = copy.run("--cores=2")
    assert done.returncode != 0
    assert "The report, incomplete: results/report.html" in done.stdout
    page = (copy.results / "tiny/report.html").read_text()
    missing = page[page.index("<h2>Incomplete</h2>") : page.index("<h2>Claims</h2>")]
    for seed in (0, 1):
        row = missing[missing.index(f"<code>metrics/wild/seed{seed}/s0.json</code>") :]
        reason = row[: row.index("</tr>")]
        assert "train: training diverged: at image" in reason
        assert f"(results/tiny/logs/train/wild.seed{seed}.log)" in reason
    assert "There is hope." in missing and "Several are better." in page
    index = (copy.results / "report.html").read_text()
    assert "2 results are missing" in index and "Tiny digits" in index
    copy.change(lambda settings: settings["variants"].update(wild={"training": {"images": 2000}}))
    copy.finish("--cores=2")
    page = (copy.results / "tiny/report.html").read_text()
    assert "Incomplete" not in page and "There is hope." in page
    assert "missing" not in (copy.results / "report.html").read_text()


def test_an_experiment_of_which_nothing_is_left_has_no_report(fresh):
    fresh.change(lambda settings: settings["defaults"]["training"].update(WILD["training"]))
    done = fresh.run("--cores=2")
    assert done.returncode != 0
    assert not (fresh.results / "tiny/report.html").exists()
    index = (fresh.results / "report.html").read_text()
    assert "Nothing can be reported yet of: Tiny." in index
    assert (fresh.results / "tinydigits/report.html").exists()

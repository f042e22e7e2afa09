"""A variant that cannot be trained says so in one line, and stops no other."""


def test_a_diverging_variant_fails_alone_and_says_why(copy):
    wild = {"training": {"learning_rate": 1.0e10, "gradient_clip": 1.0e10}}
    copy.change(lambda settings: settings["variants"].update(wild=wild, calm={}))
    models = {
        name: f"results/tiny/models/{name}/seed0/model.safetensors" for name in ("wild", "calm")
    }
    done = copy.run("--cores=2", *models.values())
    log = (copy.results / "tiny/logs/train/wild.seed0.log").read_text()
    (line,) = (line for line in log.splitlines() if "diverged" in line)
    assert "training.learning_rate" in line
    assert line in done.stdout
    assert "Traceback" not in log + done.stdout
    assert done.returncode != 0
    assert not (copy.folder / models["wild"]).exists()
    assert (copy.folder / models["calm"]).exists()

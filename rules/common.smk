# From the config to resolved variants, paths and specs. No rule, and nothing that needs torch.
import re
import sys
from pathlib import Path

ROOT = Path(workflow.basedir)
SCRIPTS = ROOT / "workflow_scripts"
sys.path.insert(0, str(SCRIPTS))

from scoreladder import fingerprint, specs, variants

EXPERIMENT_FILES = ROOT / "config" / "experiments"

try:
    # read here, not by a configfile directive, for errors that name the file, line and key
    written = variants.read_yaml(ROOT / "config" / "config.yaml")
    config.update(variants.load_config(written | config, ROOT))
    SELECTED = config["experiments"]
    EXPERIMENTS = {
        name: variants.load_experiment(EXPERIMENT_FILES / f"{name}.yaml") for name in SELECTED
    }
except variants.ConfigError as error:
    sys.exit(f"Error: {error}")

EXPERIMENTS |= variants.load_others(EXPERIMENT_FILES, SELECTED)
COMPARISONS = {entry["name"] for each in EXPERIMENTS.values() for entry in each["comparisons"]}


wildcard_constraints:
    experiment="|".join(map(re.escape, EXPERIMENTS)),
    variant=r"[A-Za-z0-9][A-Za-z0-9._-]*",
    comparison="|".join(map(re.escape, sorted(COMPARISONS))) or "-",
    seed=r"\d+",
    sample_seed=r"\d+",
    shard=r"\d+",


RESULTS = config["results"]
INDEX = f"{RESULTS}/report.html"
HERE = f"{RESULTS}/{{experiment}}"
DATA = f"{HERE}/data/splits.npz"
CLASSIFIER = f"{HERE}/reference/classifier.safetensors"
REFERENCE = f"{HERE}/reference/reference.npz"
FLOOR = f"{HERE}/reference/floor.json"
MODEL = f"{HERE}/models/{{variant}}/seed{{seed}}"
TUNING = f"{HERE}/tuning/{{variant}}"
SHARD = f"{HERE}/samples/{{variant}}/seed{{seed}}/s{{sample_seed}}/shard{{shard}}"
METRICS = f"{HERE}/metrics/{{variant}}/seed{{seed}}/s{{sample_seed}}"
INPAINTED = f"{HERE}/inpainted/{{variant}}/seed{{seed}}"
SUMMARY = f"{HERE}/summary"
TABLES = f"{HERE}/tables"
FIGURE = f"{HERE}/figures/{{figure}}"
CAPTIONS = "config/report"

# which table each of these figures is drawn from
TRAINING_TABLES = {"learning_curves": "curves", "levels": "levels", "tuning": "tuning"}


# wildcards that are numbers, not names
NUMBERS = ("seed", "sample_seed", "shard")


def code(script):
    """The fingerprint of a script and of all first-party code that it imports."""
    return fingerprint.fingerprint(SCRIPTS / script, SCRIPTS)


def templates():
    """The contents of the report's page templates and style, which are not Python."""
    return fingerprint.contents(SCRIPTS / "scoreladder" / "report", "*.[hc]*")


def spec_of(build, *names):
    """A params function: the canonical JSON of build(experiment, values of the named wildcards)."""

    def spec(wildcards):
        given = {name: getattr(wildcards, name) for name in names}
        given |= {name: int(value) for name, value in given.items() if name in NUMBERS}
        return variants.canonical(build(EXPERIMENTS[wildcards.experiment], **given))

    return spec


def model_of(wildcards):
    """The name of the variant whose trained model this one samples."""
    return EXPERIMENTS[wildcards.experiment]["variants"][wildcards.variant]["model"]


def model_file(wildcards):
    path = MODEL.format(**(dict(wildcards) | {"variant": model_of(wildcards)}))
    return f"{path}/model.safetensors"


def tuning_model_file(wildcards):
    seed = specs.tuning_seed(EXPERIMENTS[wildcards.experiment])
    path = MODEL.format(experiment=wildcards.experiment, variant=model_of(wildcards), seed=seed)
    return f"{path}/model.safetensors"


def classifier_file(wildcards):
    """The feature network, for experiments that have one."""
    wanted = EXPERIMENTS[wildcards.experiment]["features"] is not None
    return CLASSIFIER.format(experiment=wildcards.experiment) if wanted else []


def tuning_file(wildcards):
    """The tuned step size, for variants whose step size is tuned."""
    variant = EXPERIMENTS[wildcards.experiment]["variants"][wildcards.variant]
    return f"{TUNING}.json".format(**wildcards) if specs.is_tuned(variant) else []


def shard_files(wildcards):
    shards = EXPERIMENTS[wildcards.experiment]["variants"][wildcards.variant]["sample"]["shards"]
    return expand(f"{SHARD}.npy", shard=range(shards), **wildcards)


def every_run(wildcards):
    """What the tables of runs are made of, by kind."""
    experiment = EXPERIMENTS[wildcards.experiment]
    settings, replicates = experiment["variants"], experiment["replicates"]
    here = {"experiment": wildcards.experiment, "seed": replicates["train_seeds"]}
    runs = here | {"variant": settings, "sample_seed": replicates["sample_seeds"]}
    models = here | {"variant": {variant["model"] for variant in settings.values()}}
    tuned = [name for name in settings if specs.is_tuned(settings[name])]
    return {
        "metrics": expand(f"{METRICS}.json", **runs),
        "samples": expand(f"{SHARD}.manifest.json", shard=0, **runs),
        "models": expand(f"{MODEL}/{{file}}", file=["manifest.json", "curve.csv"], **models),
        "tuning": expand(f"{TUNING}.json", variant=tuned, experiment=wildcards.experiment),
        "inpainted": expand(
            f"{INPAINTED}.json", variant=specs.inpainted_variants(experiment), **here
        ),
    }


def shown_model_files(wildcards):
    experiment = EXPERIMENTS[wildcards.experiment]
    return expand(
        f"{MODEL}/model.safetensors",
        experiment=wildcards.experiment,
        variant=specs.shown_models(experiment),
        seed=specs.tuning_seed(experiment),
    )


def shown_shard_files(wildcards):
    """The first shard of each shown variant's first run."""
    experiment = EXPERIMENTS[wildcards.experiment]
    return expand(
        f"{SHARD}.npy",
        experiment=wildcards.experiment,
        variant=specs.shown_variants(experiment),
        seed=specs.tuning_seed(experiment),
        sample_seed=experiment["replicates"]["sample_seeds"][0],
        shard=0,
    )


def completion_files(wildcards):
    """The completions by each inpainting variant's first model."""
    experiment = EXPERIMENTS[wildcards.experiment]
    return expand(
        f"{INPAINTED}.npz",
        experiment=wildcards.experiment,
        variant=specs.inpainted_variants(experiment),
        seed=specs.tuning_seed(experiment),
    )


def comparison_tables(wildcards):
    names = [entry["name"] for entry in EXPERIMENTS[wildcards.experiment]["comparisons"]]
    return expand(f"{TABLES}/{{comparison}}.csv", comparison=names, **wildcards)


def figure_files(wildcards):
    experiment = EXPERIMENTS[wildcards.experiment]
    compared = [f"comparison.{entry['name']}" for entry in experiment["comparisons"]]
    return expand(f"{FIGURE}.svg", figure=[*compared, *specs.figures(experiment)], **wildcards)


def caption_files(wildcards):
    names = ("comparison", *specs.figures(EXPERIMENTS[wildcards.experiment]))
    return [f"{CAPTIONS}/{name}.rst" for name in names]


def report_of(experiment):
    return f"{HERE}/report.html".format(experiment=experiment)

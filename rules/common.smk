# From the config to resolved variants, paths and specs. No rule, and nothing that needs torch.
import gc
import os
import re
import sys
from pathlib import Path

# a plan is one large graph that stays: seldom looking for garbage in it saves a tenth of the time
gc.set_threshold(50_000, 20, 50)

ROOT = Path(workflow.basedir)
SCRIPTS = ROOT / "workflow_scripts"
sys.path.insert(0, str(SCRIPTS))

from scoreladder import config_errors, config_queries, fingerprint, incomplete, layout
from scoreladder import specs, specs_report, variants

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
# file → why the reports have to do without it; see hooks.smk
MISSING = incomplete.told(os.environ)
# what jobs before the report look things up in: a variant that is left out may be reused by others
WHOLE = EXPERIMENTS
if MISSING:
    here = {name: f"{config['results']}/{name}/" for name in EXPERIMENTS}
    EXPERIMENTS = {
        name: incomplete.without(each, incomplete.below(here[name], MISSING))
        for name, each in EXPERIMENTS.items()
    }
REPORTED = [name for name in SELECTED if EXPERIMENTS[name]["variants"]]
COMPARISONS = {entry["name"] for each in EXPERIMENTS.values() for entry in each["comparisons"]}


wildcard_constraints:
    experiment="|".join(map(re.escape, EXPERIMENTS)),
    variant=r"[A-Za-z0-9][A-Za-z0-9._-]*",
    data=r"[A-Za-z0-9][A-Za-z0-9._-]*",
    comparison="|".join(map(re.escape, sorted(COMPARISONS))) or "-",
    seed=r"\d+",
    sample_seed=r"\d+",
    shard=r"\d+",


RESULTS = config["results"]
INDEX = f"{RESULTS}/report.html"
HERE = f"{RESULTS}/{{experiment}}"
DATA = f"{HERE}/{layout.DATA}.json"
PARTS = [f"{part}{kind}" for kind in ("", "_labels") for part in ("train", "tune", "test")]
MAIN_DATA = DATA.replace("{data}", "main")
INCEPTION = f"{HERE}/{layout.INCEPTION}.pt"
PERCEPTUAL = f"{HERE}/{layout.PERCEPTUAL}.safetensors"
CLASSIFIER = f"{HERE}/{layout.CLASSIFIER}.safetensors"
REFERENCE = f"{HERE}/{layout.REFERENCE}.json"
REFERENCE_PARTS = ["train", "tune", "test", "mean", "covariance"]
FLOOR = f"{HERE}/{layout.FLOOR}.json"
MODEL = f"{HERE}/{layout.MODEL}"
TUNING = f"{HERE}/{layout.TUNING}"
SHARD = f"{HERE}/{layout.SHARD}"
FEATURES = f"{HERE}/{layout.FEATURES}"
METRICS = f"{HERE}/{layout.METRICS}"
INPAINTED = f"{HERE}/{layout.INPAINTED}"
FILLED_EXACT = f"{HERE}/{layout.FILLED_EXACT}"
LIKELIHOOD = f"{HERE}/{layout.LIKELIHOOD}"
NFE_SWEEP = f"{HERE}/{layout.NFE_SWEEP}"
MIXING = f"{HERE}/{layout.MIXING}"
MIXING_EXACT = f"{HERE}/{layout.MIXING_EXACT}"
SUMMARY = f"{HERE}/summary"
FIELDS = f"{HERE}/{layout.FIELDS}"
TABLES = f"{HERE}/tables"
FIGURE = f"{HERE}/figures/{{figure}}"
# for the page, for papers, and for all that wants pixels
FORMATS = ["svg", "pdf", "png"]
CAPTIONS = "config/report"
TRACED_SAMPLES = f"{HERE}/{layout.TRACED_SAMPLES}"
TRACED_INPAINTING = f"{HERE}/{layout.TRACED_INPAINTING}"
ANIMATION = f"{HERE}/{layout.ANIMATION}"
TRAJECTORY = f"{HERE}/{layout.TRAJECTORY}"

# which table each of these figures is drawn from
TRAINING_TABLES = {"learning_curves": "curves", "levels": "levels", "tuning": "tuning"}


# wildcards that are numbers, not names
NUMBERS = ("seed", "sample_seed", "shard")
# wildcards of jobs before the report
RUNS = {"variant", "seed", "data"}


def code(script):
    """A params function: the fingerprint of a script and of all first-party code it imports.

    A function, because a process that runs one job needs none of the others' fingerprints.
    """
    return lambda wildcards: fingerprint.fingerprint(SCRIPTS / script, SCRIPTS)


def templates():
    """The contents of the report's page templates, style and script, which are not Python."""
    return fingerprint.contents(SCRIPTS / "scoreladder" / "report", "*.[hcj]*")


def drawn(figure, subcategory, caption=None, **labels):
    """The files of a figure, a list; the first is shown by Snakemake's own report."""
    svg, *others = expand(f"{HERE}/figures/{figure}.{{form}}", form=FORMATS, allow_missing=True)
    shown = report(
        svg,
        caption=f"../config/report/{caption or figure}.rst",
        category="{experiment}",
        subcategory=subcategory,
        labels=labels or {"figure": figure},
    )
    return [shown, *others]


def spec_of(build, *names):
    """A params function: the canonical JSON of build(experiment, values of the named wildcards)."""

    def spec(wildcards):
        given = {name: getattr(wildcards, name) for name in names}
        given |= {name: int(value) for name, value in given.items() if name in NUMBERS}
        experiments = WHOLE if RUNS & set(names) else EXPERIMENTS
        return variants.canonical(build(experiments[wildcards.experiment], **given))

    return spec


def needs(block, path):
    """The input function `path`, of a job that only experiments with that block have.

    For any other experiment the run ends with one line.
    """

    def checked(wildcards):
        if not WHOLE[wildcards.experiment][block]:
            allowed = "only experiments with that block have what was asked for"
            error = variants.ConfigError((block,), "missing", allowed)
            file = EXPERIMENT_FILES / f"{wildcards.experiment}.yaml"
            error.file = config_errors.shown_path(file)
            sys.exit(f"Error: {error}")
        return path(wildcards)

    return checked


def nothing(wildcards):
    """An input function without files."""
    return []

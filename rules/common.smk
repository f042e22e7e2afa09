# From the config to resolved variants, paths and specs. No rule, and nothing that needs torch.
import re
import sys
from pathlib import Path

ROOT = Path(workflow.basedir)
SCRIPTS = ROOT / "workflow_scripts"
sys.path.insert(0, str(SCRIPTS))

from scoreladder import config_errors, config_queries, fingerprint, specs, variants

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
    data=r"[A-Za-z0-9][A-Za-z0-9._-]*",
    comparison="|".join(map(re.escape, sorted(COMPARISONS))) or "-",
    seed=r"\d+",
    sample_seed=r"\d+",
    shard=r"\d+",


RESULTS = config["results"]
INDEX = f"{RESULTS}/report.html"
HERE = f"{RESULTS}/{{experiment}}"
DATA = f"{HERE}/data/{{data}}/splits.npz"
MAIN_DATA = f"{HERE}/data/main/splits.npz"
CLASSIFIER = f"{HERE}/reference/classifier.safetensors"
REFERENCE = f"{HERE}/reference/{{data}}/reference.npz"
FLOOR = f"{HERE}/reference/{{data}}/floor.json"
MODEL = f"{HERE}/models/{{variant}}/seed{{seed}}"
TUNING = f"{HERE}/tuning/{{variant}}"
SHARD = f"{HERE}/samples/{{variant}}/seed{{seed}}/s{{sample_seed}}/shard{{shard}}"
METRICS = f"{HERE}/metrics/{{variant}}/seed{{seed}}/s{{sample_seed}}"
INPAINTED = f"{HERE}/inpainted/{{variant}}/seed{{seed}}"
LIKELIHOOD = f"{HERE}/likelihood/{{variant}}/seed{{seed}}"
NFE_SWEEP = f"{HERE}/sweeps/nfe/seed{{seed}}"
MIXING = f"{HERE}/sweeps/mixing"
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


def needs(block, path):
    """The input function `path`, of a job that only experiments with that block have.

    For any other experiment the run ends with one line.
    """

    def checked(wildcards):
        if not EXPERIMENTS[wildcards.experiment][block]:
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


def of_data(pattern, data):
    """An input function: the file of that pattern for the data set that `data` asks for.

    data is a function of experiment and wildcards that gives the data set's name.
    """

    def path(wildcards):
        name = data(EXPERIMENTS[wildcards.experiment], wildcards)
        return pattern.format(experiment=wildcards.experiment, data=name)

    return path


def of_variant(pattern):
    """The file of that pattern for the data that the variant is trained on."""
    return of_data(pattern, lambda each, wildcards: config_queries.data_of(each, wildcards.variant))


def of_comparison(pattern):
    """The file of that pattern for the data that the variants of the comparison share."""
    return of_data(
        pattern,
        lambda each, wildcards: config_queries.data_of_comparison(each, wildcards.comparison),
    )


def of_sweep(pattern):
    """The file of that pattern for the data of the variant that is swept."""
    return of_data(
        pattern, lambda each, _: config_queries.data_of(each, each["nfe_sweep"]["variant"])
    )


def model_path(wildcards, variant, seed):
    """The trained model that a variant samples."""
    model = EXPERIMENTS[wildcards.experiment]["variants"][variant]["model"]
    path = MODEL.format(experiment=wildcards.experiment, variant=model, seed=seed)
    return f"{path}/model.safetensors"


def model_file(wildcards):
    return model_path(wildcards, wildcards.variant, wildcards.seed)


def tuning_model_file(wildcards):
    seed = config_queries.tuning_seed(EXPERIMENTS[wildcards.experiment])
    return model_path(wildcards, wildcards.variant, seed)


def model_of_block(block):
    """An input function: the model of the variant that a block such as nfe_sweep names."""

    def path(wildcards):
        variant = EXPERIMENTS[wildcards.experiment][block]["variant"]
        return model_path(wildcards, variant, wildcards.seed)

    return path


def classifier_file(wildcards):
    """The feature network, for experiments that have one."""
    wanted = EXPERIMENTS[wildcards.experiment]["features"] is not None
    return CLASSIFIER.format(experiment=wildcards.experiment) if wanted else []


def tuning_file(wildcards):
    """The tuned step size, for variants whose step size is tuned."""
    variant = EXPERIMENTS[wildcards.experiment]["variants"][wildcards.variant]
    return f"{TUNING}.json".format(**wildcards) if config_queries.is_tuned(variant) else []


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
    tuned = [name for name in settings if config_queries.is_tuned(settings[name])]
    swept, mixed = experiment["nfe_sweep"], experiment["mixing"]
    return {
        "metrics": expand(f"{METRICS}.json", **runs),
        "samples": expand(f"{SHARD}.manifest.json", shard=0, **runs),
        "models": expand(f"{MODEL}/{{file}}", file=["manifest.json", "curve.csv"], **models),
        "tuning": expand(f"{TUNING}.json", variant=tuned, experiment=wildcards.experiment),
        "inpainted": expand(
            f"{INPAINTED}.json", variant=config_queries.inpainted_variants(experiment), **here
        ),
        "likelihood": expand(
            f"{LIKELIHOOD}.json", variant=config_queries.likelihood_variants(experiment), **here
        ),
        "sweeps": expand(f"{NFE_SWEEP}.json", **here) if swept else [],
        "mixing": expand(f"{MIXING}/seed{{seed}}.json", **here) if mixed else [],
        "mixing_exact": expand(f"{MIXING}/exact.json", **here) if mixed else [],
    }


def shown_model_files(wildcards):
    experiment = EXPERIMENTS[wildcards.experiment]
    return expand(
        f"{MODEL}/model.safetensors",
        experiment=wildcards.experiment,
        variant=config_queries.shown_models(experiment),
        seed=config_queries.tuning_seed(experiment),
    )


def first_shards(wildcards, shown):
    """The first shard of the first run of each shown variant."""
    experiment = EXPERIMENTS[wildcards.experiment]
    return expand(
        f"{SHARD}.npy",
        experiment=wildcards.experiment,
        variant=shown,
        seed=config_queries.tuning_seed(experiment),
        sample_seed=experiment["replicates"]["sample_seeds"][0],
        shard=0,
    )


def shown_shard_files(wildcards):
    shown = config_queries.shown_variants(EXPERIMENTS[wildcards.experiment])
    return first_shards(wildcards, shown)


def gallery_shard_files(wildcards):
    return first_shards(wildcards, EXPERIMENTS[wildcards.experiment]["gallery"])


def gallery_data_files(wildcards):
    """The data of the gallery's rows, in their order."""
    names = config_queries.gallery_data(EXPERIMENTS[wildcards.experiment])
    return expand(DATA, experiment=wildcards.experiment, data=names)


def completion_files(wildcards):
    """The completions by each inpainting variant's first model."""
    experiment = EXPERIMENTS[wildcards.experiment]
    return expand(
        f"{INPAINTED}.npz",
        experiment=wildcards.experiment,
        variant=config_queries.inpainted_variants(experiment),
        seed=config_queries.tuning_seed(experiment),
    )


def comparison_tables(wildcards):
    names = [entry["name"] for entry in EXPERIMENTS[wildcards.experiment]["comparisons"]]
    return expand(f"{TABLES}/{{comparison}}.csv", comparison=names, **wildcards)


def figure_files(wildcards):
    experiment = EXPERIMENTS[wildcards.experiment]
    compared = [f"comparison.{entry['name']}" for entry in experiment["comparisons"]]
    return expand(
        f"{FIGURE}.svg", figure=[*compared, *config_queries.figures(experiment)], **wildcards
    )


def caption_files(wildcards):
    names = ("comparison", *config_queries.figures(EXPERIMENTS[wildcards.experiment]))
    return [f"{CAPTIONS}/{name}.rst" for name in names]


def report_of(experiment):
    return f"{HERE}/report.html".format(experiment=experiment)

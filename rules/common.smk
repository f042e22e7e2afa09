# From the config to resolved variants, paths and specs. No rule, and nothing that needs torch.
import re
import sys
from pathlib import Path

ROOT = Path(workflow.basedir)
SCRIPTS = ROOT / "workflow_scripts"
sys.path.insert(0, str(SCRIPTS))

from scoreladder import catalog, variants
from scoreladder.fingerprint import fingerprint

try:
    config.update(variants.load_config(config, ROOT))
    EXPERIMENTS = {
        name: variants.load_experiment(ROOT / "config" / "experiments" / f"{name}.yaml")
        for name in config["experiments"]
    }
except variants.ConfigError as error:
    sys.exit(f"Error: {error}")

COMPARISONS = {entry["name"] for each in EXPERIMENTS.values() for entry in each["comparisons"]}


wildcard_constraints:
    experiment="|".join(map(re.escape, EXPERIMENTS)),
    variant=r"[A-Za-z0-9][A-Za-z0-9._-]*",
    comparison="|".join(map(re.escape, sorted(COMPARISONS))) or "-",
    figure="|".join(catalog.FIGURES),
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
SUMMARY = f"{HERE}/summary"
TABLES = f"{HERE}/tables"
FIGURE = f"{HERE}/figures/{{figure}}"
CAPTIONS = ROOT / "config" / "report"

# which table each of these figures is drawn from
TRAINING_TABLES = {"learning_curves": "curves", "levels": "levels", "tuning": "tuning"}


def code(script):
    """The fingerprint of a script and of all first-party code that it imports."""
    return fingerprint(SCRIPTS / script, SCRIPTS)


def spec_of(build):
    """A params function: the canonical JSON of what `build(experiment, wildcards)` returns."""

    def spec(wildcards):
        return variants.canonical(build(EXPERIMENTS[wildcards.experiment], wildcards))

    return spec


def pick(mapping, *keys):
    return {key: mapping[key] for key in keys}


def dataset_spec(experiment, wildcards):
    return pick(experiment, "dataset")


def features_spec(experiment, wildcards):
    return pick(experiment, "dataset", "features")


def reference_spec(experiment, wildcards):
    counts = {variant["sample"]["count"] for variant in experiment["variants"].values()}
    return pick(experiment, "dataset", "features") | {"counts": sorted(counts)}


def train_spec(experiment, wildcards):
    blocks = ("noise", "weighting", "density", "denoiser", "network", "training")
    chosen = pick(experiment["variants"][wildcards.variant], *blocks)
    return chosen | pick(experiment, "dataset") | {"seed": int(wildcards.seed)}


def sampler_block(experiment, variant):
    """The sample block without what only says how the work is cut up."""
    sample = experiment["variants"][variant]["sample"]
    return {key: value for key, value in sample.items() if key != "shards"}


def tuning_seed(experiment):
    """The step size is tuned on the first training seed's model, so that more seeds change nothing."""
    return experiment["replicates"]["train_seeds"][0]


def tune_spec(experiment, wildcards):
    sample = sampler_block(experiment, wildcards.variant) | {"count": experiment["tuning"]["count"]}
    seed = {"seed": tuning_seed(experiment)}
    return pick(experiment, "dataset", "tuning", "features") | seed | {"sample": sample}


def sample_spec(experiment, wildcards):
    return {
        "sample": sampler_block(experiment, wildcards.variant),
        "seed": int(wildcards.seed),
        "sample_seed": int(wildcards.sample_seed),
        "shard": int(wildcards.shard),
        "shards": experiment["variants"][wildcards.variant]["sample"]["shards"],
    }


def evaluate_spec(experiment, wildcards):
    variant = experiment["variants"][wildcards.variant]
    seeds = {"seed": int(wildcards.seed), "sample_seed": int(wildcards.sample_seed)}
    return (
        pick(experiment, "dataset", "features")
        | pick(variant, "noise", "weighting")
        | {"sample": sampler_block(experiment, wildcards.variant)}
        | seeds
    )


def collect_spec(experiment, wildcards):
    return pick(experiment, "variants", "replicates")


def labels_of(experiment):
    return {name: variant["label"] for name, variant in experiment["variants"].items()}


def comparison_of(experiment, name):
    return next(entry for entry in experiment["comparisons"] if entry["name"] == name)


def compare_spec(experiment, wildcards):
    return {"comparison": comparison_of(experiment, wildcards.comparison)}


def claims_spec(experiment, wildcards):
    return pick(experiment, "claims") | {"labels": labels_of(experiment)}


def labels_spec(experiment, wildcards):
    # a list keeps the order of the variants, which fixes their colours
    return {"labels": list(labels_of(experiment).items())}


def samples_spec(experiment, wildcards):
    shown = {"shown": shown_variants(experiment)}
    return pick(experiment, "dataset") | labels_spec(experiment, wildcards) | shown


def report_spec(experiment, wildcards):
    return experiment


def index_spec():
    entries = [
        pick(experiment, "name", "title", "description")
        | {"headline": next(iter(experiment["comparisons"]), None)}
        for experiment in EXPERIMENTS.values()
    ]
    return variants.canonical({"experiments": entries})


def smallest_sigma(variant):
    ladder = variant["sample"]["ladder"]
    return ladder["sigma"] if ladder["kind"] == "single" else ladder["sigma_min"]


def shown_variants(experiment):
    """The showcase's variants, or all where it is empty."""
    return experiment["showcase"] or list(experiment["variants"])


def fields_spec(experiment, wildcards):
    sigmas = {
        name: smallest_sigma(experiment["variants"][name]) for name in shown_variants(experiment)
    }
    return pick(experiment, "dataset") | {"sigmas": sigmas}


def model_of(wildcards):
    """The name of the variant whose trained model this one samples."""
    return EXPERIMENTS[wildcards.experiment]["variants"][wildcards.variant]["model"]


def model_file(wildcards):
    path = MODEL.format(**(dict(wildcards) | {"variant": model_of(wildcards)}))
    return f"{path}/model.safetensors"


def tuning_model_file(wildcards):
    seed = tuning_seed(EXPERIMENTS[wildcards.experiment])
    path = MODEL.format(experiment=wildcards.experiment, variant=model_of(wildcards), seed=seed)
    return f"{path}/model.safetensors"


def classifier_file(wildcards):
    """The feature network, for experiments that have one."""
    wanted = EXPERIMENTS[wildcards.experiment]["features"] is not None
    return CLASSIFIER.format(experiment=wildcards.experiment) if wanted else []


def tuning_file(wildcards):
    """The tuned step size, for variants whose step size is tuned."""
    variant = EXPERIMENTS[wildcards.experiment]["variants"][wildcards.variant]
    tuned = variant["sample"]["step_size"] == "tuned"
    return f"{TUNING}.json".format(**wildcards) if tuned else []


def shard_files(wildcards):
    shards = EXPERIMENTS[wildcards.experiment]["variants"][wildcards.variant]["sample"]["shards"]
    return expand(f"{SHARD}.npy", shard=range(shards), **wildcards)


def every_run(wildcards):
    """What the table of runs is made of: every variant's metrics, for every pair of seeds."""
    experiment = EXPERIMENTS[wildcards.experiment]
    return expand(
        f"{METRICS}.json",
        experiment=wildcards.experiment,
        variant=experiment["variants"],
        seed=experiment["replicates"]["train_seeds"],
        sample_seed=experiment["replicates"]["sample_seeds"],
    )


def shown_model_files(wildcards):
    experiment = EXPERIMENTS[wildcards.experiment]
    return expand(
        f"{MODEL}/model.safetensors",
        experiment=wildcards.experiment,
        variant=[experiment["variants"][name]["model"] for name in shown_variants(experiment)],
        seed=tuning_seed(experiment),
    )


def shown_shard_files(wildcards):
    """The first shard of each shown variant's first run."""
    experiment = EXPERIMENTS[wildcards.experiment]
    return expand(
        f"{SHARD}.npy",
        experiment=wildcards.experiment,
        variant=shown_variants(experiment),
        seed=tuning_seed(experiment),
        sample_seed=experiment["replicates"]["sample_seeds"][0],
        shard=0,
    )


def training_table(wildcards):
    return f"{SUMMARY}/{TRAINING_TABLES[wildcards.figure]}.csv"


def comparison_tables(wildcards):
    names = [entry["name"] for entry in EXPERIMENTS[wildcards.experiment]["comparisons"]]
    return expand(f"{TABLES}/{{comparison}}.csv", comparison=names, **wildcards)


def figure_files(wildcards):
    experiment = EXPERIMENTS[wildcards.experiment]
    compared = [f"comparison.{entry['name']}" for entry in experiment["comparisons"]]
    others = catalog.figures_for(experiment["dataset"]["name"])
    return expand(f"{FIGURE}.svg", figure=[*compared, *others], **wildcards)


def caption_files(wildcards):
    dataset = EXPERIMENTS[wildcards.experiment]["dataset"]["name"]
    return [CAPTIONS / f"{name}.rst" for name in ("comparison", *catalog.figures_for(dataset))]


def report_of(experiment):
    return f"{HERE}/report.html".format(experiment=experiment)

"""Checks of an experiment's blocks that measure or show chosen variants."""

from scoreladder.catalog import IMAGES, METRICS, OF_SAMPLES, POINTS
from scoreladder.config_checks import check_names, items
from scoreladder.config_datasets import check_metric
from scoreladder.config_errors import ConfigError, Key, listed, shown
from scoreladder.config_queries import WITH_LIKELIHOOD, data_of, is_direct, is_tuned

# NCSN's toy (arXiv 1907.05600, section 3.2), and the range of the ladders that it is sampled by
TOY = {"means": [[5, 5], [-5, -5]], "weights": [0.8, 0.2]}
TOY_SIGMAS = (1, 20)
LANGEVIN = ("langevin", "annealed_langevin")


def check_tuning(experiment: dict, wheres: dict[str, Key]) -> None:
    """Raise ConfigError unless tuning is there where needed and its step sizes ascend."""
    tuning, variants = experiment["tuning"], experiment["variants"]
    tuned = {name: wheres[name] for name, variant in variants.items() if is_tuned(variant)}
    if tuning is None:
        for where in tuned.values():
            _raise_untuned((*where, "sample", "step_size"))
        return
    for data in dict.fromkeys(data_of(experiment, name) for name in tuned or variants):
        _check_lower_of_samples(tuning["metric"], experiment["datasets"][data]["name"])
    sizes = tuning["relative_step_sizes"]
    if sizes != sorted(sizes):
        key = ("tuning", "relative_step_sizes")
        raise ConfigError(key, f"found {shown(sizes)}", "step sizes in ascending order")


def _raise_untuned(key: Key) -> None:
    allowed = "needed because the step_size is tuned; or give step_size a number"
    raise ConfigError(key, "found 'tuned' but no tuning block", allowed)


def _check_lower_of_samples(metric: str, dataset: str) -> None:
    """Raise ConfigError unless step sizes can be tuned by the metric on the dataset."""
    key = ("tuning", "metric")
    check_metric(metric, dataset, key)
    if metric not in OF_SAMPLES or not METRICS[metric].lower_is_better:
        on = [
            name
            for name in OF_SAMPLES
            if dataset in METRICS[name].datasets and METRICS[name].lower_is_better
        ]
        allowed = f"a metric of samples that is better when lower: {listed(on)}"
        raise ConfigError(key, f"found {shown(metric)}", allowed)


def check_showcase(experiment: dict) -> None:
    """Raise ConfigError for a variant in the showcase that is unknown or not of the main data."""
    named = items(("showcase",), experiment["showcase"])
    check_names(named, experiment["variants"])
    for key, name in named:
        if data_of(experiment, name) != "main":
            found = f"found {shown(name)}, whose data is {data_of(experiment, name)}"
            raise ConfigError(key, found, "the showcase is of the main data; use gallery")


def check_gallery(experiment: dict) -> None:
    """Raise ConfigError unless the gallery, where there is one, names variants on points."""
    named = items(("gallery",), experiment["gallery"])
    if named and experiment["dataset"]["name"] not in POINTS:
        found = f"found a gallery with the dataset {experiment['dataset']['name']}"
        raise ConfigError(("gallery",), found, f"only points have one: {listed(POINTS)}")
    check_names(named, experiment["variants"])


def check_inpaint(experiment: dict) -> None:
    """Raise ConfigError unless the inpaint block fits the data and names variants."""
    block = experiment["inpaint"]
    if block is None:
        return
    if experiment["dataset"]["name"] not in IMAGES:
        found = f"found an inpaint block with the dataset {experiment['dataset']['name']}"
        raise ConfigError(("inpaint",), found, f"only images have holes: {listed(IMAGES)}")
    named = items(("inpaint", "variants"), block["variants"])
    check_names(named, experiment["variants"])
    for key, name in named:
        sample = experiment["variants"][name]["sample"]
        if sample["sampler"] not in LANGEVIN:
            found = f"found {shown(name)}, whose sampler is {sample['sampler']}"
            raise ConfigError(key, found, f"inpainting needs one of: {listed(LANGEVIN)}")
        if sample["nfe"] - 1 < sample["ladder"].get("levels", 1):
            found = f"found {shown(name)}, whose nfe is {sample['nfe']}"
            allowed = "inpainting needs one evaluation for each level and one to denoise"
            raise ConfigError(key, found, allowed)


def check_likelihood(experiment: dict) -> None:
    """Raise ConfigError unless every variant of the likelihood block has a likelihood."""
    block = experiment["likelihood"]
    if block is None:
        return
    named = items(("likelihood", "variants"), block["variants"])
    check_names(named, experiment["variants"])
    for key, name in named:
        variant = experiment["variants"][name]
        kind = variant["network"]["kind"]
        if kind not in WITH_LIKELIHOOD:
            found = f"found {shown(name)}, whose network is of kind {kind}"
            raise ConfigError(key, found, f"networks with a likelihood: {listed(WITH_LIKELIHOOD)}")
        if variant["noise"] and variant["noise"]["kind"] == "single":
            found = f"found {shown(name)}, whose noise is single"
            allowed = "the probability-flow ODE runs between the two ends of a ladder"
            raise ConfigError(key, found, allowed)


def check_sweep(experiment: dict) -> None:
    """Raise ConfigError unless a resolved sweep's metric exists and its steps can be tuned."""
    block = experiment["nfe_sweep"]
    if block is None:
        return
    dataset = experiment["datasets"][data_of(experiment, block["variant"])]["name"]
    check_metric(block["metric"], dataset, ("nfe_sweep", "metric"))
    if block["metric"] not in OF_SAMPLES:
        on = [name for name in OF_SAMPLES if dataset in METRICS[name].datasets]
        found = f"found {shown(block['metric'])}"
        raise ConfigError(("nfe_sweep", "metric"), found, f"a metric of samples: {listed(on)}")
    for name, sample in block["samples"]:
        if sample.get("step_size") == "tuned":
            if experiment["tuning"] is None:
                _raise_untuned(("nfe_sweep", "samplers", name, "step_size"))
            _check_lower_of_samples(experiment["tuning"]["metric"], dataset)


def check_mixing(experiment: dict) -> None:
    """Raise ConfigError unless the mixing block's variant is a score of NCSN's toy."""
    block, key = experiment["mixing"], ("mixing", "variant")
    if block is None:
        return
    name = block["variant"]
    check_names([(key, name)], experiment["variants"])
    variant = experiment["variants"][name]
    dataset = experiment["datasets"][variant["data"]]
    if any(dataset.get(part) != wanted for part, wanted in TOY.items()):
        found = f"found {shown(name)}, whose data is not NCSN's toy"
        allowed = f"a gaussian_mixture with means {TOY['means']} and weights {TOY['weights']}"
        raise ConfigError(key, found, allowed)
    check_score(name, experiment, key)
    low, high = TOY_SIGMAS
    noise = variant["noise"]
    if not (noise.get("sigma_min", high) <= low and noise.get("sigma_max", low) >= high):
        found = f"found {shown(name)}, whose noise is {shown(noise)}"
        allowed = f"a ladder with sigma_min <= {low} and sigma_max >= {high}"
        raise ConfigError(key, found, allowed)


def check_score(name: str, experiment: dict, key: Key) -> None:
    """Raise ConfigError where a variant's model is no score."""
    variant = experiment["variants"][name]
    if is_direct(variant):
        found = f"found {shown(name)}, whose network is of kind {variant['network']['kind']}"
        raise ConfigError(key, found, "a variant whose model is a score")

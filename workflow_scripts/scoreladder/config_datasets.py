"""Checks of an experiment's data sets, and of who is trained on which of them."""

import math

from scoreladder.blocks import UNET_SIDES
from scoreladder.catalog import DATASET, METRICS, OF_MODE, PICTURES, POINTS
from scoreladder.config_errors import ConfigError, Key, listed, nearest, shown, unknown_name
from scoreladder.config_lookups import clause

# by the name of the data, the network whose features its images are measured in
FEATURES = {"digits": "digit_classifier"} | dict.fromkeys(PICTURES, "inception")
EXAMPLES = {
    "digit_classifier": "{kind: digit_classifier, steps: 400}",
    "inception": "{kind: inception, mode: clean}",
}


def check_unets(experiment: dict, wheres: dict[str, Key]) -> None:
    """Raise ConfigError where a unet's data are no images of a side that it is for."""
    for name, variant in experiment["variants"].items():
        if variant["network"]["kind"] != "unet":
            continue
        dataset = experiment["datasets"][variant["data"]]
        _, side = channels_and_side(dataset)
        if side not in UNET_SIDES:
            on = f"{dataset['name']}, " + (f"images of side {side}" if side else "points")
            allowed = f"a unet is for square images of side {listed(map(str, UNET_SIDES))}"
            raise ConfigError((*wheres[name], "network", "kind"), f"found 'unet' on {on}", allowed)


def channels_and_side(dataset: dict) -> tuple[int, int | None]:
    """The channels and the side of a data set's images; no side for points."""
    images = _images(dataset)
    return (1, None) if images is None else (images["channels"], images["side"])


def held_out_size(dataset: dict) -> int:
    """How many held-out points or images a data set has."""
    return dataset.get("test_size") or _images(dataset)["test_size"]


def _images(dataset: dict) -> dict | None:
    """A set of images with what the schema knows of it; None for points."""
    known = clause(DATASET, dataset["name"]).get("x-images")
    return None if known is None else known | dataset


def check_datasets(datasets: dict[str, dict], main: str = "main") -> None:
    """Raise ConfigError unless each data set fits together, and all go with the main one."""
    for name, dataset in datasets.items():
        where = ("dataset",) if name == main else ("datasets", name)
        if name != main and dataset["name"] not in POINTS:
            allowed = f"further data sets are of points: {listed(POINTS)}"
            raise ConfigError((*where, "name"), f"found {shown(dataset['name'])}", allowed)
        if name != main and datasets[main]["name"] not in POINTS:
            found = f"found {shown(name)} beside the dataset {datasets[main]['name']}"
            raise ConfigError(("datasets",), found, "only points have further data sets")
        if dataset["name"] == "gaussian_mixture":
            _check_mixture(dataset, where)
        if dataset["name"] == "gaussian_grid" and not dataset["std"] < dataset["spacing"] / 2:
            allowed = f"less than half of spacing, which is {shown(dataset['spacing'])}"
            raise ConfigError((*where, "std"), f"found {shown(dataset['std'])}", allowed)


def _check_mixture(dataset: dict, where: Key) -> None:
    """Raise ConfigError unless a mixture's means, stds and weights fit together."""
    means, weights = dataset["means"], dataset["weights"]
    dim = len(means[0])
    if dim != 2:
        allowed = "two coordinates: score fields are measured and drawn in the plane"
        raise ConfigError((*where, "means", 0), f"found {shown(means[0])}", allowed)
    for index, mean in enumerate(means):
        if len(mean) != dim:
            allowed = f"every mean has {dim} coordinates, as the first has"
            raise ConfigError((*where, "means", index), f"found {shown(mean)}", allowed)
    for key in ("stds", "weights"):
        if len(dataset[key]) != len(means):
            found = f"found {len(dataset[key])} values"
            raise ConfigError((*where, key), found, f"one for each of the {len(means)} means")
    if abs(math.fsum(weights) - 1) > 1e-6:
        found = f"found {shown(weights)}, which adds up to {math.fsum(weights):g}"
        raise ConfigError((*where, "weights"), found, "weights add up to 1")


def check_data(experiment: dict, wheres: dict[str, Key]) -> None:
    """Raise ConfigError where a variant, from the key path in `wheres`, is on unknown data."""
    for name, variant in experiment["variants"].items():
        if variant["data"] not in experiment["datasets"]:
            what = "data sets of this experiment"
            key = (*wheres[name], "data")
            raise unknown_name(key, variant["data"], experiment["datasets"], what)


def check_same_data(names: list[str], experiment: dict, key: Key) -> str:
    """The name of the data set that variants share. Raises ConfigError if they do not share one."""
    data = {name: experiment["variants"][name]["data"] for name in names}
    first = names[0]
    for name in names:
        if data[name] != data[first]:
            found = f"found {name} on the data {data[name]} and {first} on {data[first]}"
            raise ConfigError(key, found, "variants are compared on one data set")
    return data[first]


def check_metric(name: str, dataset: str, features: dict | None, key: Key) -> None:
    """Raise ConfigError unless the metric can be measured on the dataset, in those features."""
    mode = (features or {}).get("mode")
    here = [
        metric
        for metric, entry in METRICS.items()
        if dataset in entry.datasets and OF_MODE.get(metric, mode) == mode
    ]
    if name not in METRICS:
        error = unknown_name(key, name, here, f"metrics on {dataset}")
        error.near = nearest(name, METRICS)
        raise error
    if name not in here:
        on = f"on {listed(METRICS[name].datasets)}"
        if dataset in METRICS[name].datasets:
            on = f"in features of mode {OF_MODE[name]}"
        found = f"found {shown(name)}, which is measured {on}"
        raise ConfigError(key, found, f"metrics on {dataset}: {listed(here)}")


def check_features(experiment: dict) -> None:
    """Raise ConfigError unless images, and only images, have the feature network that is theirs."""
    name, block = experiment["dataset"]["name"], experiment["features"]
    wanted = FEATURES.get(name)
    if block is None and wanted:
        allowed = f"the network of the FID, such as {EXAMPLES[wanted]}"
        raise ConfigError(("features",), "missing", allowed)
    if block is not None and block["kind"] != wanted:
        allowed = f"only image data has features, and this dataset is {name}"
        if wanted:
            allowed = f"{wanted}, which goes with the dataset {name}"
        raise ConfigError(("features", "kind"), f"found {shown(block['kind'])}", allowed)

# What jobs read: input functions, of wildcards.
def of_data(pattern, data):
    """An input function: the file of that pattern for the data set that `data` asks for.

    data is a function of experiment and wildcards that gives the data set's name.
    """

    def path(wildcards):
        name = data(WHOLE[wildcards.experiment], wildcards)
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
    model = WHOLE[wildcards.experiment]["variants"][variant]["model"]
    path = MODEL.format(experiment=wildcards.experiment, variant=model, seed=seed)
    return f"{path}/model.safetensors"


def model_file(wildcards):
    return model_path(wildcards, wildcards.variant, wildcards.seed)


def tuning_model_file(wildcards):
    seed = config_queries.tuning_seed(WHOLE[wildcards.experiment])
    return model_path(wildcards, wildcards.variant, seed)


def model_of_block(block):
    """An input function: the model of the variant that a block such as nfe_sweep names."""

    def path(wildcards):
        variant = WHOLE[wildcards.experiment][block]["variant"]
        return model_path(wildcards, variant, wildcards.seed)

    return path


def classifier_file(wildcards):
    """The feature network, for experiments that have one."""
    features = WHOLE[wildcards.experiment]["features"]
    if features is None:
        return []
    path = INCEPTION if features["kind"] == "inception" else CLASSIFIER
    return path.format(experiment=wildcards.experiment)


def perceptual_file(wildcards):
    """The network of LPIPS, for experiments on pictures."""
    inception = config_queries.by_inception(WHOLE[wildcards.experiment])
    return PERCEPTUAL.format(**wildcards) if inception else []


def feature_threads(wildcards):
    """Inception on a CPU is worth more than one core; a small classifier is not."""
    return 4 if config_queries.by_inception(WHOLE[wildcards.experiment]) else 1


def tuning_path(wildcards, variant):
    """The tuned step size, for variants whose step size is tuned."""
    tuned = config_queries.is_tuned(WHOLE[wildcards.experiment]["variants"][variant])
    path = f"{TUNING}.json".format(experiment=wildcards.experiment, variant=variant)
    return path if tuned else []


def tuning_file(wildcards):
    return tuning_path(wildcards, wildcards.variant)


def of_shards(pattern, wildcards):
    """The files of that pattern for each shard of a run."""
    shards = WHOLE[wildcards.experiment]["variants"][wildcards.variant]["sample"]["shards"]
    return expand(pattern, shard=range(shards), **wildcards)


def unextracted_shard_files(wildcards):
    """The shards, where their features are computed when they are measured."""
    inception = config_queries.by_inception(WHOLE[wildcards.experiment])
    return [] if inception else of_shards(f"{SHARD}.npy", wildcards)


def feature_files(wildcards):
    """The shards' features, where each shard is worth a job of its own."""
    inception = config_queries.by_inception(WHOLE[wildcards.experiment])
    return of_shards(f"{FEATURES}.npy", wildcards) if inception else []


def drawn_mask_files(wildcards):
    """The masks that are drawn by hand."""
    block = WHOLE[wildcards.experiment]["inpaint"]
    return [str(Path(path).expanduser()) for path in block["drawn_masks"]] if block else []


def every_run(wildcards):
    """What the tables of runs are made of, by kind."""
    experiment = EXPERIMENTS[wildcards.experiment]
    settings, replicates = experiment["variants"], experiment["replicates"]
    here = {"experiment": wildcards.experiment, "seed": replicates["train_seeds"]}
    runs = here | {"variant": settings, "sample_seed": replicates["sample_seeds"]}
    models = here | {"variant": {variant["model"] for variant in settings.values()}}
    tuned = [name for name in settings if config_queries.is_tuned(settings[name])]
    swept, mixed = experiment["nfe_sweep"], experiment["mixing"]
    every = {
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
        "mixing": expand(f"{MIXING}.json", **here) if mixed else [],
        "mixing_exact": expand(f"{MIXING_EXACT}.json", **here) if mixed else [],
    }
    return {kind: [path for path in paths if path not in MISSING] for kind, paths in every.items()}

# What figures and pages are made from, and what jobs that figures alone need read.
from types import SimpleNamespace


def shown_model_files(wildcards):
    shown = config_queries.shown_models(EXPERIMENTS[wildcards.experiment])
    return [model_path(wildcards, variant, seed) for variant, seed in shown.items()]


def first_shards(wildcards, shown):
    """The first shard of the first run of each shown variant."""
    experiment = EXPERIMENTS[wildcards.experiment]
    sample_seed = experiment["replicates"]["sample_seeds"][0]
    return [
        SHARD.format(
            experiment=wildcards.experiment,
            variant=variant,
            seed=config_queries.first_seed(experiment, layout.METRICS, variant),
            sample_seed=sample_seed,
            shard=0,
        )
        + ".npy"
        for variant in shown
    ]


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
    """The completions by the first model of each inpainting variant that is drawn."""
    experiment = EXPERIMENTS[wildcards.experiment]
    return [
        INPAINTED.format(
            experiment=wildcards.experiment,
            variant=variant,
            seed=config_queries.first_seed(experiment, layout.INPAINTED, variant),
        )
        + ".npz"
        for variant in config_queries.drawn_inpainted(experiment)
    ]


def animated_files(wildcards):
    """What the animation of inpainting is traced from: the first run of the first variant drawn.

    That is a model, what its holes were filled with, since the step size is chosen there, and the
    tuned step size of its samples.
    """
    experiment = EXPERIMENTS[wildcards.experiment]
    variant = config_queries.drawn_inpainted(experiment)[0]
    seed = config_queries.first_seed(experiment, layout.INPAINTED, variant)
    names = {"experiment": wildcards.experiment, "variant": variant, "seed": seed}
    return {
        "model": model_path(wildcards, variant, seed),
        "inpainted": f"{INPAINTED}.json".format(**names),
        "tuning": tuning_path(wildcards, variant),
    }


def traced_files(wildcards):
    """What the trajectory is traced from: models, and the step sizes that are tuned."""
    experiment = EXPERIMENTS[wildcards.experiment]
    traced = config_queries.traced_variants(experiment)
    seeds = [config_queries.first_seed(experiment, layout.METRICS, name) for name in traced]
    return {
        "models": [model_path(wildcards, *each) for each in zip(traced, seeds)],
        "tunings": [path for name in traced if (path := tuning_path(wildcards, name))],
    }


def animation_files(wildcards):
    """The animation of inpainting, for experiments that have one."""
    animated = config_queries.is_animated(EXPERIMENTS[wildcards.experiment])
    return [f"{ANIMATION}.png".format(experiment=wildcards.experiment)] if animated else []


def trajectory_files(wildcards):
    """How samples come about, and what its frames show, for experiments that have that."""
    traced = config_queries.has_trajectory(EXPERIMENTS[wildcards.experiment])
    path = TRAJECTORY.format(experiment=wildcards.experiment)
    return multiext(path, ".png", ".json") if traced else []


def filled_exact_file(wildcards):
    """How far methods of inpainting are from the exact conditional, where there are any."""
    path = f"{FILLED_EXACT}.json".format(**wildcards)
    asked = EXPERIMENTS[wildcards.experiment]["inpaint"] and path not in MISSING
    return path if asked else []


def comparison_tables(wildcards):
    names = [entry["name"] for entry in EXPERIMENTS[wildcards.experiment]["comparisons"]]
    return expand(f"{TABLES}/{{comparison}}.csv", comparison=names, **wildcards)


def figure_files(wildcards, form="svg"):
    name = wildcards.experiment
    compared = [f"comparison.{entry['name']}" for entry in EXPERIMENTS[name]["comparisons"]]
    figures = [*compared, *config_queries.figures(EXPERIMENTS[name])]
    return expand(f"{FIGURE}.{{form}}", experiment=name, figure=figures, form=form)


def caption_files(wildcards):
    experiment = EXPERIMENTS[wildcards.experiment]
    names = ["comparison", *config_queries.figures(experiment)]
    names += ["trajectory"] if config_queries.has_trajectory(experiment) else []
    return [f"{CAPTIONS}/{name}.rst" for name in names]


def every_figure(wildcards):
    """All figures of the selected experiments."""
    found = []
    for name in REPORTED:
        each = SimpleNamespace(experiment=name)
        found += figure_files(each, FORMATS) + animation_files(each) + trajectory_files(each)
    return found


def report_of(experiment):
    return f"{HERE}/report.html".format(experiment=experiment)

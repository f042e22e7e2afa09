# Score Ladder: one score model per noise ladder and weighting, sampled, measured and compared.
from snakemake.utils import min_version

min_version("9.27")


include: "rules/common.smk"
include: "rules/inputs.smk"
include: "rules/inputs_report.smk"
include: "rules/hooks.smk"
include: "rules/data.smk"
include: "rules/train.smk"
include: "rules/tune.smk"
include: "rules/sample.smk"
include: "rules/inpaint.smk"
include: "rules/sweep.smk"
include: "rules/evaluate.smk"
include: "rules/figures.smk"
include: "rules/report.smk"


rule all:
    default_target: True
    input:
        INDEX,


rule figures:
    input:
        every_figure,


for name in EXPERIMENTS:

    rule:
        name:
            name
        input:
            report_of(name),


# seconds of work, and all that needs the internet: on a cluster these stay where Snakemake runs
localrules:
    prepare_dataset,
    fetch_inception,
    fetch_perceptual,
    collect,
    compare,
    judge,
    plot_animation,
    plot_comparison,
    plot_error_by_density,
    plot_gallery,
    plot_inpainting,
    plot_learning_curves,
    plot_levels,
    plot_mixing,
    plot_nfe_sweep,
    plot_samples,
    plot_score_fields,
    plot_trajectory,
    plot_tuning,
    write_report,
    write_index,

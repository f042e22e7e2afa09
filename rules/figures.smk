# Figures: from tables and from what jobs with models left, never from models.
rule plot_comparison:
    input:
        table=f"{TABLES}/{{comparison}}.csv",
        runs=f"{SUMMARY}/runs.csv",
    output:
        drawings=drawn(
            "comparison.{comparison}",
            "comparisons",
            caption="comparison",
            comparison="{comparison}",
            form="figure",
        ),
        manifest=f"{HERE}/figures/comparison.{{comparison}}.manifest.json",
    log:
        f"{HERE}/logs/plot_comparison.{{comparison}}.log",
    conda:
        "../environment.yml"
    params:
        spec=spec_of(specs_report.plot_comparison, "comparison"),
        code=code("plot_comparison.py"),
    script:
        "../workflow_scripts/plot_comparison.py"


# a rule for each figure, because a caption's path may hold no wildcard
for figure in TRAINING_TABLES:

    rule:
        name:
            f"plot_{figure}"
        input:
            table=f"{SUMMARY}/{TRAINING_TABLES[figure]}.csv",
        output:
            drawings=drawn(figure, "training"),
            manifest=f"{HERE}/figures/{figure}.manifest.json",
        log:
            f"{HERE}/logs/plot_{figure}.log",
        conda:
            "../environment.yml"
        params:
            spec=spec_of(specs_report.plot_training),
            code=code("plot_training.py"),
            figure=figure,
        script:
            "../workflow_scripts/plot_training.py"


for figure in ("score_fields", "error_by_density"):

    rule:
        name:
            f"plot_{figure}"
        input:
            fields=f"{FIELDS}.npz",
        output:
            drawings=drawn(figure, "scores"),
            manifest=f"{HERE}/figures/{figure}.manifest.json",
        log:
            f"{HERE}/logs/plot_{figure}.log",
        conda:
            "../environment.yml"
        params:
            spec=spec_of(specs_report.plot),
            code=code("plot_fields.py"),
            figure=figure,
        script:
            "../workflow_scripts/plot_fields.py"


rule plot_samples:
    input:
        data=MAIN_DATA,
        runs=f"{SUMMARY}/runs.csv",
        shards=shown_shard_files,
    output:
        drawings=drawn("samples", "samples"),
        manifest=f"{HERE}/figures/samples.manifest.json",
    log:
        f"{HERE}/logs/plot_samples.log",
    conda:
        "../environment.yml"
    params:
        spec=spec_of(specs_report.plot_samples),
        code=code("plot_samples.py"),
    script:
        "../workflow_scripts/plot_samples.py"


rule plot_gallery:
    input:
        data=gallery_data_files,
        shards=gallery_shard_files,
    output:
        drawings=drawn("gallery", "samples"),
        manifest=f"{HERE}/figures/gallery.manifest.json",
    log:
        f"{HERE}/logs/plot_gallery.log",
    conda:
        "../environment.yml"
    params:
        spec=spec_of(specs_report.plot_gallery),
        code=code("plot_gallery.py"),
    script:
        "../workflow_scripts/plot_gallery.py"


rule plot_nfe_sweep:
    input:
        table=f"{SUMMARY}/sweeps.csv",
        floor=needs("nfe_sweep", of_sweep(FLOOR)),
    output:
        drawings=drawn("nfe_sweep", "sweeps"),
        manifest=f"{HERE}/figures/nfe_sweep.manifest.json",
    log:
        f"{HERE}/logs/plot_nfe_sweep.log",
    conda:
        "../environment.yml"
    params:
        spec=spec_of(specs_report.plot_nfe_sweep),
        code=code("plot_nfe_sweep.py"),
    script:
        "../workflow_scripts/plot_nfe_sweep.py"


rule plot_mixing:
    input:
        table=f"{SUMMARY}/mixing.csv",
    output:
        drawings=drawn("mixing_weights", "sweeps"),
        manifest=f"{HERE}/figures/mixing_weights.manifest.json",
    log:
        f"{HERE}/logs/plot_mixing.log",
    conda:
        "../environment.yml"
    params:
        spec=spec_of(specs_report.plot_mixing),
        code=code("plot_mixing.py"),
    script:
        "../workflow_scripts/plot_mixing.py"


rule plot_inpainting:
    input:
        completions=needs("inpaint", completion_files),
    output:
        drawings=drawn("inpainting", "samples"),
        manifest=f"{HERE}/figures/inpainting.manifest.json",
    log:
        f"{HERE}/logs/plot_inpainting.log",
    conda:
        "../environment.yml"
    params:
        spec=spec_of(specs_report.plot_inpainting),
        code=code("plot_inpainting.py"),
    script:
        "../workflow_scripts/plot_inpainting.py"


rule plot_animation:
    input:
        states=f"{TRACED_INPAINTING}.npz",
    output:
        animation=f"{ANIMATION}.png",
        manifest=f"{ANIMATION}.manifest.json",
    log:
        f"{HERE}/logs/plot_animation.log",
    conda:
        "../environment.yml"
    params:
        spec=spec_of(specs_report.plot_animation),
        code=code("plot_animation.py"),
    script:
        "../workflow_scripts/plot_animation.py"


rule plot_trajectory:
    input:
        states=f"{TRACED_SAMPLES}.npz",
    output:
        animation=report(
            f"{TRAJECTORY}.png",
            caption="../config/report/trajectory.rst",
            category="{experiment}",
            subcategory="samples",
            labels={"figure": "trajectory"},
        ),
        frames=f"{TRAJECTORY}.json",
        manifest=f"{TRAJECTORY}.manifest.json",
    log:
        f"{HERE}/logs/plot_trajectory.log",
    conda:
        "../environment.yml"
    params:
        spec=spec_of(specs_report.plot),
        code=code("plot_trajectory.py"),
    script:
        "../workflow_scripts/plot_trajectory.py"

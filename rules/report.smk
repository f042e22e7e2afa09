# Tables, figures and pages: all from what the runs left, without touching models.
rule compare:
    input:
        runs=f"{SUMMARY}/runs.csv",
        floor=of_comparison(FLOOR),
    output:
        csv=report(
            f"{TABLES}/{{comparison}}.csv",
            caption="../config/report/table.rst",
            category="{experiment}",
            subcategory="tables",
            labels={"comparison": "{comparison}", "form": "table"},
        ),
        markdown=f"{TABLES}/{{comparison}}.md",
        latex=f"{TABLES}/{{comparison}}.tex",
        manifest=f"{TABLES}/{{comparison}}.manifest.json",
    log:
        f"{HERE}/logs/compare.{{comparison}}.log",
    conda:
        "../environment.yml"
    params:
        spec=spec_of(specs_report.compare, "comparison"),
        code=code("compare.py"),
    script:
        "../workflow_scripts/compare.py"


rule judge:
    input:
        runs=f"{SUMMARY}/runs.csv",
    output:
        claims=f"{SUMMARY}/claims.json",
        manifest=f"{SUMMARY}/claims.manifest.json",
    log:
        f"{HERE}/logs/judge.log",
    conda:
        "../environment.yml"
    params:
        spec=spec_of(specs_report.judge),
        code=code("judge.py"),
    script:
        "../workflow_scripts/judge.py"


rule plot_comparison:
    input:
        table=f"{TABLES}/{{comparison}}.csv",
        runs=f"{SUMMARY}/runs.csv",
    output:
        svg=report(
            f"{HERE}/figures/comparison.{{comparison}}.svg",
            caption="../config/report/comparison.rst",
            category="{experiment}",
            subcategory="comparisons",
            labels={"comparison": "{comparison}", "form": "figure"},
        ),
        png=f"{HERE}/figures/comparison.{{comparison}}.png",
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
            svg=report(
                f"{HERE}/figures/{figure}.svg",
                caption=f"../config/report/{figure}.rst",
                category="{experiment}",
                subcategory="training",
                labels={"figure": figure},
            ),
            png=f"{HERE}/figures/{figure}.png",
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
            svg=report(
                f"{HERE}/figures/{figure}.svg",
                caption=f"../config/report/{figure}.rst",
                category="{experiment}",
                subcategory="scores",
                labels={"figure": figure},
            ),
            png=f"{HERE}/figures/{figure}.png",
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
        svg=report(
            f"{HERE}/figures/samples.svg",
            caption="../config/report/samples.rst",
            category="{experiment}",
            subcategory="samples",
            labels={"figure": "samples"},
        ),
        png=f"{HERE}/figures/samples.png",
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
        svg=report(
            f"{HERE}/figures/gallery.svg",
            caption="../config/report/gallery.rst",
            category="{experiment}",
            subcategory="samples",
            labels={"figure": "gallery"},
        ),
        png=f"{HERE}/figures/gallery.png",
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
        svg=report(
            f"{HERE}/figures/nfe_sweep.svg",
            caption="../config/report/nfe_sweep.rst",
            category="{experiment}",
            subcategory="sweeps",
            labels={"figure": "nfe_sweep"},
        ),
        png=f"{HERE}/figures/nfe_sweep.png",
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
        svg=report(
            f"{HERE}/figures/mixing_weights.svg",
            caption="../config/report/mixing_weights.rst",
            category="{experiment}",
            subcategory="sweeps",
            labels={"figure": "mixing_weights"},
        ),
        png=f"{HERE}/figures/mixing_weights.png",
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
        svg=report(
            f"{HERE}/figures/inpainting.svg",
            caption="../config/report/inpainting.rst",
            category="{experiment}",
            subcategory="samples",
            labels={"figure": "inpainting"},
        ),
        png=f"{HERE}/figures/inpainting.png",
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


rule write_report:
    input:
        claims=f"{SUMMARY}/claims.json",
        runs=f"{SUMMARY}/runs.csv",
        manifest=f"{SUMMARY}/runs.manifest.json",
        curves=f"{SUMMARY}/curves.csv",
        levels=f"{SUMMARY}/levels.csv",
        sweeps=f"{SUMMARY}/sweeps.csv",
        mixing=f"{SUMMARY}/mixing.csv",
        inpainting=f"{SUMMARY}/inpainting.csv",
        filled_exact=filled_exact_file,
        tables=comparison_tables,
        figures=figure_files,
        animation=animation_file,
        captions=caption_files,
    output:
        page=f"{HERE}/report.html",
        manifest=f"{HERE}/report.manifest.json",
    log:
        f"{HERE}/logs/write_report.log",
    conda:
        "../environment.yml"
    params:
        spec=spec_of(specs_report.write_report),
        code=code("write_report.py"),
        templates=templates(),
    script:
        "../workflow_scripts/write_report.py"


rule write_index:
    input:
        pages=[report_of(name) for name in REPORTED],
        claims=expand(f"{SUMMARY}/claims.json", experiment=REPORTED),
    output:
        page=INDEX,
        manifest=f"{RESULTS}/report.manifest.json",
    log:
        f"{RESULTS}/logs/write_index.log",
    conda:
        "../environment.yml"
    params:
        spec=variants.canonical(specs_report.write_index([EXPERIMENTS[name] for name in SELECTED])),
        code=code("write_index.py"),
        templates=templates(),
    script:
        "../workflow_scripts/write_index.py"

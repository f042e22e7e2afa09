# Tables and pages: all from what the runs left, without touching models.
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
        animation=animation_files,
        trajectory=trajectory_files,
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

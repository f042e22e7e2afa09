# Filling holes in held-out images with models that were trained on whole ones.
rule inpaint:
    input:
        data=of_variant(DATA),
        model=needs("inpaint", model_file),
        tuning=inpainting_tuning_file,
    output:
        metrics=f"{INPAINTED}.json",
        completions=f"{INPAINTED}.npz",
        manifest=f"{INPAINTED}.manifest.json",
    log:
        f"{HERE}/logs/inpaint/{{variant}}.seed{{seed}}.log",
    conda:
        "../environment.yml"
    threads: 1
    params:
        spec=spec_of(specs.inpaint, "variant", "seed"),
        code=code("inpaint.py"),
    script:
        "../workflow_scripts/inpaint.py"

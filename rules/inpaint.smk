# Filling holes in held-out images with models that were trained on whole ones.
rule inpaint:
    input:
        data=of_variant(DATA),
        reference=of_variant(REFERENCE),
        classifier=classifier_file,
        perceptual=perceptual_file,
        model=needs("inpaint", model_file),
        masks=drawn_mask_files,
    output:
        metrics=f"{INPAINTED}.json",
        completions=f"{INPAINTED}.npz",
        manifest=f"{INPAINTED}.manifest.json",
    log:
        f"{HERE}/logs/inpaint/{{variant}}.seed{{seed}}.log",
    conda:
        "../environment.yml"
    threads: feature_threads
    params:
        spec=spec_of(specs.inpaint, "variant", "seed"),
        code=code("inpaint.py"),
    script:
        "../workflow_scripts/inpaint.py"


rule fill_exact:
    input:
        needs("inpaint", nothing),
    output:
        filled=f"{FILLED_EXACT}.json",
        manifest=f"{FILLED_EXACT}.manifest.json",
    log:
        f"{HERE}/logs/fill_exact.log",
    conda:
        "../environment.yml"
    threads: 1
    params:
        spec=spec_of(specs.fill_exact),
        code=code("fill_exact.py"),
    script:
        "../workflow_scripts/fill_exact.py"


# How samples and completions come about, of the first variant that the figure of inpainting shows.
rule trace_inpainting:
    input:
        unpack(needs("inpaint", animated_files)),
        data=MAIN_DATA,
    output:
        states=f"{TRACED_INPAINTING}.npz",
        manifest=f"{TRACED_INPAINTING}.manifest.json",
    log:
        f"{HERE}/logs/trace_inpainting.log",
    conda:
        "../environment.yml"
    threads: 1
    params:
        spec=spec_of(specs_report.trace_inpainting),
        code=code("trace_inpainting.py"),
    script:
        "../workflow_scripts/trace_inpainting.py"

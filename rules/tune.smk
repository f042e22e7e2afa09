# The step size of each sampled variant, chosen on the tuning split.
rule tune:
    input:
        model=tuning_model_file,
        reference=of_variant(REFERENCE),
        classifier=classifier_file,
    output:
        tuning=f"{TUNING}.json",
        manifest=f"{TUNING}.manifest.json",
    log:
        f"{HERE}/logs/tune/{{variant}}.log",
    conda:
        "../environment.yml"
    threads: feature_threads
    params:
        spec=spec_of(specs.tune, "variant"),
        code=code("tune.py"),
    script:
        "../workflow_scripts/tune.py"

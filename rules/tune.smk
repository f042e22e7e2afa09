# The step size of each sampled variant, chosen on the tuning split.
rule tune:
    input:
        model=tuning_model_file,
        reference=REFERENCE,
        classifier=classifier_file,
    output:
        tuning=f"{TUNING}.json",
        manifest=f"{TUNING}.manifest.json",
    log:
        f"{HERE}/logs/tune/{{variant}}.log",
    params:
        spec=spec_of(tune_spec),
        code=code("tune.py"),
    threads: 1
    conda:
        "../environment.yml"
    script:
        "../workflow_scripts/tune.py"

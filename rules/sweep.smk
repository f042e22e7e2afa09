# One trained model sampled in many ways: samplers by their budgets, and NCSN's mixing weights.
rule sweep_nfe:
    input:
        model=needs("nfe_sweep", model_of_block("nfe_sweep")),
        reference=of_sweep(REFERENCE),
        classifier=classifier_file,
    output:
        sweep=f"{NFE_SWEEP}.json",
        manifest=f"{NFE_SWEEP}.manifest.json",
    log:
        f"{HERE}/logs/sweep_nfe/seed{{seed}}.log",
    conda:
        "../environment.yml"
    threads: 1
    params:
        spec=spec_of(specs.sweep_nfe, "seed"),
        code=code("sweep_nfe.py"),
    script:
        "../workflow_scripts/sweep_nfe.py"


rule mix_weights:
    input:
        model=needs("mixing", model_of_block("mixing")),
    output:
        mixing=f"{MIXING}.json",
        manifest=f"{MIXING}.manifest.json",
    log:
        f"{HERE}/logs/mix_weights/seed{{seed}}.log",
    conda:
        "../environment.yml"
    threads: 1
    params:
        spec=spec_of(specs.mix_weights, "seed"),
        code=code("mix_weights.py"),
    script:
        "../workflow_scripts/mix_weights.py"


rule mix_exact:
    input:
        needs("mixing", nothing),
    output:
        mixing=f"{MIXING_EXACT}.json",
        manifest=f"{MIXING_EXACT}.manifest.json",
    log:
        f"{HERE}/logs/mix_exact.log",
    conda:
        "../environment.yml"
    threads: 1
    params:
        spec=spec_of(specs.mix_exact),
        code=code("mix_exact.py"),
    script:
        "../workflow_scripts/mix_exact.py"

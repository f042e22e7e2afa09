# Samples, in shards that depend neither on one another nor on their number.
rule sample:
    input:
        model=model_file,
        tuning=tuning_file,
    output:
        samples=f"{SHARD}.npy",
        manifest=f"{SHARD}.manifest.json",
    log:
        f"{HERE}/logs/sample/{{variant}}.seed{{seed}}.s{{sample_seed}}.shard{{shard}}.log",
    conda:
        "../environment.yml"
    threads: 1
    params:
        spec=spec_of(specs.sample, "variant", "seed", "sample_seed", "shard"),
        code=code("sample.py"),
    script:
        "../workflow_scripts/sample.py"


# How samples come about: some chains of each shown variant, with states on their way.
rule trace_samples:
    input:
        unpack(traced_files),
        data=MAIN_DATA,
    output:
        states=f"{TRACED_SAMPLES}.npz",
        manifest=f"{TRACED_SAMPLES}.manifest.json",
    log:
        f"{HERE}/logs/trace_samples.log",
    conda:
        "../environment.yml"
    threads: 1
    params:
        spec=spec_of(specs_report.trace_samples),
        code=code("trace_samples.py"),
    script:
        "../workflow_scripts/trace_samples.py"

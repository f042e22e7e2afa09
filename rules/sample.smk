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
    params:
        spec=spec_of(sample_spec),
        code=code("sample.py"),
    threads: 1
    conda:
        "../environment.yml"
    script:
        "../workflow_scripts/sample.py"

# Measurements of each run, and the tables that gather them.
rule extract_features:
    input:
        shard=f"{SHARD}.npy",
        network=needs("features", classifier_file),
    output:
        features=f"{FEATURES}.npy",
        manifest=f"{FEATURES}.manifest.json",
    log:
        f"{HERE}/logs/extract_features/{{variant}}.seed{{seed}}.s{{sample_seed}}.shard{{shard}}.log",
    conda:
        "../environment.yml"
    threads: feature_threads
    params:
        spec=spec_of(specs.extract_features),
        code=code("extract_features.py"),
    script:
        "../workflow_scripts/extract_features.py"


rule evaluate:
    input:
        data=of_variant(DATA),
        reference=of_variant(REFERENCE),
        classifier=classifier_file,
        model=model_file,
        shards=unextracted_shard_files,
        features=feature_files,
    output:
        metrics=f"{METRICS}.json",
        manifest=f"{METRICS}.manifest.json",
    log:
        f"{HERE}/logs/evaluate/{{variant}}.seed{{seed}}.s{{sample_seed}}.log",
    conda:
        "../environment.yml"
    threads: feature_threads
    params:
        spec=spec_of(specs.evaluate, "variant", "seed"),
        code=code("evaluate.py"),
    script:
        "../workflow_scripts/evaluate.py"


rule measure_likelihood:
    input:
        data=of_variant(DATA),
        model=needs("likelihood", model_file),
    output:
        metrics=f"{LIKELIHOOD}.json",
        manifest=f"{LIKELIHOOD}.manifest.json",
    log:
        f"{HERE}/logs/measure_likelihood/{{variant}}.seed{{seed}}.log",
    conda:
        "../environment.yml"
    threads: 1
    params:
        spec=spec_of(specs.measure_likelihood, "variant", "seed"),
        code=code("measure_likelihood.py"),
    script:
        "../workflow_scripts/measure_likelihood.py"


rule map_scores:
    input:
        models=shown_model_files,
    output:
        fields=f"{FIELDS}.npz",
        manifest=f"{FIELDS}.manifest.json",
    log:
        f"{HERE}/logs/map_scores.log",
    conda:
        "../environment.yml"
    params:
        spec=spec_of(specs_report.fields),
        code=code("map_scores.py"),
    script:
        "../workflow_scripts/map_scores.py"


rule collect:
    input:
        unpack(every_run),
    output:
        runs=f"{SUMMARY}/runs.csv",
        levels=f"{SUMMARY}/levels.csv",
        tuning=f"{SUMMARY}/tuning.csv",
        curves=f"{SUMMARY}/curves.csv",
        sweeps=f"{SUMMARY}/sweeps.csv",
        mixing=f"{SUMMARY}/mixing.csv",
        inpainting=f"{SUMMARY}/inpainting.csv",
        experiment=f"{SUMMARY}/experiment.yaml",
        manifest=f"{SUMMARY}/runs.manifest.json",
    log:
        f"{HERE}/logs/collect.log",
    conda:
        "../environment.yml"
    params:
        spec=spec_of(specs_report.collect),
        code=code("collect.py"),
    script:
        "../workflow_scripts/collect.py"

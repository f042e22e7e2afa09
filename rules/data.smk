# Real data, and what the metrics compare samples with.
rule prepare_dataset:
    output:
        data=DATA,
        manifest=f"{HERE}/data/manifest.json",
    log:
        f"{HERE}/logs/prepare_dataset.log",
    params:
        spec=spec_of(dataset_spec),
        code=code("prepare_dataset.py"),
    conda:
        "../environment.yml"
    script:
        "../workflow_scripts/prepare_dataset.py"


rule train_features:
    input:
        data=DATA,
    output:
        classifier=CLASSIFIER,
        manifest=f"{HERE}/reference/classifier.manifest.json",
    log:
        f"{HERE}/logs/train_features.log",
    params:
        spec=spec_of(features_spec),
        code=code("train_features.py"),
    threads: 2
    conda:
        "../environment.yml"
    script:
        "../workflow_scripts/train_features.py"


rule make_reference:
    input:
        data=DATA,
        classifier=classifier_file,
    output:
        reference=REFERENCE,
        floor=FLOOR,
        manifest=f"{HERE}/reference/manifest.json",
    log:
        f"{HERE}/logs/make_reference.log",
    params:
        spec=spec_of(reference_spec),
        code=code("make_reference.py"),
    conda:
        "../environment.yml"
    script:
        "../workflow_scripts/make_reference.py"

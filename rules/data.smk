# Real data, and what the metrics compare samples with.
rule prepare_dataset:
    output:
        data=DATA,
        arrays=[f"{HERE}/data/{{data}}/{part}.npy" for part in PARTS],
        manifest=f"{HERE}/data/{{data}}/manifest.json",
    log:
        f"{HERE}/logs/prepare_dataset/{{data}}.log",
    conda:
        "../environment.yml"
    params:
        spec=spec_of(specs.prepare_dataset, "data"),
        code=code("prepare_dataset.py"),
    script:
        "../workflow_scripts/prepare_dataset.py"


rule train_features:
    input:
        data=MAIN_DATA,
    output:
        classifier=CLASSIFIER,
        manifest=f"{HERE}/reference/classifier.manifest.json",
    log:
        f"{HERE}/logs/train_features.log",
    conda:
        "../environment.yml"
    threads: 1
    params:
        spec=spec_of(specs.features),
        code=code("train_features.py"),
    script:
        "../workflow_scripts/train_features.py"


rule fetch_inception:
    output:
        network=INCEPTION,
        manifest=f"{HERE}/reference/inception.manifest.json",
    log:
        f"{HERE}/logs/fetch_inception.log",
    conda:
        "../environment.yml"
    params:
        spec=spec_of(specs.fetch_inception),
        code=code("fetch_inception.py"),
    script:
        "../workflow_scripts/fetch_inception.py"


rule fetch_perceptual:
    output:
        network=PERCEPTUAL,
        manifest=f"{HERE}/reference/perceptual.manifest.json",
    log:
        f"{HERE}/logs/fetch_perceptual.log",
    conda:
        "../environment.yml"
    params:
        spec=spec_of(specs.fetch_perceptual),
        code=code("fetch_perceptual.py"),
    script:
        "../workflow_scripts/fetch_perceptual.py"


rule make_reference:
    input:
        data=DATA,
        classifier=classifier_file,
    output:
        reference=REFERENCE,
        arrays=[f"{HERE}/reference/{{data}}/{part}.npy" for part in REFERENCE_PARTS],
        manifest=f"{HERE}/reference/{{data}}/manifest.json",
    log:
        f"{HERE}/logs/make_reference/{{data}}.log",
    conda:
        "../environment.yml"
    threads: feature_threads
    params:
        spec=spec_of(specs.make_reference, "data"),
        code=code("make_reference.py"),
    script:
        "../workflow_scripts/make_reference.py"


rule measure_floor:
    input:
        reference=REFERENCE,
    output:
        floor=FLOOR,
        manifest=f"{HERE}/reference/{{data}}/floor.manifest.json",
    log:
        f"{HERE}/logs/measure_floor/{{data}}.log",
    conda:
        "../environment.yml"
    params:
        spec=spec_of(specs.floor, "data"),
        code=code("measure_floor.py"),
    script:
        "../workflow_scripts/measure_floor.py"

# One score model per variant and seed. Resume state lies undeclared beside the model.
rule train:
    input:
        data=DATA,
    output:
        model=f"{MODEL}/model.safetensors",
        curve=f"{MODEL}/curve.csv",
        manifest=f"{MODEL}/manifest.json",
    log:
        f"{HERE}/logs/train/{{variant}}.seed{{seed}}.log",
    params:
        spec=spec_of(train_spec),
        code=code("train.py"),
    threads: 1
    conda:
        "../environment.yml"
    script:
        "../workflow_scripts/train.py"

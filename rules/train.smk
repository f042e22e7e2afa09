# One model per variant and seed. Resume state lies undeclared beside the model.
rule train:
    input:
        data=of_variant(DATA),
    output:
        model=f"{MODEL}/model.safetensors",
        curve=f"{MODEL}/curve.csv",
        manifest=f"{MODEL}/manifest.json",
    log:
        f"{HERE}/logs/train/{{variant}}.seed{{seed}}.log",
    conda:
        "../environment.yml"
    threads: 1
    params:
        spec=spec_of(specs.train, "variant", "seed"),
        code=code("train.py"),
    script:
        "../workflow_scripts/train.py"

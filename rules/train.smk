# One model per variant and seed. Resume state and TensorBoard's events lie undeclared beside it.
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

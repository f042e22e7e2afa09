"""Exported folders of untrained models, without a run."""

import torch
from network_examples import filled

from scoreladder import files, models, sampling, sharing, storage

LADDER = {"kind": "geometric", "sigma_max": 5.0, "sigma_min": 0.05, "levels": 5}
BLOCKS = {"noise": LADDER, "density": {"kind": "ladder"}, "denoiser": "edm"}
MLP = {"kind": "mlp", "width": 8, "blocks": 1}


def export(folder, sample, size=None, network=MLP, shape=(1, 8, 8)):
    """A folder that holds a score model of data of a shape, and how it is sampled; the model."""
    data = torch.randn(50, *shape, generator=torch.Generator().manual_seed(0))
    description = models.describe(BLOCKS | {"network": network}, data)
    model = filled(models.build(description), 0.05)
    models.save(model, description, folder / storage.FILE)
    told = {sharing.MARK: sharing.VERSION, "experiment": "some", "variant": "one", "seed": 3}
    sigmas = sampling.ladder_of(sample, model).tolist()
    told["sampling"] = {"sample": sample, "relative_step_size": size, "sigmas": sigmas}
    files.write_json(folder / sharing.CONFIG, told)
    return model

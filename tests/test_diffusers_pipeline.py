"""Pipelines of diffusers sample as the library does: its schedulers, and ours for Langevin."""

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler, HeunDiscreteScheduler
from export_examples import LADDER, MLP, export

from scoreladder import seeds, sharing
from scoreladder.diffusers_pipeline import ScorePipeline, from_export

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")

UNET = {"kind": "unet", "size": "tiny"}
LONG = LADDER | {"levels": 20}
ONE = {"kind": "single", "sigma": 0.5}
LANGEVIN = {"nfe": 17, "start_std": 1.0, "ladder": LADDER}
CASES = {
    "ddim": ({"sampler": "ddim", "eta": 0.0, "ladder": LADDER}, None),
    "ddim-noisy": ({"sampler": "ddim", "eta": 1.0, "ladder": LADDER}, None),
    "ancestral": ({"sampler": "ancestral", "ladder": LADDER}, None),
    "heun": ({"sampler": "heun", "churn": 0.0, "ladder": LADDER}, None),
    "dpmpp_2m": ({"sampler": "dpmpp_2m", "ladder": LADDER}, None),
    # their own rules for few steps end at 15
    "dpmpp_2m-long": ({"sampler": "dpmpp_2m", "ladder": LONG}, None),
    "dpmpp_2m-one": ({"sampler": "dpmpp_2m", "ladder": ONE}, None),
    "annealed": ({"sampler": "annealed_langevin", "denoise": True, **LANGEVIN}, 0.1),
    "annealed-raw": ({"sampler": "annealed_langevin", "denoise": False, **LANGEVIN}, 0.1),
    "langevin": ({"sampler": "langevin", "denoise": True, **LANGEVIN, "ladder": ONE}, 0.1),
}
CLOSE = {"rtol": 1e-4, "atol": 1e-5}


def quiet(pipeline):
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def reloaded(folder):
    """The pipeline of an export, written and read again."""
    from_export(folder).save_pretrained(folder / "diffusers")
    return quiet(ScorePipeline.from_pretrained(folder / "diffusers"))


def workflow_noise(block=0):
    return seeds.generator("sample", 3, 0, block)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    ("network", "shape"),
    [(MLP, (1, 8, 8)), (UNET, (3, 8, 8)), (MLP, (2,))],
    ids=["mlp", "unet", "points"],
)
def test_a_pipeline_samples_what_plain_torch_does(tmp_path, case, network, shape):
    export(tmp_path, *CASES[case], network, shape)
    expected = sharing.sample(tmp_path, 5)
    found = reloaded(tmp_path)(5, generator=workflow_noise(), output_type="latent").images
    assert np.allclose(found.numpy(), expected, **CLOSE)


def test_the_scheduler_is_that_of_diffusers_where_there_is_one(tmp_path):
    theirs = {
        "ddim": "EulerDiscreteScheduler",
        "ancestral": "EulerAncestralDiscreteScheduler",
        "heun": "HeunDiscreteScheduler",
        "dpmpp_2m": "DPMSolverMultistepScheduler",
    }
    for case, name in theirs.items():
        export(tmp_path, *CASES[case])
        scheduler = from_export(tmp_path).scheduler
        assert type(scheduler).__name__ == name
        assert type(scheduler).__module__.startswith("diffusers.")


def test_a_pipeline_may_be_called_again_and_starts_from_given_noise(tmp_path):
    export(tmp_path, *CASES["dpmpp_2m"])
    pipeline = quiet(from_export(tmp_path))
    latents = torch.randn(4, 1, 8, 8, generator=workflow_noise())
    drawn = pipeline(4, generator=workflow_noise(), output_type="latent").images
    given = pipeline(4, latents=latents, output_type="latent").images
    assert torch.equal(drawn, given)
    with pytest.raises(ValueError, match=r"latents: found \(4, 1, 8, 8\); \(3, 1, 8, 8\)"):
        pipeline(3, latents=latents)


def test_a_generator_for_each_image_gives_each_its_own_noise(tmp_path):
    export(tmp_path, *CASES["annealed"])
    pipeline = quiet(from_export(tmp_path))
    both = [workflow_noise(0), workflow_noise(1)]
    found = pipeline(2, generator=both, output_type="latent").images
    alone = pipeline(1, generator=workflow_noise(1), output_type="latent").images
    assert torch.allclose(found[1:], alone, **CLOSE)


def test_images_come_as_diffusers_gives_them(tmp_path):
    export(tmp_path, *CASES["heun"], shape=(3, 8, 8))
    pipeline = quiet(from_export(tmp_path))

    def images(kind):
        return pipeline(2, generator=workflow_noise(), output_type=kind).images

    raw = images("latent")
    expected = (raw / 2 + 0.5).clamp(0, 1)
    assert torch.allclose(images("pt"), expected)
    assert np.allclose(images("np"), expected.permute(0, 2, 3, 1))
    first = images("pil")[0]
    assert first.size == (8, 8) and first.mode == "RGB"
    assert np.abs(np.asarray(first) / 255 - expected[0].permute(1, 2, 0).numpy()).max() < 0.5 / 254
    (tuple_form,) = pipeline(2, generator=workflow_noise(), output_type="pt", return_dict=False)
    assert torch.allclose(tuple_form, expected)


def test_points_are_no_images(tmp_path):
    export(tmp_path, *CASES["heun"], shape=(2,))
    pipeline = quiet(from_export(tmp_path))
    assert pipeline(3, output_type="np").images.shape == (3, 2)
    with pytest.raises(ValueError, match=r"found pil of points of shape \(2,\); np or pt"):
        pipeline(3)


def test_a_scheduler_may_be_exchanged_for_another_of_its_equals(tmp_path):
    export(tmp_path, *CASES["ddim"])
    pipeline = quiet(from_export(tmp_path))
    pipeline.scheduler = HeunDiscreteScheduler()
    found = pipeline(5, generator=workflow_noise(), output_type="latent").images
    export(tmp_path, *CASES["heun"])
    assert np.allclose(found.numpy(), sharing.sample(tmp_path, 5), **CLOSE)
    pipeline.scheduler = DDPMScheduler()
    with pytest.raises(ValueError, match="scheduler: found DDPMScheduler; one of: Euler"):
        pipeline(5)


@pytest.mark.parametrize(
    "sample",
    [
        {"sampler": "reverse_diffusion"},
        {"sampler": "pf_ode", "rtol": 0.1},
        {"sampler": "heun", "churn": 5.0},
        {"sampler": "ddim", "eta": 0.5},
    ],
    ids=lambda sample: sample["sampler"],
)
def test_a_sampler_that_diffusers_lacks_is_refused(tmp_path, sample):
    export(tmp_path, sample | {"ladder": LADDER})
    with pytest.raises(ValueError, match=f"sampler: found {sample['sampler']} with settings of"):
        from_export(tmp_path)

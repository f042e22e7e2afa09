"""From config blocks to samples: budgets of evaluations, ladders, blocks and shards."""

import json

import numpy as np
import pytest
import torch

from scoreladder import generative, networks, noise, sampling, seeds
from scoreladder.analytic import GaussianMixture
from scoreladder.denoiser import Denoiser
from scoreladder.errors import JobFailed

LADDER = {"kind": "geometric", "sigma_max": 2.0, "sigma_min": 0.1, "levels": 4}
CONFIG = {
    "sampler": "annealed_langevin",
    "ladder": LADDER,
    "nfe": 21,
    "denoise": True,
    "start_std": 2.0,
}
LANGEVIN = {"nfe": 5, "step_size": 0.3, "denoise": True, "start_std": 2.0}
# sampler → (its own keys, its ladder, the evaluations that it spends)
BLOCKS = {
    "langevin": (LANGEVIN, {"kind": "single", "sigma": 0.5}, 5),
    "annealed_langevin": (LANGEVIN, LADDER, 5),
    "consistent_annealed": ({"step_size": 0.9, "denoise": True}, LADDER, 5),
    "reverse_diffusion": ({}, LADDER, 4),
    "ancestral": ({}, LADDER, 4),
    "ddim": ({"eta": 0.5}, LADDER, 4),
    "predictor_corrector": ({"snr": 0.16, "corrector_steps": 2}, LADDER, 12),
    "heun": ({"churn": 1.0}, LADDER, 7),
    "dpmpp_2m": ({}, LADDER, 4),
    "pf_ode": ({"rtol": 0.01}, LADDER | {"levels": 2}, None),
}
# two whole blocks and part of a third
COUNT = 2 * sampling.BLOCK + 100


class Mixture:
    """A mixture's exact denoiser in the place of a trained model, on data of shape (2,)."""

    shape = (2,)
    sigmas = noise.geometric(3.0, 0.2, 6)

    def __init__(self):
        self.mixture = GaussianMixture(torch.tensor([[1.0, 0.5], [-1.0, 0.0]]), 0.3, [0.7, 0.3])

    def __call__(self, x, sigma):
        return self.mixture(x, sigma)

    def prior(self, sigma):
        return torch.zeros(2), sigma


MODEL = Mixture()


def drawn(sample, *arguments, **options):
    return sampling.draw(MODEL, sample, sample.get("step_size", 0.3), *arguments, **options)


def block(name):
    keys, ladder, _ = BLOCKS[name]
    return {"sampler": name, "ladder": ladder, **keys}


def test_a_budget_of_evaluations_is_spent_exactly_and_what_is_left_over_on_the_smallest_levels():
    for nfe, levels, denoise in ((200, 10, True), (200, 10, False), (21, 4, True), (100, 3, True)):
        steps = sampling.steps_per_level(nfe, levels, denoise)
        assert len(steps) == levels and sum(steps) + denoise == nfe
        assert steps == sorted(steps) and steps[-1] - steps[0] <= 1


def test_a_budget_below_one_step_per_level_says_what_is_needed():
    message = r"^sample\.nfe is 10, too few for a ladder of 10 levels: give at least 11$"
    with pytest.raises(JobFailed, match=message):
        sampling.steps_per_level(10, 10, denoise=True)
    assert sampling.steps_per_level(10, 10, denoise=False) == [1] * 10


@pytest.mark.parametrize("name", sampling.SAMPLERS)
def test_every_sampler_is_drawn_from_its_config_block_and_spends_what_is_expected(name):
    sample, expected = block(name), BLOCKS[name][2]
    samples, nfe = drawn(sample, (0, 0), COUNT)
    assert samples.shape == (COUNT, 2) and samples.dtype == np.float32
    assert np.isfinite(samples).all()
    assert sampling.expected_nfe(sample, sampling.ladder_of(sample, MODEL)) == expected
    assert nfe == expected or (name == "pf_ode" and 10 < nfe < 60)


@pytest.mark.parametrize(
    "name, options",
    [
        ("consistent_annealed", {"step_size": 0.9, "denoise": False}),
        ("ddim", {"eta": 0.5}),
        ("predictor_corrector", {"snr": 0.3, "corrector_steps": 2}),
        ("heun", {"churn": 1.0}),
        ("pf_ode", {"rtol": 0.1}),
    ],
)
def test_a_blocks_options_reach_its_sampler(name, options):
    sample = {"sampler": name, "ladder": LADDER, **options}
    generator = seeds.generator("sample", 0, 0)
    sigmas = noise.geometric(2.0, 0.1, 4)
    x = 2 * torch.randn(sampling.BLOCK, 2, generator=generator)
    expected = getattr(sampling, name)(MODEL, x, sigmas, **options, generator=generator)
    found, _ = sampling.draw(MODEL, sample, options.get("step_size"), (0,), sampling.BLOCK)
    assert np.array_equal(found, expected.numpy())


@pytest.mark.parametrize("name", sampling.SAMPLERS)
def test_samples_do_not_depend_on_the_grouping_of_shards_nor_on_their_order(name):
    sample = block(name)
    whole, _ = drawn(sample, (0, 0), COUNT)
    for shards in (2, 3):
        parts = {
            shard: drawn(sample, (0, 0), COUNT, shard=shard, shards=shards)[0]
            for shard in reversed(range(shards))
        }
        together = np.concatenate([parts[shard] for shard in range(shards)])
        assert np.array_equal(together, whole)


def test_whole_blocks_do_not_depend_on_how_many_samples_there_are():
    whole, _ = drawn(CONFIG, (0, 0), COUNT)
    for count in (sampling.BLOCK, sampling.BLOCK + 1, COUNT - 1):
        full = count // sampling.BLOCK * sampling.BLOCK
        assert np.array_equal(drawn(CONFIG, (0, 0), count)[0][:full], whole[:full])


def test_no_chain_is_computed_that_nobody_asked_for():
    rows = set()

    class Watched(Mixture):
        def __call__(self, x, sigma):
            rows.add(len(x))
            return super().__call__(x, sigma)

    x, _ = sampling.draw(Watched(), CONFIG, 0.3, (0,), sampling.BLOCK + 7)
    assert len(x) == sampling.BLOCK + 7 and rows == {sampling.BLOCK, 7}


@pytest.mark.parametrize("name", ["annealed_langevin", "ddim", "pf_ode"])
def test_blocks_differ_and_so_do_seeds(name):
    first = drawn(block(name), (0, 0), COUNT)[0]
    other = drawn(block(name), (0, 1), COUNT)[0]
    assert len(np.unique(np.concatenate([first, other]), axis=0)) == 2 * COUNT


def test_the_evaluations_reported_are_those_each_sample_took():
    for denoise in (True, False):
        for shards in (1, 2):
            spec = CONFIG | {"denoise": denoise}
            assert drawn(spec, (0,), COUNT, shards=shards)[1] == CONFIG["nfe"]


def test_more_shards_than_blocks_are_refused():
    with pytest.raises(ValueError, match="too few for 3 shards"):
        drawn(CONFIG, (0,), 10, shards=3)


@pytest.mark.parametrize("name", sampling.SAMPLERS)
def test_progress_ends_at_its_total(name, capfd):
    drawn(block(name), (0,), sampling.BLOCK, label="sampling")
    assert "100%" in capfd.readouterr().err


def test_chains_start_from_the_models_noisy_data_where_the_block_says_nothing_else():
    network = networks.build({"kind": "mlp", "width": 8, "blocks": 1}, (2,), 0)
    data_mean, data_std = [3.0, -1.0], 4.0
    model = Denoiser(network, "edm", 5.0, shape=(2,), moments=(data_mean, data_std))
    mean, std = sampling.start_of(block("ddim"), model, 3.0)
    assert mean.tolist() == data_mean and std == pytest.approx(5.0)
    mean, std = sampling.start_of(block("ddim") | {"start_std": 6.0}, model, 3.0)
    assert mean.tolist() == [0.0, 0.0] and std == 6.0


def test_the_first_state_has_the_moments_of_the_start():
    """With a point mass at 0 as data, DDIM's states are the start times σ_i/σ_1."""
    sigmas, start = noise.geometric(2.0, 0.1, 4), (torch.tensor([3.0, -1.0]), 2.0)
    states = sampling.block_states(
        lambda x, sigma: torch.zeros_like(x),
        block("ddim") | {"eta": 0.0},
        sigmas,
        None,
        ("start",),
        start,
    )
    x = next(states) * float(sigmas[0] / sigmas[1])
    assert x.std(dim=0).tolist() == pytest.approx([2.0, 2.0], rel=0.1)
    assert x.mean(dim=0).tolist() == pytest.approx([3.0, -1.0], abs=0.3)


def test_the_ladder_is_the_blocks_own_or_where_made_from_data_that_of_the_model():
    assert torch.equal(sampling.ladder_of(CONFIG, MODEL), noise.geometric(2.0, 0.1, 4))
    assert sampling.smallest_sigma(CONFIG, MODEL) == pytest.approx(0.1)
    of_data = CONFIG | {"ladder": {"kind": "ncsnv2", "sigma_min": 0.2, "c": 0.5}}
    assert torch.equal(sampling.ladder_of(of_data, MODEL), MODEL.sigmas)
    assert sampling.smallest_sigma(of_data, MODEL) == pytest.approx(0.2)
    with pytest.raises(JobFailed, match="a ladder of 6 levels: give at least 7"):
        drawn(of_data | {"nfe": 6}, (0,), 10)


def test_a_step_size_is_the_blocks_own_or_the_tuned_one_or_there_is_none(tmp_path):
    tuning = tmp_path / "tuning.json"
    tuning.write_text(json.dumps({"relative_step_size": 0.7}))
    assert sampling.relative_step_size({"step_size": 0.2}, None) == 0.2
    assert sampling.relative_step_size({"step_size": "tuned"}, tuning) == 0.7
    assert sampling.relative_step_size(block("heun"), None) is None


class Direct(torch.nn.Module):
    """Draws samples of three numbers by `passes` passes of one of its two layers."""

    def __init__(self, passes):
        super().__init__()
        self.passes = passes
        self.used, self.idle = torch.nn.Linear(3, 3), torch.nn.Linear(3, 3)

    def sample(self, n, generator):
        x = torch.randn(n, 3, generator=generator)
        for _ in range(self.passes):
            x = x + self.used(x)
        return x


@pytest.mark.parametrize("passes", [1, 4])
def test_a_direct_model_is_sampled_block_by_block_and_its_passes_are_counted(passes):
    model, sample = Direct(passes), {"sampler": "direct", "count": COUNT, "shards": 1, "nfe": 1}
    whole, nfe = sampling.draw(model, sample, None, (0,), COUNT, label="sampling")
    second, nfe_of_one = sampling.draw(model, sample, None, (0,), COUNT, shard=1, shards=3)
    assert whole.shape == (COUNT, 3) and nfe == nfe_of_one == passes
    assert sampling.expected_nfe(sample) is None
    assert np.array_equal(second, whole[sampling.BLOCK : 2 * sampling.BLOCK])
    assert len(np.unique(whole, axis=0)) == COUNT


@pytest.mark.parametrize(
    "network, nfe",
    [
        ({"kind": "vae", "width": 8, "blocks": 1, "latent": 2}, 1),
        ({"kind": "gan", "width": 8, "blocks": 1, "latent": 2}, 1),
        ({"kind": "flow", "width": 8, "transforms": 2, "blocks": 1}, 6),
        ({"kind": "flow", "width": 8, "transforms": 3, "blocks": 2}, 6),
    ],
)
def test_direct_models_spend_one_evaluation_and_flows_one_per_dimension(network, nfe):
    """An autoregressive transform finds one dimension a pass, whatever their number."""
    data = torch.randn(20, 1, 2, 3, generator=torch.Generator().manual_seed(0))
    model = generative.build(generative.describe(network, data))
    sample = {"sampler": "direct", "count": 10, "shards": 1, "nfe": 1}
    assert sampling.draw(model, sample, None, (0,), 10)[1] == nfe

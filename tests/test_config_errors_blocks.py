"""Mistakes in the blocks around the variants: data, measurements, comparisons, claims."""

# a row of the table of mistakes is one line
# ruff: noqa: E501

import pytest
from config_examples import MIXTURE, POINTS, VALID, expect_mistake, loaded, message

from scoreladder import datasets
from scoreladder.config_datasets import held_out_size

EMPTY = "multi: {}"
CLAIM = "better: multi, than: [few], metric: fid}"

DIGITS = "{name: digits}\nfeatures: {kind: digit_classifier, steps: 10}"
PICTURES = "{name: cifar10}\nfeatures: {kind: inception}"
FLOW = "flow: {network: {kind: flow, width: 8, blocks: 2, transforms: 3}}"
GRID_NAME = "name: gaussian_grid"

# name: (text in VALID, what replaces it, key path, what else the line says)
MISTAKES = {
    # inpainting and tuning
    "a model's metric for tuning": ("metric: fid, relative", "metric: balance, relative", "tuning.metric", "found 'balance'; a metric of samples that is better when lower: fid"),
    "unknown variant to inpaint": ("grids:", "inpaint: {variants: [mulit], masks: [half], images: 2, completions: 2}\ngrids:", "inpaint.variants[0]", "did you mean 'multi'?"),
    "unknown mask": ("grids:", "inpaint: {variants: [multi], masks: [halves], images: 2, completions: 2}\ngrids:", "inpaint.masks[0]", "did you mean 'half'?"),
    "unknown method of inpainting": ("grids:", "inpaint: {variants: [multi], masks: [half], methods: [replace], images: 2, completions: 2}\ngrids:", "inpaint.methods[0]", "found 'replace'; one of: replacement, projection, repaint, ddrm; did you mean 'replacement'?"),
    "no method of inpainting": ("grids:", "inpaint: {variants: [multi], masks: [half], methods: [], images: 2, completions: 2}\ngrids:", "inpaint.methods", "found []; a list that is not empty"),
    "mask that is no PNG": ("grids:", "inpaint: {variants: [multi], masks: [half], drawn_masks: [a.jpg], images: 2, completions: 2}\ngrids:", "inpaint.drawn_masks[0]", "found 'a.jpg'"),
    "mask without a file": ("grids:", "inpaint: {variants: [multi], masks: [half], drawn_masks: [none/there.png], images: 2, completions: 2}\ngrids:", "inpaint.drawn_masks[0]", "found no file none/there.png; a PNG of the images' size"),
    "mask of a name that is taken": ("grids:", "inpaint: {variants: [multi], masks: [half], drawn_masks: [a/half.png], images: 2, completions: 2}\ngrids:", "inpaint.drawn_masks[0]", "found 'a/half.png' beside something else of that name"),
    "mask of an operator's name": ("grids:", "inpaint: {variants: [multi], masks: [half], drawn_masks: [a/super_resolution_2.png], operators: [super_resolution_2], images: 2, completions: 2}\ngrids:", "inpaint.drawn_masks[0]", "found 'a/super_resolution_2.png' beside something else of that name"),
    "mask of a name with a dot": ("grids:", "inpaint: {variants: [multi], masks: [half], drawn_masks: [my.mask.png], images: 2, completions: 2}\ngrids:", "inpaint.drawn_masks[0]", "found 'my.mask.png'"),
    "colours of grey images": ("grids:", "inpaint: {variants: [multi], masks: [half], operators: [colourisation], images: 2, completions: 2}\ngrids:", "inpaint.operators[0]", "found 'colourisation' with the dataset digits; only colour images have colours to find"),
    "one level inpainted down a ladder": ("grids:", "inpaint: {variants: [multi, single-1.0], masks: [half], methods: [projection, ddrm], images: 2, completions: 2}\ngrids:", "inpaint.methods[1]", "found 'ddrm' with single-1.0, whose ladder is one level; methods for one level: replacement, projection"),
    "LPIPS of digits": (CLAIM, "better: multi, than: [few], metric: completion_lpips}", "claims[0].metric", "found 'completion_lpips', which is measured on mnist, "),
    "hole metric without inpainting": (CLAIM, "better: multi, than: [few], metric: hole_rmse}", "claims[0].metric", "found 'hole_rmse' for few, which inpaints nothing"),
    "unet that drops all": (EMPTY, "multi: {network: {kind: unet, size: tiny, dropout: 1}}", "variants.multi.network.dropout", "found 1; a finite number >= 0 and < 1"),
    # training
    "micro-batch above the batch": ("batch_size: 100", "batch_size: 100\n    micro_batch: 200", "variants.multi.training.micro_batch", "found 200; at most batch_size, which is 100"),
    "micro-batch that leaves a rest": ("batch_size: 100", "batch_size: 100\n    micro_batch: 30", "variants.multi.training.micro_batch", "found 30; a divisor of batch_size, which is 100"),
    "empty micro-batch": ("batch_size: 100", "batch_size: 100\n    micro_batch: 0", "defaults.training.micro_batch", "found 0; a whole number >= 1"),
    "unknown precision": ("batch_size: 100", "batch_size: 100\n    precision: fp8", "defaults.training.precision", "found 'fp8'; one of: float32, bf16, fp16"),
    "compile as text": ("batch_size: 100", "batch_size: 100\n    compile: max", "defaults.training.compile", "found 'max'; true or false"),
    "half precision of a GAN": (EMPTY, "multi: {network: {kind: gan, width: 8, blocks: 1, latent: 2}, training: {precision: bf16}}", "variants.multi.training.precision", "found 'bf16' with a network of kind gan; only score models are sped up"),
    "compiled flow": (EMPTY, "multi: {network: {kind: flow, width: 8, blocks: 1, transforms: 2}, training: {compile: true}}", "variants.multi.training.compile", "found True with a network of kind flow; only score models are sped up"),
    "compiled second derivatives": (EMPTY, "multi: {objective: sliced, training: {compile: true}}", "variants.multi.training.compile", "found true with the objective sliced; only dsm takes no second derivatives"),
    # experiment blocks
    "no seeds": ("train_seeds: [0, 1]", "train_seeds: []", "replicates.train_seeds", "found []; a list that is not empty"),
    "seed twice": ("train_seeds: [0, 1]", "train_seeds: [0, 0]", "replicates.train_seeds", "found 0 twice; an item may appear once"),
    "negative seed": ("train_seeds: [0, 1]", "train_seeds: [0, -1]", "replicates.train_seeds[1]", "found -1; a whole number >= 0"),
    "no tuning": ("tuning: {metric: fid, relative_step_sizes: [0.1, 0.2], count: 10}\n", "", "variants.multi.sample.step_size", "found 'tuned' but no tuning block; needed because the step_size is tuned"),
    "descending step sizes": ("[0.1, 0.2]", "[0.2, 0.1]", "tuning.relative_step_sizes", "found [0.2, 0.1]; step sizes in ascending order"),
    "diverging step size": ("[0.1, 0.2]", "[0.1, 2.5]", "tuning.relative_step_sizes[1]", "found 2.5; a number > 0 and < 2"),
    "key of another dataset": ("dataset: {name: digits}", "dataset: {name: digits, train_size: 5}", "dataset.train_size", "found 5; name digits has only: name"),
    "incomplete mixture": ("dataset: {name: digits}", "dataset: {name: gaussian_mixture}", "dataset.means", "missing; a list that is not empty (and 5 more)"),
    "uneven means": ("{name: digits}", MIXTURE.replace("[1, 0]", "[1]"), "dataset.means[1]", "found [1]; every mean has 2 coordinates, as the first has"),
    "too few stds": ("{name: digits}", MIXTURE.replace("stds: [1, 1]", "stds: [1]"), "dataset.stds", "found 1 values; one for each of the 2 means"),
    "weights above one": ("{name: digits}", MIXTURE.replace("[0.5, 0.5]", "[0.5, 0.6]"), "dataset.weights", "found [0.5, 0.6], which adds up to 1.1; weights add up to 1"),
    "unet without a size": (EMPTY, "multi: {network: {kind: unet}}", "variants.multi.network.size", "missing; one of: tiny, small, base"),
    "unet with a width": (EMPTY, "multi: {network: {kind: unet, size: tiny, width: 8}}", "variants.multi.network.width", "kind unet has only: kind, size, conditioning, dropout"),
    "features of digits for pictures": ("{name: digits}", "{name: cifar10}", "features.kind", "found 'digit_classifier'; inception, which goes with the dataset cifar10"),
    "features of pictures for digits": ("{kind: digit_classifier, steps: 10}", "{kind: inception}", "features.kind", "found 'inception'; digit_classifier, which goes with the dataset digits"),
    "key of other features": ("steps: 10}", "steps: 10, mode: clean}", "features.mode", "found 'clean'; kind digit_classifier has only: kind, steps"),
    "unknown mode": (DIGITS, "{name: mnist}\nfeatures: {kind: inception, mode: legacy}", "features.mode", "found 'legacy'; one of: clean, legacy_tensorflow"),
    "metric of other features": (DIGITS, PICTURES, "tuning.metric", "found 'fid', which multi lacks: its data main is cifar10; a metric of samples that is better when lower: fid_clean, kid"),
    "folder without a path": (DIGITS, "{name: folder, side: 32, channels: 3, tune_size: 5, test_size: 5}\nfeatures: {kind: inception}", "dataset.path", "missing; text that is not empty"),
    "channels of paper": (DIGITS, "{name: folder, path: a, side: 32, channels: 4, tune_size: 5, test_size: 5}\nfeatures: {kind: inception}", "dataset.channels", "found 4; one of: 1, 3"),
    "features of a mixture": ("{name: digits}", MIXTURE, "features.kind", "found 'digit_classifier'; only image data has features, and this dataset is gaussian_mixture"),
    # comparisons and claims
    "unknown baseline": ("baseline: multi", "baseline: mlti", "comparisons[0].baseline", "found 'mlti'; variants of this experiment: multi, few, single-0.1, single-1.0; did you mean 'multi'?"),
    "unknown arm": ("arms: [few, single-0.1]", "arms: [few, single-0.3]", "comparisons[0].arms[1]", "found 'single-0.3'; variants of this experiment: multi, few, single-0.1, single-1.0; did you mean 'single-"),
    "unknown variant of the showcase": ("claims:", "showcase: [multi, fewer]\nclaims:", "showcase[1]", "found 'fewer'; variants of this experiment: multi, few, single-0.1, single-1.0; did you mean 'few'?"),
    "baseline as an arm": ("arms: [few, single-0.1]", "arms: [few, multi]", "comparisons[0].arms[1]", "found 'multi', the baseline; other variants"),
    "arm twice": ("arms: [few, single-0.1]", "arms: [few, few]", "comparisons[0].arms", "found 'few' twice; an item may appear once"),
    "comparison twice": ("claims:", "  - {name: one, baseline: multi, arms: [few], metric: fid}\nclaims:", "comparisons[1].name", "found 'one' again; each name may appear once, and comparisons[0] has it"),
    "claim twice": ("claims:", f"claims:\n  - {{id: first, says: So, {CLAIM}", "claims[1].id", "found 'first' again; each id may appear once"),
    "claim without a check": (f", {CLAIM}", "}", "claims[0]", "found no check; a check has better, than, metric; or variant, metric and one of above and below"),
    "claim above and below": (CLAIM, "variant: few, metric: fid, above: 1, below: 2}", "claims[0]", "found the keys variant, metric, above, below; a check has better, than, metric; or"),
    "claim both inline and listed": (CLAIM, "metric: fid, checks: [{better: multi, than: [few], metric: fid}]}", "claims[0].metric", "found 'fid' beside checks; a check is inline or in checks, not both"),
    "unknown variant of a claim": (CLAIM, "checks: [{variant: fewer, metric: fid, below: 2}]}", "claims[0].checks[0].variant", "found 'fewer'; variants of this experiment: multi, few, single-0.1, single-1.0; did you mean 'few'?"),
    "variant better than itself": ("than: [few]", "than: [few, multi]", "claims[0].than[1]", "found 'multi'; variants other than better"),
    "text for a bound": (CLAIM, "variant: few, metric: fid, below: low}", "claims[0].below", "found 'low'; a finite number"),
    "no variants": (VALID[VALID.index("variants:") :], "", "variants", "missing; at least one variant, here or from grids"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "key", "says"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_gives_one_telling_line(tmp_path, old, new, key, says):
    expect_mistake(tmp_path, VALID, old, new, key, says)


# the same, in POINTS
POINTS_MISTAKES = {
    # data
    "data named main": ("datasets:\n", "datasets:\n  main: {name: checkerboard, train_size: 9, tune_size: 9, test_size: 9}\n", "datasets.main", "found the name 'main'; a name other than main, which is the experiment's dataset"),
    "images beside points": (f"grid:\n    {{{GRID_NAME}, side: 5, spacing: 2, std: 0.1, train_size: 9, tune_size: 9, test_size: 9}}", "grid: {name: digits}", "datasets.grid.name", "found 'digits'; further data sets are of points: gaussian_mixture, gaussian_grid"),
    "incomplete grid": ("spacing: 2, ", "", "datasets.grid.spacing", "missing; a finite number > 0"),
    "jitter of a grid": ("spacing: 2, ", "spacing: 2, noise: 0.1, ", "datasets.grid.noise", "found 0.1; name gaussian_grid has only: name, side, spacing, std, train_size"),
    "grid of modes that overlap": ("std: 0.1", "std: 1", "datasets.grid.std", "found 1; less than half of spacing, which is 2"),
    "negative jitter": ("noise: 0.1", "noise: -0.1", "datasets.moons.noise", "found -0.1; a finite number >= 0"),
    "uneven mixture of a further data set": (f"{{{GRID_NAME}, side: 5, spacing: 2, std: 0.1,", "{name: gaussian_mixture, means: [[0, 0]], stds: [1, 1], weights: [1],", "datasets.grid.stds", "found 2 values; one for each of the 1 means"),
    "unknown data": ("multi: {}", "multi: {data: moon}", "variants.multi.data", "found 'moon'; data sets of this experiment: main, moons, grid, masses; did you mean 'moons'?"),
    "unknown data of a grid": ("data: [moons, grid]", "data: [moons, gird]", "grids.other.data", "found 'gird'; data sets of this experiment"),
    "changed data of a reuse": ("{reuses: multi, ", "{reuses: multi, data: moons, ", "variants.heun.data", "found 'moons' beside reuses: multi"),
    "tuning by a metric of some data": ("metric: sliced_w1", "metric: blur", "tuning.metric", "found 'blur', which multi-moons lacks: its data moons is two_moons; a metric of samples that is better when lower: sliced_w1, sliced_w2, w2, mmd"),
    "tuning by an unknown metric": ("metric: sliced_w1", "metric: sliced", "tuning.metric", "found 'sliced'; a metric of samples that is better when lower: sliced_w1, sliced_w2, w2, mmd; did you mean 'sliced_w"),
    "tuning by what is better when higher": ("metric: sliced_w1", "metric: mode_coverage", "tuning.metric", "found 'mode_coverage', which multi-moons lacks: its data moons is two_moons; a metric of samples that is better when lower: sliced_w1"),
    "comparison across data": ("arms: [levels-3, levels-5]", "arms: [levels-3, multi-grid]", "comparisons[0]", "found multi-grid on the data grid and multi on main; variants are compared on one data set"),
    "claim across data": ("than: [heun], metric: mode_coverage", "than: [multi-moons], metric: mmd", "claims[0]", "found multi on the data main and multi-moons on moons; variants are compared on one data set"),
    "metric that the data has not": ("better: multi, than: [heun]", "variant: multi-moons, above: 0.5", "claims[0].metric", "found 'mode_coverage', which is measured on gaussian_mixture, gaussian_grid; metrics on two_moons: "),
    "other data in the showcase": ("gallery:", "showcase: [multi, multi-moons]\ngallery:", "showcase[1]", "found 'multi-moons', whose data is moons; the showcase is of the main data; use gallery"),
    # likelihood
    "likelihood of a GAN": ("variants: [multi, flow, multi-moons]", "variants: [multi, flow, gan]", "likelihood.variants[2]", "found 'gan', whose network is of kind gan; networks with a likelihood: mlp, unet, vae, flow"),
    "likelihood of one scale": ("variants: [multi, flow, multi-moons]", "variants: [single, flow]", "likelihood.variants[0]", "found 'single', whose noise is single; the probability-flow ODE runs between the two ends of a ladder"),
    "more points than there are": ("points: 9", "points: 10", "likelihood.points", "found 10; at most the test split of multi, which is 9"),
    "more points than other data has": ("moons: {name: two_moons, noise: 0.1, train_size: 9, tune_size: 9, test_size: 9}", "moons: {name: two_moons, noise: 0.1, train_size: 9, tune_size: 9, test_size: 8}", "likelihood.points", "found 9; at most the test split of multi-moons, which is 8"),
    "unknown divergence": ("divergence: exact", "divergence: exakt", "likelihood.divergence", "found 'exakt'; one of: exact, hutchinson; did you mean 'exact'?"),
    "likelihood that nobody measures": ("arms: [flow], metric: nll", "arms: [heun], metric: nll", "comparisons[1].metric", "found 'nll' for heun, which measures no likelihood; add it to likelihood.variants: multi, flow, multi-moons"),
    # other families
    "levels of a flow": ("arms: [flow], metric: nll", "arms: [flow], metric: balance", "comparisons[1].metric", "found 'balance' for flow, whose network is of kind flow; only score models have that metric"),
    "noise for a flow": (FLOW, FLOW[:-1] + ", noise: {levels: 3}}", "variants.flow.noise", "found {'levels': 3}; a network of kind flow has no noise, weighting, density, objective, denoiser"),
    "denoiser for a child of a flow": (FLOW, FLOW + "\n  child: {extends: flow, denoiser: x0}", "variants.child.denoiser", "found 'x0'; a network of kind flow has no noise"),
    "budget of a flow": (FLOW, FLOW[:-1] + ", sample: {nfe: 3}}", "variants.flow.sample.nfe", "found 3; a network of kind flow draws samples directly: give only count and shards"),
    "sampler of a flow": (FLOW, FLOW[:-1] + ", sample: {sampler: heun}}", "variants.flow.sample.sampler", "found 'heun'; a network of kind flow has only: direct"),
    "flow without transforms": (", transforms: 3", "", "variants.flow.network.transforms", "missing; a whole number >= 1"),
    "latent space of a flow": ("transforms: 3", "transforms: 3, latent: 2", "variants.flow.network.latent", "found 2; kind flow has only: kind, width, blocks, transforms"),
    "conditioning of a GAN": ("latent: 2", "latent: 2, conditioning: none", "variants.gan.network.conditioning", "found 'none'; kind gan has only: kind, width, blocks, latent"),
    # sweeps
    "sweep of nobody": ("nfe_sweep:\n  variant: multi", "nfe_sweep:\n  variant: mutli", "nfe_sweep.variant", "found 'mutli'; variants of this experiment: "),
    "sweep of a flow": ("nfe_sweep:\n  variant: multi", "nfe_sweep:\n  variant: flow", "nfe_sweep.variant", "found 'flow', whose network is of kind flow; a variant whose model is a score"),
    "sweep over an unknown sampler": ("heun: {nfe: [9", "huen: {nfe: [9", "nfe_sweep.samplers.huen", "found 'huen'; one of: langevin, annealed_langevin"),
    "sweep without budgets": ("{nfe: [9, 19], churn: 2.0}", "{churn: 2.0}", "nfe_sweep.samplers.heun.nfe", "missing; a list of budgets for heun"),
    "budgets of the ODE": ("{rtol: [0.01, 0.001]}", "{nfe: [9]}", "nfe_sweep.samplers.pf_ode.nfe", "found [9]; pf_ode is swept over rtol"),
    "tolerance of a ladder": ("{nfe: [20, 50]}", "{rtol: [0.1]}", "nfe_sweep.samplers.annealed_langevin.rtol", "found [0.1]; annealed_langevin is swept over nfe"),
    "one number for the budgets": ("{nfe: [20, 50]}", "{nfe: 20}", "nfe_sweep.samplers.annealed_langevin.nfe", "found 20; a list that is not empty"),
    "budget of a sweep below its ladder": ("{nfe: [20, 50]}", "{nfe: [10]}", "nfe_sweep.samplers.annealed_langevin.nfe", "found 10; one evaluation for each level of the ladder (10) and one to denoise: >= 11"),
    "key of another sampler in a sweep": ("churn: 2.0", "eta: 0.5", "nfe_sweep.samplers.heun.eta", "found 0.5; sampler heun has only: sampler, count, shards, nfe, churn, ladder"),
    "model's metric of a sweep": ("metric: sliced_w2", "metric: balance", "nfe_sweep.metric", "found 'balance'; a metric of samples: sliced_w1, sliced_w2, w2, mmd, weight_error, blur, mode_coverage"),
    "sweep on data that lacks the metric": ("variant: multi\n  samplers:\n    annealed_langevin: {nfe: [20, 50]}\n    heun: {nfe: [9, 19], churn: 2.0}\n    pf_ode: {rtol: [0.01, 0.001]}\n  metric: sliced_w2", "variant: multi-moons\n  samplers: {heun: {nfe: [9]}}\n  metric: blur", "nfe_sweep.metric", "found 'blur', which multi-moons lacks: its data moons is two_moons; a metric of samples: sliced_w1, sliced_w2, w2, mmd"),
    "sweep over direct sampling": ("heun: {nfe: [9, 19], churn: 2.0}", "direct: {}", "nfe_sweep.samplers.direct", "found 'direct'; only vae, gan and flow draw directly"),
    "budgets of one ladder": ("nfe: [9, 19], churn", "nfe: [9, 5, 6], churn", "nfe_sweep.samplers.heun.nfe", "found 6 beside 5; budgets that differ: both give 3 levels with heun"),
    "budgets of one ladder, with a corrector": ("heun: {nfe: [9, 19], churn: 2.0}", "predictor_corrector: {nfe: [10, 11]}", "nfe_sweep.samplers.predictor_corrector.nfe", "found 11 beside 10; budgets that differ: both give 5 levels"),
    "sweep of a network told the index": ("multi: {}", "multi: {network: {conditioning: index}}\n  heun0: {}", "nfe_sweep.samplers.heun.ladder", "found the ladder geometric 20 → 0.2, 5 levels with the conditioning index; such a network knows only its training ladder, geometric 20 → 0.2, 10 levels"),
    "step of a sweep that leaves too much noise": ("heun: {nfe: [9, 19], churn: 2.0}", "consistent_annealed: {nfe: [20, 3], step_size: 0.5}", "nfe_sweep.samplers.consistent_annealed.step_size", "found 0.5; consistent_annealed with a ladder of 2 levels needs a step > 0.99 and < 1.01"),
    # mixing, gallery, axis
    "mixing on other data": ("mixing: {variant: toy", "mixing: {variant: multi-grid", "mixing.variant", "found 'multi-grid', whose data is not NCSN's toy; a gaussian_mixture with means [[5, 5], [-5, -5]] and weights [0.8, 0.2]"),
    "mixing by a flow": ("mixing: {variant: toy", "mixing: {variant: flow", "mixing.variant", "found 'flow', whose network is of kind flow; a variant whose model is a score"),
    "mixing of wide modes": ("mixing: {variant: toy", "mixing: {variant: multi", "mixing.variant", "found 'multi', whose data has stds [1.0, 1.0]; point masses, whose exact score is compared with it: stds <= 0.01"),
    "mixing of one wide mode": ("stds: [0.01, 0.001]", "stds: [0.001, 0.011]", "mixing.variant", "found 'toy', whose data has stds [0.001, 0.011]; point masses"),
    "mixing by levels alone": (", density: log_uniform}", "}", "mixing.variant", "found 'toy', whose density is uniform over levels; a density that covers all sigmas from 1 to 20: log_uniform, vp, sub_vp or log_normal"),
    "mixing within a narrow range": ("sigma_max: 20.0", "sigma_max: 10.0", "mixing.variant", "found 'toy', whose density is log-uniform 1 to 10; a density that covers"),
    "mixing above the smallest sigma": ("noise: {sigma_min: 1.0}", "noise: {sigma_min: 1.1}", "mixing.variant", "whose density is log-uniform 1.1 to 20; a density that covers"),
    "mixing over a short time": ("density: log_uniform}", "density: {kind: vp, beta_max: 9.0}}", "mixing.variant", "found 'toy', whose density is VP, uniform time; a density that covers"),
    "mixing by index": (", density: log_uniform}", ", network: {conditioning: index}}", "mixing.variant", "found 'toy', whose conditioning is index; conditioning log_sigma or none"),
    "unknown variant of the gallery": ("gallery: [multi-moons", "gallery: [multi-moon", "gallery[0]", "did you mean 'multi-moons'?"),
    "axis that is no number": ("axis: noise.levels", "axis: noise.kind", "comparisons[0].axis", "found 'noise.kind', where levels-3 has 'geometric'; the dotted key of a number that all arms have, such as noise.sigma"),
    "axis that no arm has": ("axis: noise.levels", "axis: noise.sigma", "comparisons[0].axis", "found 'noise.sigma', where levels-3 has nothing"),
    "mistyped axis": ("axis: noise.levels", "axis: noise.levles", "comparisons[0].axis", "where levels-3 has nothing; the dotted key of a number that all arms have, such as noise.sigma; did you mean 'noise.levels'?"),
    "axis along which nothing changes": ("axis: noise.levels", "axis: noise.sigma_max", "comparisons[0].axis", "found 'noise.sigma_max', which is 20.0 throughout; the dotted key of a number that differs between variants"),
    "axis that is true or false": ("axis: noise.levels", "axis: sample.denoise", "comparisons[0].axis", "found 'sample.denoise', where levels-3 has True"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "key", "says"), POINTS_MISTAKES.values(), ids=POINTS_MISTAKES
)
def test_a_mistake_in_an_experiment_on_points(tmp_path, old, new, key, says):
    expect_mistake(tmp_path, POINTS, old, new, key, says)


@pytest.mark.parametrize("density", ["log_uniform", "vp", "sub_vp"])
def test_mixing_by_every_continuous_density(tmp_path, density):
    text = POINTS.replace("density: log_uniform", f"density: {density}")
    assert loaded(tmp_path, text)["mixing"]["variant"] == "toy"


def test_a_likelihood_may_be_of_all_the_held_out_images(tmp_path):
    block = "likelihood: {variants: [multi], points: 500, divergence: hutchinson}"
    experiment = loaded(tmp_path, VALID.replace("grids:", f"{block}\ngrids:"))
    assert len(datasets.load(experiment["dataset"]).test) == 500
    assert experiment["likelihood"]["points"] == held_out_size(experiment["dataset"]) == 500


def test_a_sweep_is_tuned_by_a_metric_of_its_own_data(tmp_path):
    text = POINTS.replace("step_size: tuned", "step_size: 0.1")
    text = text.replace("{nfe: [20, 50]}", "{nfe: [20], step_size: tuned}")
    text = text.replace("metric: sliced_w1", "metric: blur")
    assert loaded(tmp_path, text)["tuning"]["metric"] == "blur"
    sweep = "nfe_sweep:\n  variant: multi-moons"
    line = message(tmp_path, text.replace("nfe_sweep:\n  variant: multi", sweep))
    assert line.startswith("tuning.metric: found 'blur', which multi-moons lacks: its data moons")


def test_a_sweep_needs_tuning_where_its_step_is_tuned(tmp_path):
    text = POINTS.replace(
        "tuning: {metric: sliced_w1, relative_step_sizes: [0.1, 0.2], count: 10}", ""
    )
    text = text.replace("step_size: tuned", "step_size: 0.1").replace(
        "{nfe: [20, 50]}", "{nfe: [20], step_size: tuned}"
    )
    line = message(tmp_path, text)
    assert line.startswith("nfe_sweep.samplers.annealed_langevin.step_size: found 'tuned' but no")


IMAGES_MISTAKES = {
    "further data beside images": ("datasets: {moons: {name: two_moons, noise: 0.1, train_size: 9, tune_size: 9, test_size: 9}}", "datasets", "found 'moons' beside the dataset digits; only points have further data sets"),
    "more points than images": ("likelihood: {variants: [multi], points: 501, divergence: exact}", "likelihood.points", "found 501; at most the test split of multi, which is 500"),
    "gallery of images": ("gallery: [multi]", "gallery", "found a gallery with the dataset digits; only points have one"),
    "inpainting by another sampler": ("inpaint: {variants: [few], masks: [half], images: 2, completions: 2}", "inpaint.variants[0]", "found 'few', whose sampler is heun; the method replacement needs one of: langevin, annealed_langevin; other methods do not"),
    "inpainting down a ladder that the network does not know": ("inpaint: {variants: [indexed], masks: [half], methods: [repaint], images: 2, completions: 2}", "inpaint.methods[0]", "found 'repaint' with indexed, whose network knows only its training ladder; methods for such a network: replacement, projection"),
    "inpainting without a budget": ("inpaint: {variants: [adaptive], masks: [half], methods: [ddrm], images: 2, completions: 2}", "inpaint.variants[0]", "found 'adaptive', whose sampler is pf_ode; inpainting needs a sampler with an nfe, which it spends"),
    "inpainting by a VAE": ("inpaint: {variants: [vae], masks: [half], methods: [ddrm], images: 2, completions: 2}", "inpaint.variants[0]", "found 'vae'"),
}  # fmt: skip


@pytest.mark.parametrize(("block", "key", "says"), IMAGES_MISTAKES.values(), ids=IMAGES_MISTAKES)
def test_a_block_that_images_do_not_have(tmp_path, block, key, says):
    text = VALID.replace("few: {", "few: {sample: {sampler: heun}, ")
    text = text.replace(
        "grids:",
        "  adaptive: {sample: {sampler: pf_ode}}\n"
        "  indexed: {network: {conditioning: index}}\n"
        "  vae: {network: {kind: vae, width: 8, blocks: 1, latent: 2}}\ngrids:",
    )
    line = message(tmp_path, text.replace("grids:", f"{block}\ngrids:"))
    assert line.startswith(f"{key}: ")
    assert says in line


def pictures(mode):
    """VALID for pictures, its FIDs in features of mode clean."""
    text = VALID.replace(DIGITS, PICTURES).replace("metric: fid", "metric: fid_clean")
    return text.replace("{kind: inception}", f"{{kind: inception, mode: {mode}}}")


def test_what_pictures_leave_open_has_its_default(tmp_path):
    text = VALID.replace(DIGITS, PICTURES).replace("metric: fid", "metric: fid_clean")
    found = loaded(tmp_path, text)
    assert found["features"] == {"kind": "inception", "mode": "clean", "reference": "train"}
    assert found["dataset"] == {"name": "cifar10"} and held_out_size(found["dataset"]) == 10_000


def test_numbers_of_two_ways_to_resize_never_meet(tmp_path):
    assert message(tmp_path, pictures("legacy_tensorflow")).startswith(
        "tuning.metric: found 'fid_clean'; a metric of samples that is better when lower: "
        "fid_legacy_tensorflow, kid"
    )
    text = pictures("legacy_tensorflow").replace("{metric: fid_clean", "{metric: kid")
    assert "which is measured in features of mode clean" in message(tmp_path, text)


def test_lpips_is_judged_where_pictures_are_inpainted(tmp_path):
    text = pictures("clean").replace(
        "grids:",
        "inpaint: {variants: [multi, few], masks: [half], images: 2, completions: 2}\ngrids:",
    )
    claim = "better: multi, than: [few], metric: "
    found = loaded(tmp_path, text.replace(f"{claim}fid_clean", f"{claim}completion_lpips"))
    assert found["claims"][0]["checks"][0]["metric"] == "completion_lpips"


@pytest.mark.parametrize(
    ("dataset", "on"),
    [
        (
            "{name: folder, path: a, side: 30, channels: 1, tune_size: 5, test_size: 5}",
            "folder, images of side 30",
        ),
        (MIXTURE, "gaussian_mixture, points"),
    ],
)
def test_a_unet_is_for_images_of_some_sides(tmp_path, dataset, on):
    features = "features: {kind: inception}\n" if "folder" in dataset else ""
    text = VALID.replace(f"{DIGITS}\n", f"{dataset}\n{features}")
    text = text.replace("{kind: mlp, width: 8, blocks: 1}", "{kind: unet, size: tiny}")
    assert message(tmp_path, text).startswith(
        f"variants.multi.network.kind: found 'unet' on {on}; a unet is for square images of side 8, "
        "16, 28, 32, 64"
    )

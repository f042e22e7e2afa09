"""What config and samplers both know of sample blocks; torch-free."""

from pathlib import PurePath

# Chains that are sampled together; shards are cut between blocks of this many.
BLOCK = 500

# sides of the images that a UNet is for
UNET_SIDES = (8, 16, 28, 32, 64)

# samplers that make many steps on each level of a ladder that they take as it is written
LANGEVIN = ("langevin", "annealed_langevin")

# evaluations of samplers that pass once down a ladder, where they are not one for each level;
# linear in levels
EVALUATIONS = {
    "consistent_annealed": lambda sample, levels: levels + sample["denoise"],
    "heun": lambda sample, levels: 2 * levels - 1,
    "predictor_corrector": lambda sample, levels: levels * (1 + sample["corrector_steps"]),
}

# ways to fill holes, and those of them that need two levels or more
INPAINTING = ("replacement", "projection", "repaint", "ddrm")
DOWN_A_LADDER = ("repaint", "ddrm")

# what is known of an image as a linear operator: its grey part, or the means of its blocks
COLOURISATION, SUPER_RESOLUTION = "colourisation", "super_resolution_"


def evaluations(sample: dict, levels: int) -> int:
    """Network evaluations of a sampler that passes once down a ladder of so many levels."""
    count = EVALUATIONS.get(sample["sampler"])
    return count(sample, levels) if count else levels


def factor_of(operator: str) -> int:
    """How much longer than known a super-resolution's sides are; 0 for all else."""
    factor = operator.removeprefix(SUPER_RESOLUTION)
    return int(factor) if factor != operator else 0


def problems(inpaint: dict) -> list[str]:
    """All that an inpaint block says may be known, in its order: names and paths of PNGs."""
    return [*inpaint["masks"], *inpaint["drawn_masks"], *inpaint["operators"]]


def problem_name(problem: str) -> str:
    """The name of what is known; of a mask that a PNG holds, that of the file without suffix."""
    return PurePath(problem).stem if problem.endswith(".png") else problem

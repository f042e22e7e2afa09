"""What config and samplers both know of sample blocks; torch-free."""

# Chains that are sampled together; shards are cut between blocks of this many.
BLOCK = 500

# sides of the images that a UNet is for
UNET_SIDES = (8, 16, 28, 32, 64)

# samplers that make many steps on each level of a ladder that they take as it is written
LANGEVIN = ("langevin", "annealed_langevin")

# ways to fill holes, and those of them that need two levels or more
INPAINTING = ("replacement", "projection", "repaint", "ddrm")
DOWN_A_LADDER = ("repaint", "ddrm")

"""Settings of all tests: one thread, and property tests that always try the same examples."""

import torch
from hypothesis import settings

torch.set_num_threads(1)
settings.register_profile("fixed", max_examples=20, deadline=None, derandomize=True, database=None)
settings.load_profile("fixed")

"""Samplers, one signature: sampler(denoiser, x, sigmas, …, generator=None) → the last state.

Each is also a generator of states, `sampler.states(…)`. `scoreladder.sampling` has them all.
"""

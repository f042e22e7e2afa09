"""Random numbers as a pure function of what they are for."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def seed_of(*parts: int | str) -> int:
    """A 63-bit seed from a path of names and numbers, e.g. seed_of("train", seed, images_seen)."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def generator(*parts: int | str, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator on `device`, seeded by `seed_of`."""
    return torch.Generator(device).manual_seed(seed_of(*parts))


@contextmanager
def drawn_from(*parts: int | str, device: torch.device) -> Iterator[None]:
    """In the block, torch's own generators are seeded by `seed_of`; then they go on as before."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed_of(*parts))
        yield

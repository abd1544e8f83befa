"""Randomness as a function of names: a seed is derived from what it is for, never drawn from a global state."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


def derive_seed(*parts: int | str) -> int:
    """A 63-bit seed that depends on every part and their order, the same on every machine."""
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def numpy_generator(*parts: int | str) -> np.random.Generator:
    """A NumPy generator of its own for the given purpose."""
    return np.random.default_rng(derive_seed(*parts))


def torch_generator(*parts: int | str) -> torch.Generator:
    """A CPU torch generator of its own for the given purpose."""
    return torch.Generator().manual_seed(derive_seed(*parts))


@contextmanager
def scoped_torch_seed(*parts: int | str) -> Iterator[None]:
    """Run layers that can only draw from torch's default generator (dropout) with a derived seed, then restore it.

    The global state after the block equals the one before it.
    """
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(derive_seed(*parts))
        yield


@contextmanager
def scoped_library_seed(*parts: int | str) -> Iterator[None]:
    """As :func:`scoped_torch_seed`, for libraries that draw from NumPy's global generator too (Captum)."""
    state = np.random.get_state()
    try:
        np.random.seed(derive_seed(*parts) % 2**32)
        with scoped_torch_seed(*parts):
            yield
    finally:
        np.random.set_state(state)

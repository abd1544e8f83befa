"""Seeds are functions of names; the global state is left alone."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from monai_app.core.random import derive_seed, numpy_generator, scoped_library_seed, scoped_torch_seed, torch_generator

PARTS = st.lists(st.one_of(st.integers(), st.text()), max_size=4)


def test_seed_is_the_same_on_every_machine() -> None:
    assert derive_seed("phantom", 7, "film") == 1607553169745424208


@given(PARTS, PARTS)
def test_different_parts_give_different_seeds(one: list[int | str], other: list[int | str]) -> None:
    assert (derive_seed(*one) == derive_seed(*other)) == ([(type(p), p) for p in one] == [(type(p), p) for p in other])


@given(PARTS)
def test_seed_fits_every_library(parts: list[int | str]) -> None:
    assert 0 <= derive_seed(*parts) < 2**63


def test_generators_repeat_and_do_not_share_state() -> None:
    assert numpy_generator("a", 1).random() == numpy_generator("a", 1).random() != numpy_generator("a", 2).random()
    draws = [torch.rand(2, generator=torch_generator("a", seed)).tolist() for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]


def test_scope_repeats_and_restores_the_global_state() -> None:
    before = torch.random.get_rng_state()
    draws = []
    for _ in range(2):
        with scoped_torch_seed("dropout", 3):
            draws.append(torch.nn.functional.dropout(torch.ones(50)))
    assert torch.equal(*draws) and torch.equal(torch.random.get_rng_state(), before)


def test_scoped_library_seed_leaves_both_generators_as_they_were() -> None:
    def state() -> tuple[list[int], list[int]]:
        return torch.get_rng_state().tolist(), legacy.get_state()[1].tolist()  # type: ignore[index, union-attr]

    legacy, drawn = np.random.mtrand._rand, []
    before = state()
    for _ in range(2):
        with scoped_library_seed(3, "x"):
            drawn.append((nn.functional.dropout(torch.ones(9)).tolist(), legacy.random()))
    assert drawn[0] == drawn[1] and state() == before

"""Conditions: all of them, the same draw for everybody, nobody left with nothing."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from monai.transforms import Compose

from monai_app.benchmark.conditions import CLEAN, Condition, Kind, all_conditions, conditioned_items, prepared
from monai_app.cohort.normalisation import fit_statistics
from monai_app.transforms.corruption.registry import applicable_names
from monai_app.transforms.corruption.series_noise import SeriesNoised
from tests.engines.tiny import SPEC, tiny_items

ITEMS = tiny_items(12)
STATISTICS = fit_statistics(ITEMS, SPEC)
CONDITIONS = all_conditions(SPEC, STATISTICS, (1, 3, 5))
NAMES = ["series", "table", "note"]
NOISE = SeriesNoised.name


def batch(condition: Condition, items: list = ITEMS, *, seed: int = 0, batch_size: int = 64) -> dict[str, np.ndarray]:
    made = prepared(items, Compose([]), condition, SPEC, STATISTICS, seed=seed, cache_dir=None, batch_size=batch_size)
    return {name: np.concatenate([inputs[name].numpy() for inputs, _ in made]) for name in NAMES}


def test_every_applicable_fault_is_there_at_every_severity_once() -> None:
    faults = [(c.modality, c.fault, c.severity) for c in CONDITIONS if c.kind is Kind.FAULT]
    applicable = applicable_names(SPEC, STATISTICS)
    assert sorted(faults) == sorted(
        (m, name, s) for m, names in applicable.items() for name in names for s in (1, 3, 5)
    )
    assert {m for m, _, _ in faults} == set(NAMES)


def test_every_proper_subset_of_the_modalities_is_there_once() -> None:
    patterns = [frozenset(c.modality.split("+")) for c in CONDITIONS if c.kind is Kind.MISSING]
    assert len(patterns) == len(set(patterns)) == 2 ** len(NAMES) - 2


def test_slugs_are_unique_and_clean_comes_first() -> None:
    slugs = [condition.slug for condition in CONDITIONS]
    assert len(set(slugs)) == len(slugs) and CONDITIONS[0] == CLEAN


@pytest.mark.parametrize("condition", [c for c in CONDITIONS if c.kind is Kind.MISSING], ids=lambda c: c.modality)
def test_a_pattern_keeps_its_modalities_only_and_leaves_nobody_with_nothing(condition: Condition) -> None:
    before = copy.deepcopy(ITEMS)
    kept = condition.modality.split("+")
    left = {item["sample"]: item for item in conditioned_items(ITEMS, condition, SPEC)}
    for item in ITEMS:
        has = {name for name in kept if item[f"{name}_present"]}
        assert (item["sample"] in left) == bool(has)
        if has:
            assert {name for name in NAMES if left[item["sample"]][f"{name}_present"]} == has
    np.testing.assert_equal(ITEMS, before)


def test_clean_changes_nothing() -> None:
    assert conditioned_items(ITEMS, CLEAN, SPEC) == ITEMS
    made = batch(CLEAN)
    for name in NAMES:
        there = np.array([item[f"{name}_present"] for item in ITEMS])
        np.testing.assert_array_equal(made[name][there], np.stack([item[name] for item in ITEMS])[there])


def test_a_fault_spoils_its_modality_only() -> None:
    clean, spoiled = batch(CLEAN), batch(Condition(Kind.FAULT, "series", NOISE, 5))
    assert [name for name in NAMES if not np.array_equal(clean[name], spoiled[name], equal_nan=True)] == ["series"]


def test_the_draw_is_the_same_at_every_severity() -> None:
    clean, weak, strong = (
        batch(condition)["series"][:, 0]
        for condition in (CLEAN, *(Condition(Kind.FAULT, "series", NOISE, s) for s in (1, 5)))
    )
    observed = batch(CLEAN)["series"][:, 1] == 1
    hit = observed & (np.abs(weak - clean) > 1e-3)
    ratio = (strong - clean)[hit] / (weak - clean)[hit]
    assert hit.sum() > 20
    np.testing.assert_allclose(ratio, np.median(ratio), rtol=0.02)
    assert np.median(ratio) > 1


def test_the_draw_is_a_function_of_seed_and_row() -> None:
    fault = Condition(Kind.FAULT, "series", NOISE, 3)
    whole = batch(fault)["series"]
    np.testing.assert_array_equal(batch(fault, batch_size=5)["series"], whole)
    np.testing.assert_array_equal(batch(fault, ITEMS[:4])["series"], whole[:4])
    assert not np.array_equal(batch(fault, seed=1)["series"], whole)


def test_quality_falls_from_one_to_zero() -> None:
    assert CLEAN.quality == 1
    assert [Condition(Kind.FAULT, "film", "jpeg", s).quality for s in (1, 5)] == pytest.approx([0.8, 0.0])

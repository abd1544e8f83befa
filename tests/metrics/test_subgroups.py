from __future__ import annotations

import numpy as np

from monai_app.metrics.subgroups import MAX_GROUPS, missing_patterns, subgroups


def test_groups_partition_the_samples():
    for values in (np.array(["F", "M", "", "F"]), np.array([3.0, 41.0, np.nan, 90.0])):
        groups = subgroups("age_years", values)
        assert np.sum([group.rows for group in groups], axis=0).tolist() == [1] * 4


def test_ages_are_banded_in_order():
    ages = np.array([95.0, 17.99, 18.0, 59.9, np.nan])
    assert [group.name for group in subgroups("age_years", ages)] == [
        "0-17 years",
        "18-39 years",
        "40-59 years",
        "80 years and over",
        "unknown",
    ]


def test_other_numbers_are_cut_at_quartiles():
    groups = subgroups("weight_kg", np.arange(8.0))
    assert [group.samples for group in groups] == [2, 2, 2, 2]
    assert subgroups("stage", np.ones(3))[0].samples == 3


def test_many_sites_are_merged():
    sites = np.repeat([f"site {i:02d}" for i in range(30)], np.arange(30, 0, -1))
    groups = subgroups("site", sites)
    assert len(groups) == MAX_GROUPS and groups[0].name == "site 00"
    assert sum(group.samples for group in groups) == sites.size


def test_patterns_partition_the_samples_most_frequent_first():
    present = np.array([[1, 1], [1, 0], [1, 0], [0, 0]], bool)
    patterns = list(missing_patterns(present, ("film", "series")))
    assert [(p.name, p.samples) for p in patterns] == [("film", 2), ("none", 1), ("film + series", 1)]

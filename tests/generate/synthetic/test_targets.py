from __future__ import annotations

import numpy as np
import pytest

from monai_app.core.errors import InputRejected
from monai_app.generate.synthetic.targets import Target, meet, raked, stated_share


def draw(count: int) -> np.ndarray:
    """Column 1 follows column 0 mostly; column 2 is unknown for a fifth; column 3 never happens."""
    generator = np.random.default_rng(count)
    first = generator.random(count) < 0.1
    second = np.where(generator.random(count) < 0.8, first, generator.random(count) < 0.5)
    third = np.where(generator.random(count) < 0.2, np.nan, generator.random(count) < 0.5)
    return np.column_stack([first, second, third, np.zeros(count)]).astype(float)


def test_stated_shares_are_met_together() -> None:
    records = meet(draw, [Target(0, 0.4), Target(2, 0.9)], 500, np.random.default_rng(0))
    assert len(records) == 500 and records[:, 0].mean() == pytest.approx(0.4, abs=0.004)
    assert np.nanmean(records[:, 2]) == pytest.approx(0.9, abs=0.01)


def test_what_depends_on_a_target_follows_it() -> None:
    records = meet(draw, [Target(0, 0.5)], 400, np.random.default_rng(0))
    assert records[records[:, 0] == 1, 1].mean() > 0.8 and records[records[:, 0] == 0, 1].mean() < 0.2


def test_without_targets_records_are_as_drawn() -> None:
    np.testing.assert_array_equal(meet(draw, [], 50, np.random.default_rng(0)), draw(50))


def test_no_record_is_taken_twice() -> None:
    def numbered(count: int) -> np.ndarray:
        return np.column_stack([draw(count), np.random.default_rng(count).random(count)])

    records = meet(numbered, [Target(0, 0.3)], 300, np.random.default_rng(0))
    assert len(np.unique(records[:, 4])) == 300


def test_masses_that_fit_stay() -> None:
    mass, cells = np.array([0.7, 0.3]), np.array([[0], [1]])
    np.testing.assert_allclose(raked(mass, cells, [Target(0, 0.3)]), mass)


def test_what_never_happens_is_refused() -> None:
    with pytest.raises(InputRejected, match=r"TARGET_UNREACHABLE.*got"):
        meet(draw, [Target(3, 0.1)], 10, np.random.default_rng(0))


def test_shares_that_exclude_each_other_are_refused() -> None:
    cells = np.array([[1, 0], [0, 1], [0, 0]])
    with pytest.raises(InputRejected, match="TARGETS_CONFLICT"):
        raked(np.full(3, 1 / 3), cells, [Target(0, 0.7), Target(1, 0.6)])


def test_shares_are_read_from_the_command_line() -> None:
    assert stated_share("pneumonia=.3", "--prevalence") == ("pneumonia", 0.3)
    assert stated_share("phenotype=stable=.3", "--prevalence") == ("phenotype=stable", 0.3)
    assert stated_share("sex=F:.5", "--subgroup") == ("sex=F", 0.5)


@pytest.mark.parametrize(
    ("text", "option"),
    [("a=2", "--prevalence"), ("a", "--prevalence"), ("=.5", "--prevalence"), ("a=nan", "--prevalence"),
     ("a:.5", "--subgroup"), ("a=F", "--subgroup")],
)  # fmt: skip
def test_unreadable_shares_are_refused(text: str, option: str) -> None:
    with pytest.raises(InputRejected, match="SHARE_INVALID"):
        stated_share(text, option)

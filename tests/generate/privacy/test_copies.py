from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from monai_app.core.errors import InputRejected
from monai_app.core.random import numpy_generator
from monai_app.generate.privacy.aligned import Aligned
from monai_app.generate.privacy.copies import Rate, copy_test
from monai_app.generate.privacy.spaces import Scaled, pixels
from tests.generate.privacy.test_aligned import chests


def films(count: int, purpose: str) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Smooth random pictures."""
    coarse = numpy_generator("copies", purpose).random((count, 4, 4))
    return np.kron(coarse, np.ones((1, 8, 8))).astype(np.float32)


TRAIN, HELD_OUT = films(150, "train"), films(400, "held out")


def test_independent_films_pass_and_planted_copies_are_found() -> None:
    found = copy_test(TRAIN, films(100, "generated"), HELD_OUT, Scaled(pixels), at=0.05, plant=15)
    assert found.passed and found.sees_copies and found.planted_found == 15
    assert (
        found.generated.low <= 0.05 < found.held_out.high
        and found.closer_to_train.low < 0.5 < found.closer_to_train.high
    )
    assert found.altered_found >= 12


def test_a_generator_that_copies_a_fifth_of_its_films_is_caught_and_shows_which() -> None:  # row 45
    generated = films(100, "generated")
    generated[:20] = TRAIN[40:60]
    found = copy_test(TRAIN, generated, HELD_OUT, Scaled(pixels), at=0.05)
    assert not found.passed and found.p_value < 0.01 and found.generated.marked >= 20
    assert found.nearest[:20].tolist() == list(range(40, 60)) and (found.distance[:20] < 1e-3).all()


def test_a_generator_of_moved_brighter_noisy_copies_is_caught_in_the_aligned_space() -> None:  # row 45
    train, held_out, fresh = chests(80, 0), chests(120, 1), chests(40, 2)
    clean = copy_test(train, fresh, held_out, Aligned(), at=0.05)
    assert clean.passed and clean.altered_found == clean.planted_found == 20
    assert clean.closer_to_train.low < 0.5 < clean.closer_to_train.high
    fresh[:15] = np.clip(1.1 * np.roll(train[:15], 1, axis=1), 0, 1)
    found = copy_test(train, fresh, held_out, Aligned(), at=0.05)
    assert not found.passed and found.nearest[:15].tolist() == list(range(15))


def test_an_embedding_that_sees_nothing_is_told_by_the_planted_copies() -> None:
    def blind(given: np.ndarray[Any, np.dtype[np.float32]]) -> np.ndarray[Any, np.dtype[np.float64]]:
        return numpy_generator("blind", len(given)).random((len(given), 40))

    found = copy_test(TRAIN, films(100, "generated"), HELD_OUT, Scaled(blind))
    assert not found.sees_copies and not found.passed


def test_the_result_says_nothing_of_files_or_patients() -> None:
    told = copy_test(TRAIN, films(30, "generated"), HELD_OUT, Scaled(pixels)).as_dict()
    assert "nearest" not in told and "distance" not in told and told["held_out"]["of"] == 200


def test_the_interval_of_a_rate_is_exact() -> None:
    none = Rate.exact(0, 100)
    assert none.low == 0 and none.high == pytest.approx(1 - 0.025 ** (1 / 100))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"held_out": HELD_OUT[:5]}, "HELD_OUT_TOO_FEW"),
        ({"at": 0.0}, "SHARE_INVALID"),
        ({"plant": 151}, "PLANT_INVALID"),
    ],
)
def test_what_cannot_be_judged_is_refused(change: dict[str, Any], code: str) -> None:
    given = {"held_out": HELD_OUT, "at": 0.01, "plant": 1, **change}
    with pytest.raises(InputRejected, match=code):
        copy_test(TRAIN, TRAIN, given["held_out"], Scaled(pixels), at=given["at"], plant=given["plant"])

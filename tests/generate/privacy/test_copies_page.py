from __future__ import annotations

from monai_app.generate.privacy.copies import copy_test
from monai_app.generate.privacy.copies_page import copies_page
from monai_app.generate.privacy.spaces import Scaled, pixels
from tests.generate.privacy.test_copies import HELD_OUT, TRAIN, films


def test_the_page_shows_rates_and_the_closest_pairs() -> None:
    generated = films(30, "generated")
    found = copy_test(TRAIN, generated, HELD_OUT, Scaled(pixels), at=0.05)
    html = copies_page(found, generated, TRAIN, embedding="pixels", pairs=3).render()
    assert html.count("<svg") == 4 and "no more often than" in html and "20 of 20" in html


def test_a_blind_test_says_so() -> None:
    found = copy_test(TRAIN, TRAIN[:5], HELD_OUT, Scaled(lambda given: pixels(given) * 0 + len(given)), at=0.5, plant=0)
    object.__setattr__(found, "planted", 1)
    assert "blind here" in copies_page(found, TRAIN[:5], TRAIN, embedding="nothing", pairs=0).render()

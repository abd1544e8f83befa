from __future__ import annotations

import time
from datetime import datetime

import pytest

from monai_app.phantom.darkroom import Darkroom
from monai_app.phantom.examination import ImageRow, MaskRow, Rendered


class Fake:
    """Renders its number; early ones take longer, so that threads finish out of order."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.rendered = 0

    @property
    def rows(self) -> list[ImageRow]:
        return [ImageRow(self.number, datetime(2020, 1, 1), f"{self.number}.dcm", "DX", "PA")]

    @property
    def masks(self) -> list[MaskRow]:
        return [MaskRow(self.number, f"{self.number}.dcm", "findings", f"{self.number}.png")]

    def render(self) -> Rendered:
        time.sleep(0.002 * (10 - self.number))
        self.rendered += 1
        return Rendered(
            {f"{self.number}.dcm": bytes([self.number])}, {f"{self.number}.png": bytes([100 + self.number])}
        )


@pytest.mark.parametrize("workers", [1, 3])
def test_every_file_is_rendered_once_whatever_the_workers(workers: int) -> None:
    exams = [Fake(number) for number in range(10)]
    seen = []
    darkroom = Darkroom(exams, workers=workers, on_rendered=lambda: seen.append(1))
    assert [darkroom.images[f"{number}.dcm"] for number in range(10)] == [bytes([number]) for number in range(10)]
    assert darkroom.masks["3.png"] == bytes([103]) and len(darkroom.masks) == 10
    assert [exam.rendered for exam in exams] == [1] * 10 and len(seen) == 10


def test_only_a_few_are_rendered_ahead() -> None:
    exams = [Fake(number) for number in range(10)]
    darkroom = Darkroom(exams, workers=2)
    assert darkroom.images["0.dcm"] == b"\0"
    assert sum(exam.rendered for exam in exams) < 10


def test_unknown_paths_are_unknown() -> None:
    darkroom = Darkroom([Fake(0)], workers=1)
    assert "7.dcm" not in darkroom.images
    with pytest.raises(KeyError):
        darkroom.images["7.dcm"]

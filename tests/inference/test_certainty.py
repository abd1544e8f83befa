from __future__ import annotations

import pytest
import torch

from monai_app.core.random import torch_generator
from monai_app.inference.certainty import Certainty
from monai_app.inference.ood import confidence


def test_confidence_is_that_of_the_whole_volume_however_it_is_cut() -> None:
    scores = 4 * torch.randn(3, 9, 8, 7, generator=torch_generator("certainty"))
    probabilities = torch.softmax(scores, dim=0)
    certainty = Certainty(3)
    for slab in probabilities.split(4, dim=1):
        certainty(slab)
    assert certainty.confidence == pytest.approx(confidence(probabilities), abs=1e-6)


def test_entropy_is_zero_where_sure_and_none_where_nothing_was_found() -> None:
    certainty = Certainty(3)
    certainty(torch.tensor([0.0, 1.0, 0.0]).reshape(3, 1, 1, 1).expand(3, 2, 2, 2))
    assert certainty.entropy == [pytest.approx(0.0, abs=1e-9), None]


def test_sure_background_only_has_no_confidence() -> None:
    certainty = Certainty(2)
    certainty(torch.tensor([1.0, 0.0]).reshape(2, 1, 1, 1).expand(2, 2, 2, 2))
    assert certainty.confidence == 0.0

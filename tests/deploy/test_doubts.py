"""A series past one limit is reported with a doubt, one past both is refused."""

from __future__ import annotations

import numpy as np
import pytest

from monai_app.core.errors import InputRejected
from monai_app.deploy.doubts import UNFAMILIAR, doubts
from monai_app.inference.ood import Familiarity
from monai_app.metrics.mahalanobis import Gaussian

LIMITS = Familiarity(Gaussian.fit(np.eye(3)), 20.0, 0.9, 0.99, "0" * 64)


@pytest.mark.parametrize(
    ("distance", "confidence", "said"),
    [(19.0, 0.95, ()), (28.0, 0.95, (UNFAMILIAR,)), (19.0, 0.5, (UNFAMILIAR,))],
)
def test_one_limit_passed_is_a_doubt(distance: float, confidence: float, said: tuple[str, ...]) -> None:
    verdict = {"distance": distance, "confidence": confidence, "unfamiliar": distance > 20 or confidence < 0.9}
    assert doubts(verdict, LIMITS) == said


def test_both_limits_passed_is_a_refusal() -> None:
    with pytest.raises(InputRejected, match="OUT_OF_DISTRIBUTION"):
        doubts({"distance": 28.0, "confidence": 0.5, "unfamiliar": True}, LIMITS)


def test_nothing_fitted_doubts_nothing() -> None:
    assert doubts({"distance": 28.0, "confidence": 0.5, "unfamiliar": True}, None) == doubts(None, LIMITS) == ()

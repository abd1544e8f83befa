"""What a report says where a series looks unfamiliar, and where the application refuses it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monai_app.core.errors import InputRejected
from monai_app.inference.ood import Familiarity

UNFAMILIAR = "The images look unlike those that the model was trained on: do not rely on its results."


def doubts(verdict: Mapping[str, Any] | None, limits: Familiarity | None) -> tuple[str, ...]:
    """The sentences for the report: none where the series is familiar to both views, one where it is to one of them.

    Features move with the scanner; confidence falls where there is nothing of what is looked for. Whole heads in the
    place of a hippocampus are past both limits.

    Args:
        verdict: ``distance``, ``confidence`` and ``unfamiliar``, as inference remarks it; None where nothing judged.
        limits: fitted with the weights.

    Raises:
        InputRejected: ``OUT_OF_DISTRIBUTION`` where the series is unfamiliar to both.
    """
    if verdict is None or limits is None or not verdict["unfamiliar"]:
        return ()
    if verdict["distance"] <= limits.distance_limit or verdict["confidence"] >= limits.confidence_limit:
        return (UNFAMILIAR,)
    raise InputRejected(
        "OUT_OF_DISTRIBUTION",
        "the series looks unlike what the network was trained on",
        got=f"distance {verdict['distance']:.1f}, confidence {verdict['confidence']:.2f}",
        expected=f"at most {limits.distance_limit:.1f}, or at least {limits.confidence_limit:.2f}",
        remedy="Check that it is the right series; `monai-app segment` shows what the network makes of it.",
    )

from __future__ import annotations

import pytest
import torch

from monai_app.core.errors import AppError, InputRejected
from monai_app.engines.volumes.mean_dice import MeanDice


def scores(labels: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.one_hot(labels[:, 0].long(), 3).movedim(-1, 1).float()


def labels(*values: int) -> torch.Tensor:
    return torch.tensor(values).reshape(1, 1, -1, 1, 1)


def measured(*pairs: tuple[torch.Tensor, torch.Tensor]) -> MeanDice:
    metric = MeanDice(2)
    for predicted, truth in pairs:
        metric.update((scores(predicted), truth))
    return metric


def test_the_truth_scores_one() -> None:
    assert measured((labels(0, 1, 2), labels(0, 1, 2))).compute() == 1.0


def test_a_structure_counts_only_where_it_is() -> None:
    metric = measured((labels(0, 1, 1), labels(0, 1, 1)), (labels(0, 2, 0), labels(0, 2, 2)))
    assert metric.per_structure() == pytest.approx([1.0, 2 / 3])
    assert metric.compute() == pytest.approx(5 / 6)


def test_nothing_to_find_is_refused() -> None:
    with pytest.raises(InputRejected, match="VALIDATION_UNDEFINED"):
        measured((labels(0, 0, 0), labels(0, 0, 0))).compute()


def test_nan_is_never_a_score() -> None:
    with pytest.raises(AppError, match="SCORE_NOT_FINITE"):
        MeanDice(2).update((scores(labels(0, 1)) * float("nan"), labels(0, 1)))

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from monai_app.cohort.spec import TaskSpec
from monai_app.core.errors import AppError, InputRejected
from monai_app.engines.key_score import KeyScore, task_concordance
from monai_app.losses import MultitaskLoss
from monai_app.networks import FusionOutput

BINARY = TaskSpec(name="death", kind="binary")
SURVIVAL = TaskSpec(name="time", kind="survival", bin_edges=(1.0, 2.0, 3.0))
LABEL = torch.tensor([[0.0], [0.0], [1.0], [1.0]])


def feed(score: KeyScore, logits: Tensor, label: Tensor = LABEL) -> float:
    score.reset()
    for rows in (slice(0, 1), slice(1, 4)):
        score.update((FusionOutput({"death": logits[rows]}), {"label_death": label[rows]}))
    return score.compute()


def test_perfect_reversed_and_constant_predictions() -> None:
    score = KeyScore([BINARY])
    assert feed(score, torch.tensor([[-2.0], [-1.0], [1.0], [2.0]])) == 1.0
    assert feed(score, torch.tensor([[2.0], [1.0], [-1.0], [-2.0]])) == 0.0
    assert feed(score, torch.zeros(4, 1)) == 0.5


def test_unlabelled_samples_do_not_count() -> None:
    label = torch.tensor([[0.0], [torch.nan], [torch.nan], [1.0]])
    assert feed(KeyScore([BINARY]), torch.tensor([[-1.0], [9.0], [-9.0], [1.0]]), label) == 1.0


def test_a_split_of_one_class_is_refused_not_scored() -> None:
    with pytest.raises(InputRejected, match="VALIDATION_UNDEFINED"):
        feed(KeyScore([BINARY]), torch.zeros(4, 1), torch.zeros(4, 1))


def test_likelihood_is_minus_the_loss_over_the_whole_split() -> None:
    logits = torch.tensor([[-2.0], [0.5], [1.0], [0.1]])
    loss = MultitaskLoss([BINARY])
    expected = -loss(FusionOutput({"death": logits}), {"label_death": LABEL})
    assert feed(KeyScore([BINARY], "likelihood", loss), logits) == pytest.approx(float(expected))


@pytest.mark.parametrize(
    ("task", "label", "score"),
    [
        (
            TaskSpec(name="x", kind="multilabel", classes=("a", "b")),
            [[0, 1], [1, np.nan], [1, 0]],
            [[0, 1], [1, 0], [2, 0]],
        ),
        (TaskSpec(name="x", kind="multiclass", classes=("a", "b", "c")), [[0], [1], [2]], np.eye(3)),
        (TaskSpec(name="x", kind="regression"), [[1.0], [2.0], [30.0]], [[0.1], [0.2], [0.3]]),
        (SURVIVAL, [[0.5, 1], [1.5, 1], [9.0, 0]], [[0.1, 0.0, 0.0], [0.9, 0.1, 0.0], [1, 1, 1]]),
    ],
)
def test_right_order_is_one_and_wrong_order_zero(task: TaskSpec, label: object, score: object) -> None:
    label, score = np.array(label, float), np.array(score, float)
    assert task_concordance(task, label, score) == pytest.approx(1.0)
    assert task_concordance(task, label, 1 - score) == pytest.approx(0.0)


def test_an_undefined_task_is_none() -> None:
    regression = TaskSpec(name="x", kind="regression")
    assert task_concordance(regression, np.ones((3, 1)), np.zeros((3, 1))) is None
    assert task_concordance(SURVIVAL, np.array([[1.0, 0.0]]), np.zeros((1, 3))) is None


def test_a_network_that_gives_nan_is_never_scored() -> None:
    with pytest.raises(AppError, match="SCORE_NOT_FINITE"):
        feed(KeyScore([BINARY]), torch.tensor([[0.0], [torch.nan], [0.0], [0.0]]))

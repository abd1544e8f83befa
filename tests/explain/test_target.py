"""A label's score is additive evidence; a reader sees a probability."""

from __future__ import annotations

import pytest
import torch

from monai_app.cohort.spec import ModelSpec
from monai_app.core.errors import InputRejected
from monai_app.explain.target import find_target, known_targets

LOGITS = {
    "death": torch.tensor([[0.3]]),
    "findings": torch.tensor([[1.0, -2.0]]),
    "type": torch.tensor([[1.0, 2.0, 0.5]]),
    "stay": torch.tensor([[4.2]]),
    "survival": torch.tensor([[-1.0, 0.2]]),
}


def test_every_output_of_every_task_has_a_name(spec: ModelSpec) -> None:
    names = "death findings/a findings/b type/x type/y type/z stay survival/by_1 survival/by_2"
    assert list(known_targets(spec)) == names.split()


def test_scores_are_the_log_odds_of_what_is_reported(spec: ModelSpec) -> None:
    def shown(label: str) -> float:
        target = find_target(spec, label)
        return target.shown(float(target.score(LOGITS)[0]))

    assert shown("death") == pytest.approx(torch.tensor(0.3).sigmoid().item())
    assert [shown(f"type/{x}") for x in "xyz"] == pytest.approx(LOGITS["type"].softmax(1)[0].tolist(), abs=1e-6)
    hazards = LOGITS["survival"][0].sigmoid()
    assert shown("survival/by_2") == pytest.approx(1 - ((1 - hazards[0]) * (1 - hazards[1])).item(), abs=1e-5)
    assert shown("stay") == pytest.approx(4.2) and find_target(spec, "stay").unit == "d"


def test_class_name_is_enough_where_it_is_the_only_one(spec: ModelSpec) -> None:
    assert find_target(spec, "b").name == "findings/b"
    with pytest.raises(InputRejected, match="LABEL_UNKNOWN.*several") as refused:
        find_target(
            spec.model_copy(update={"tasks": (*spec.tasks, spec.tasks[1].model_copy(update={"name": "o"}))}), "b"
        )
    assert "o/b" in refused.value.expected


def test_far_scores_do_not_overflow(spec: ModelSpec) -> None:
    target = find_target(spec, "death")
    assert target.shown(-1000) == 0 and target.shown(1000) == 1

"""The condition's tokens: what is not told is one and the same thing, and absent bytes reach nothing."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from monai_app.networks.generation.condition import label_columns
from tests.networks.generation.conftest import TASKS


@pytest.fixture
def condition(make_diffusion: Any) -> Any:
    return make_diffusion().condition


def test_a_token_a_modality_and_a_token_a_label_column(condition: Any, make_inputs: Any) -> None:
    assert condition.columns == ("death", "a", "b", "type=x", "type=y", "type=z")
    assert condition.ehr_tokens == 1 and condition(make_inputs()).shape == (4, 7, 8)


def test_nothing_told_is_the_same_however_it_is_not_told(condition: Any, make_inputs: Any) -> None:
    inputs, null = make_inputs(), condition.null_tokens(4)
    assert torch.equal(condition(inputs, torch.ones(4, dtype=torch.bool)), null)
    absent = {"table": torch.full((4, 2, 3), torch.nan), "table_present": torch.zeros(4, dtype=torch.bool)}
    unknown = {key: torch.full_like(value, torch.nan) for key, value in inputs.items() if key.startswith("label_")}
    assert torch.equal(condition({**absent, **unknown}), null)
    assert torch.equal(condition({"row": torch.arange(4)}), null)
    assert not torch.allclose(condition(inputs), null)


def test_the_bytes_of_an_absent_modality_reach_nothing(condition: Any, make_inputs: Any) -> None:
    inputs = make_inputs()
    inputs["table_present"][1] = False
    other = {**inputs, "table": inputs["table"].clone()}
    other["table"][1] = 1e6
    assert torch.equal(condition(inputs), condition(other))


def test_a_hidden_column_is_an_unknown_one(condition: Any, make_inputs: Any) -> None:
    inputs = make_inputs()
    told = torch.ones(4, 6, dtype=torch.bool)
    told[:, 0] = False
    unknown = {**inputs, "label_death": torch.full((4, 1), torch.nan)}
    assert torch.equal(condition({**inputs, "image_told": told}), condition(unknown))
    flipped = {**inputs, "label_death": 1 - inputs["label_death"]}
    assert not torch.equal(condition(inputs), condition(flipped))


def test_a_class_is_a_column_of_its_own_and_unknown_stays_unknown() -> None:
    columns = label_columns(TASKS[2], torch.tensor([[1.0], [torch.nan]]))
    assert columns[0].tolist() == [0, 1, 0] and bool(columns[1].isnan().all())


def test_frozen_encoders_neither_learn_nor_drop(condition: Any) -> None:
    condition.freeze()
    condition.train()
    assert not condition.encoders.training and condition.norms.training
    assert not any(parameter.requires_grad for parameter in condition.encoders.parameters())

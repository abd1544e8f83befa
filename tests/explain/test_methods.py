"""Maps carry their warnings: imputed values, unknown columns, another method than asked for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from monai_app.core.errors import InputRejected
from monai_app.explain.case import OpenCase
from monai_app.explain.methods import Method, attribute, find_method

Opened = Callable[..., OpenCase]


def test_map_of_mostly_carried_values_says_so(inputs: dict[str, Tensor], opened: Opened) -> None:
    grid = inputs["series"].clone()
    grid[0, 1, 1:] = 0
    grid[0, 0, 1:] = grid[0, 0, :1]
    case = opened(series=grid)
    made = attribute(case, case.view("series"), Method.OCCLUSION)
    assert made.imputed_share > 0.5 and any("carried forward" in text for text in made.warnings)


def test_map_of_measured_values_does_not(inputs: dict[str, Tensor], opened: Opened) -> None:
    grid = inputs["series"].clone()
    grid[0, 1] = 1
    case = opened(series=grid)
    made = attribute(case, case.view("series"), Method.INTEGRATED_GRADIENTS)
    assert made.imputed_share == 0 and made.warnings == ()


def test_unknown_columns_are_counted(case: OpenCase) -> None:
    made = attribute(case, case.view("table"), Method.INTEGRATED_GRADIENTS)
    assert made.warnings == ("1 of 3 columns are unknown; the model saw a stand-in, no map shows it.",)
    assert made.values[2] == 0


def test_every_method_agrees_on_a_case_that_is_its_own_baseline(opened: Opened) -> None:
    case = opened(table=torch.tensor([[[-0.5, 0.0, torch.nan], [0, 0, 0]]]))
    for method in (Method.INTEGRATED_GRADIENTS, Method.GRADIENT_SHAP, Method.OCCLUSION):
        assert (attribute(case, case.view("table"), method).values == 0).all()


def test_unknown_method_is_answered_with_the_known_ones() -> None:
    assert find_method("occlusion") is Method.OCCLUSION
    with pytest.raises(InputRejected, match="METHOD_UNKNOWN.*integrated_gradients"):
        find_method("luck")

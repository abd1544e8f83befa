"""A view gives the encoder exactly what it had, and replaces what is removed and nothing else."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from monai_app.core.errors import InputRejected
from monai_app.explain.baselines import Baselines
from monai_app.explain.case import OpenCase
from monai_app.explain.views import note_view
from monai_app.networks.encoders import BagNoteEncoder

NAMES = ("film", "series", "table", "note")


@pytest.mark.parametrize("name", NAMES)
def test_nothing_removed_is_the_case_itself(case: OpenCase, name: str) -> None:
    view = case.view(name)
    kept = view.replaced(torch.zeros(1, *view.shape, dtype=torch.bool))
    torch.testing.assert_close(kept, case.inputs[name], equal_nan=True, rtol=0, atol=0)


@pytest.mark.parametrize("name", NAMES)
def test_everything_removed_is_the_baseline_and_unknowns_stay_unknown(case: OpenCase, name: str) -> None:
    view = case.view(name)
    away = view.replaced(torch.ones(1, *view.shape, dtype=torch.bool))
    torch.testing.assert_close(away, view.assemble(view.baseline), equal_nan=True)
    assert torch.equal(away.isnan(), case.inputs[name].isnan())


def test_features_are_what_the_case_has(case: OpenCase) -> None:
    series, table, note = (case.view(name) for name in ("series", "table", "note"))
    assert series.features.sum() == 16 and series.imputed is not None and series.imputed.sum() == 3
    assert table.features.tolist() == [True, True, False]
    assert note.features.tolist() == [False, *[True] * 5, False, False, False, False]


def test_film_is_compared_with_itself_out_of_focus(case: OpenCase) -> None:
    view = case.view("film")
    assert view.baseline.std() < 0.3 * view.original.std()
    assert abs(view.baseline.mean() - view.original.mean()) < 0.02


def test_bag_leaves_words_out_where_others_mask_them() -> None:
    note = torch.tensor([[2, 7, 8, 3, 0]])
    assert note_view(note, BagNoteEncoder(20, width=4), Baselines()).baseline.tolist() == [[2, 0, 0, 3, 0]]
    masked = note_view(note, nn.Identity(), Baselines(mask_id=4))
    assert masked.baseline.tolist() == [[2, 4, 4, 3, 0]] and "mask" in masked.baseline_text
    with pytest.raises(InputRejected, match="NO_MASK_TOKEN"):
        note_view(note, nn.Identity(), Baselines())

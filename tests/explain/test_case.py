"""An open case answers what the whole network would."""

from __future__ import annotations

import pytest
import torch

from monai_app.explain.case import OpenCase

NAMES = ("film", "series", "table", "note")


@pytest.mark.parametrize("name", NAMES)
def test_scorer_of_the_case_itself_is_its_score_and_batches_are_rows(case: OpenCase, name: str) -> None:
    view = case.view(name)
    removed = torch.rand(3, *view.shape, generator=torch.Generator().manual_seed(0)) < 0.5
    removed[0] = False
    with torch.no_grad():
        many = case.scorer(name)(view.replaced(removed))
        single = torch.stack([case.scorer(name)(view.replaced(row[None]))[0] for row in removed])
        whole = case.network(dict(case.inputs) | {name: view.replaced(removed[1:2])}).logits["death"][0, 0]
    torch.testing.assert_close(many, single)
    assert float(many[0]) == pytest.approx(case.score, abs=1e-6)
    assert float(many[1]) == pytest.approx(float(whole), abs=1e-6)


def test_case_knows_what_it_has(case: OpenCase) -> None:
    assert case.present == NAMES and case.absent == ()

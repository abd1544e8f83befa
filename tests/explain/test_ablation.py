"""What is removed together: a measurement with what was carried from it, a word with its pieces."""

from __future__ import annotations

import numpy as np
import torch

from monai_app.explain.ablation import measurement_groups, occlusion, single_groups
from monai_app.explain.case import OpenCase


def test_carried_values_go_with_their_measurement(case: OpenCase) -> None:
    view = case.view("series")
    groups = measurement_groups(view)
    assert len(set(groups[2:, 1])) == 1 and len(set(groups[:, 0])) == 6
    assert groups[0, 2] == groups[1, 2] and (groups[~view.features] == groups[0, 2]).all()
    assert groups.min() == 0 and len(np.unique(groups)) == groups.max() + 1 == 6 + 3 + 4 + 1


def test_value_of_a_word_is_what_the_score_loses_without_it(case: OpenCase) -> None:
    view = case.view("note")
    found = occlusion(case, view).values
    removed = torch.zeros(1, 10, dtype=torch.bool)
    removed[0, 3] = True
    with torch.no_grad():
        lost = case.score - float(case.scorer("note")(view.replaced(removed))[0])
    torch.testing.assert_close(found[3], torch.tensor(lost), atol=1e-5, rtol=1e-4)
    assert (found[[0, 6, 7, 8, 9]] == 0).all()


def test_group_shares_what_it_is_worth(case: OpenCase) -> None:
    view = case.view("note")
    groups = single_groups(view)
    groups[groups == groups[3]] = groups[2]
    found = occlusion(case, view, groups).values
    assert found[2] == found[3] != 0


def test_film_windows_cover_every_pixel(case: OpenCase) -> None:
    found = occlusion(case, case.view("film"))
    assert found.values.shape == (32, 32) and (found.values != 0).all()
    assert found.evaluations == 15 * 15

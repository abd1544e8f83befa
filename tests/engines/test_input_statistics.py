"""Numbers of inputs: what was not observed says nothing, what was never read before is counted."""

from __future__ import annotations

import math

import pytest
import torch

from monai_app.engines.input_statistics import input_statistics, note_statistics, token_counts


def test_series_counts_only_what_was_observed() -> None:
    series = torch.zeros(1, 3, 4, 2)
    series[0, 0, :, 0] = torch.tensor([1.0, 5.0, 3.0, 99.0])
    series[0, 1, :3, 0] = 1
    mean, never_mean, low, never_low, high, never_high, count, never = input_statistics("series", series)[0]
    assert (mean, low, high) == (3, 1, 5) and count.item() == pytest.approx(math.log(4))
    assert never_mean.isnan() and never_low.isnan() and never_high.isnan() and never == 0


def test_observed_infinity_stays_one() -> None:
    series = torch.ones(1, 3, 2, 1)
    series[0, 0, 1] = torch.inf
    assert input_statistics("series", series)[0, 0].isinf()


def test_table_says_which_values_are_unknown() -> None:
    table = torch.tensor([[[2.0, torch.nan], [0, 0]]])
    value, unknown, known, missing = input_statistics("table", table)[0]
    assert (value, known, missing) == (2, 0, 1) and unknown.isnan()


def test_film_has_one_row_a_film() -> None:
    statistics = input_statistics("film", torch.rand(3, 1, 32, 32, generator=torch.Generator().manual_seed(0)))
    assert statistics.shape == (3, 778) and statistics.dtype == torch.float64


def test_padding_is_no_token_and_unread_ids_are_counted() -> None:
    counts = token_counts(torch.tensor([[5, 5, 2, 0], [5, 0, 0, 0]]))
    assert counts.tolist() == [0, 0, 1, 0, 0, 3]
    familiar, half, empty = note_statistics(torch.tensor([[5, 2, 0], [5, 9, 0], [0, 0, 0]]), counts)
    assert familiar[1] == 0 and half[1] == 0.5 and half[2] > familiar[2]
    assert empty[0] == 0 and empty[1:].isnan().all()


def test_notes_pass_as_their_ids() -> None:
    ids = torch.tensor([[5, 2, 0]])
    assert torch.equal(input_statistics("note", ids), ids.double())

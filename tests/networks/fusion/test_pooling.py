"""Pooling: what is absent enters no mean, whatever stands there."""

from __future__ import annotations

import torch

from monai_app.networks.fusion.pooling import pooled_features, present_mean, present_tokens, token_presence

PRESENT = torch.tensor([[True, True], [False, True]])
TOKENS = {"film": torch.tensor([[[1.0], [3.0]], [[torch.nan], [torch.inf]]]), "note": torch.tensor([[[5.0]], [[7.0]]])}


def test_absent_tokens_are_zero_even_where_nan_stood() -> None:
    assert present_tokens(TOKENS, PRESENT)["film"].tolist() == [[[1.0], [3.0]], [[0.0], [0.0]]]


def test_mean_token_of_an_absent_modality_is_zero() -> None:
    assert pooled_features(TOKENS, PRESENT).tolist() == [[[2.0], [5.0]], [[0.0], [7.0]]]


def test_mean_over_modalities_counts_the_present_ones() -> None:
    values = torch.tensor([[[2.0], [4.0]], [[torch.nan], [6.0]]])
    assert present_mean(values, PRESENT).tolist() == [[3.0], [6.0]]
    assert present_mean(values[..., 0], PRESENT).tolist() == [3.0, 6.0]


def test_every_token_is_as_present_as_its_modality() -> None:
    assert token_presence(TOKENS, PRESENT).tolist() == [[True, True, True], [False, False, True]]

"""The film encoders' shapes."""

from __future__ import annotations

from typing import Literal

import pytest
import torch

from monai_app.networks.encoders import FilmEncoder


@pytest.mark.parametrize(("backbone", "pool", "tokens"), [("resnet34", "mean", 1), ("densenet121", "grid", 49)])
def test_a_film_becomes_tokens(backbone: str, pool: Literal["mean", "grid"], tokens: int) -> None:
    encoder = FilmEncoder(backbone, width=16, pool=pool).eval()
    with torch.no_grad():
        assert encoder(torch.zeros(2, 1, 224, 224)).shape == (2, tokens, 16)


def test_an_unknown_backbone_is_named_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="densenet121.*got 'vgg'"):
        FilmEncoder("vgg")

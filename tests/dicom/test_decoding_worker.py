"""The worker: coarser levels are those of the standard, on odd sizes too, and its file imports nothing of ours."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monai_app.dicom import decoding_worker
from tests.faults.compressed import code_stream, texture


def reduced(pixels: np.ndarray, level: int, bits: int = 12) -> np.ndarray:
    request: dict[str, Any] = {
        "level": level,
        "precision": bits,
        "signed": bool(np.issubdtype(pixels.dtype, np.signedinteger)),
        "options": {"bits_allocated": 16},
    }
    return decoding_worker._reduced(code_stream(pixels, bits=bits), request)


@pytest.mark.parametrize("shape", [(64, 48), (65, 47), (101, 99), (33, 97)])
@pytest.mark.parametrize("level", [1, 2, 3])
def test_each_level_halves_the_sides_rounded_up(shape: tuple[int, int], level: int) -> None:
    assert reduced(texture(*shape), level).shape == tuple(-(-side // 2**level) for side in shape)


def test_level_zero_is_the_image() -> None:
    pixels = texture(65, 47)
    np.testing.assert_array_equal(reduced(pixels, 0), pixels)


@pytest.mark.parametrize("bits", [9, 12, 16])
def test_constant_images_keep_their_value_at_every_level(bits: int) -> None:
    pixels = np.full((65, 47), (1 << bits) - 3, np.uint16)
    for level in (1, 2, 3):
        assert (reduced(pixels, level, bits) == pixels[0, 0]).all()


def test_signed_values_keep_their_sign() -> None:
    pixels = texture(64, 64).astype(np.int16) - 2048
    assert abs(float(reduced(pixels, 1).mean()) - float(pixels.mean())) < 8
    assert reduced(pixels, 1).min() < 0


def test_the_worker_imports_nothing_of_this_package() -> None:
    tree = ast.parse(Path(decoding_worker.__file__).read_text())
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert not [name for name in names if name.startswith(("monai", "torch"))]

"""Pictures: what is no grey picture is rejected by code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from monai_app.core.errors import InputRejected
from monai_app.transforms.picture import read_picture
from tests.faults.films import ramp

GREY = (ramp() >> 4).astype(np.uint8)


def saved(path: Path, values: np.ndarray, mode: str | None = None) -> Path:
    image = Image.fromarray(values)
    (image.convert(mode) if mode else image).save(path)
    return path


@pytest.mark.parametrize("values", [GREY, ramp()], ids=["8 bit", "16 bit"])
def test_grey_values_are_kept(tmp_path: Path, values: np.ndarray) -> None:
    np.testing.assert_array_equal(read_picture(saved(tmp_path / "x.png", values)), values)


@pytest.mark.parametrize("mode", ["P", "LA", "RGBA", "CMYK"])
def test_unusual_kinds_are_rejected(tmp_path: Path, mode: str) -> None:
    with pytest.raises(InputRejected, match="NOT_MONOCHROME"):
        read_picture(saved(tmp_path / "x.tif", GREY, mode))


def test_colour_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="NOT_MONOCHROME"):
        read_picture(saved(tmp_path / "x.png", np.stack([GREY, GREY, 255 - GREY], -1)))


def test_constant_picture_has_no_content(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="NO_CONTENT"):
        read_picture(saved(tmp_path / "x.png", np.full((9, 9), 7, np.uint8)))


def test_missing_foreign_and_truncated_pictures_are_rejected(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="FILE_NOT_FOUND"):
        read_picture(tmp_path / "none.png")
    whole = saved(tmp_path / "x.png", GREY).read_bytes()
    for size in (0, 10, 40, len(whole) // 2):
        (tmp_path / "cut.png").write_bytes(whole[:size])
        with pytest.raises(InputRejected, match="PICTURE_UNREADABLE"):
            read_picture(tmp_path / "cut.png")


def test_picture_bomb_is_rejected_from_its_header(tmp_path: Path) -> None:
    whole = bytearray(saved(tmp_path / "x.png", GREY).read_bytes())
    whole[16:24] = (65535).to_bytes(4, "big") * 2
    (tmp_path / "bomb.png").write_bytes(bytes(whole))
    with pytest.raises(InputRejected, match=r"TOO_LARGE|PICTURE_UNREADABLE"):
        read_picture(tmp_path / "bomb.png")

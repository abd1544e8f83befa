"""Films: display as DICOM defines it, faults rejected by code before pixels are allocated."""

from __future__ import annotations

import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.uid import RLELossless

from monai_app.core.errors import InputRejected
from monai_app.dicom.film import edge_letters, read_film
from tests.faults.films import colour, film_dataset, ramp, write_film


def test_monochrome1_film_equals_its_monochrome2_twin(tmp_path: Path) -> None:
    twin = read_film(write_film(tmp_path / "2.dcm"))
    film = read_film(write_film(tmp_path / "1.dcm", 4000 - ramp(), PhotometricInterpretation="MONOCHROME1"))
    assert film.inverted and not twin.inverted
    np.testing.assert_allclose(film.pixels, twin.pixels, atol=1e-6)


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL", "YBR_FULL_422", "PALETTE COLOR"])
def test_colour_is_rejected(tmp_path: Path, photometric: str) -> None:
    with pytest.raises(InputRejected, match="NOT_MONOCHROME"):
        read_film(write_film(tmp_path / "x.dcm", **colour(photometric)))


@pytest.mark.parametrize("side", [None, 20])
def test_padding_stays_outside_the_normalisation_and_black(tmp_path: Path, side: int | None) -> None:
    padded = ramp()
    padded[:10] = 4095
    film = read_film(write_film(tmp_path / "x.dcm", padded, PixelPaddingValue=4095), longest_side_px=side)
    inside = read_film(write_film(tmp_path / "y.dcm", ramp()[10:]), longest_side_px=None if side is None else 16)
    border = 10 if side is None else 5
    assert (film.pixels[:border] == 0).all()
    if side is None:
        np.testing.assert_allclose(film.pixels[border:], inside.pixels, atol=1e-6)
    assert film.pixels.max() > 0.95


def test_padding_range_is_padding(tmp_path: Path) -> None:
    padded = ramp()
    padded[:10] = np.arange(32) % 3 + 4090
    path = write_film(tmp_path / "x.dcm", padded, PixelPaddingValue=4090, PixelPaddingRangeLimit=4092)
    assert (read_film(path).pixels[:10] == 0).all()


@pytest.mark.parametrize("shape", ["unsigned", "signed"])
def test_junk_above_the_stored_bits_is_masked(tmp_path: Path, shape: str) -> None:
    clean = ramp().astype(np.int16) - (2000 if shape == "signed" else 0)
    junk = np.random.default_rng(0).integers(0, 16, clean.shape).astype(np.uint16) << 12
    dirty = ((clean.astype(np.uint16) & 0x0FFF) | junk).view(np.int16 if shape == "signed" else np.uint16)
    expected = clean if shape == "signed" else clean.astype(np.uint16)
    one = read_film(write_film(tmp_path / "x.dcm", dirty))
    np.testing.assert_array_equal(one.pixels, read_film(write_film(tmp_path / "y.dcm", expected)).pixels)


def test_values_stored_above_an_overlay_are_shifted_down(tmp_path: Path) -> None:
    film = read_film(write_film(tmp_path / "x.dcm", (ramp() << 4) | 1, HighBit=15))
    np.testing.assert_array_equal(film.pixels, read_film(write_film(tmp_path / "y.dcm")).pixels)


@pytest.mark.parametrize("value", [0, 1, 4095])
def test_constant_film_has_no_content(tmp_path: Path, value: int) -> None:
    with pytest.raises(InputRejected, match="NO_CONTENT"):
        read_film(write_film(tmp_path / "x.dcm", np.full((20, 20), value, np.uint16)))


def test_film_of_padding_and_film_outside_its_window_have_no_content(tmp_path: Path) -> None:
    half = ramp()
    half[:] = 7
    half[0] = 9
    for elements in ({"PixelPaddingValue": 7}, {"WindowCenter": 3000, "WindowWidth": 10}):
        with pytest.raises(InputRejected, match="NO_CONTENT"):
            read_film(write_film(tmp_path / "x.dcm", half, **elements))


def test_constant_film_has_no_content_however_its_cells_are_rounded(tmp_path: Path) -> None:
    path = write_film(tmp_path / "x.dcm", np.full((37, 31), 1234, np.uint16), WindowCenter=2000, WindowWidth=3000)
    with pytest.raises(InputRejected, match="NO_CONTENT"):
        read_film(path, longest_side_px=11)


@pytest.mark.parametrize("name", ["RescaleSlope", "RescaleIntercept", "WindowCenter", "WindowWidth"])
@pytest.mark.parametrize("text", ["nan", "inf"])
def test_not_finite_display_is_rejected(tmp_path: Path, name: str, text: str) -> None:
    display = {"RescaleSlope": "1", "RescaleIntercept": "0", "WindowCenter": "2000", "WindowWidth": "1000", name: text}
    with pytest.raises(InputRejected, match="NOT_FINITE|DICOM_UNREADABLE"):
        read_film(write_film(tmp_path / "x.dcm", **display))


FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("MULTI_FRAME", {"NumberOfFrames": 2, "PixelData": ramp().tobytes() * 2}),
    ("WRONG_MODALITY", {"Modality": "CT"}),
    ("WRONG_MODALITY", {"Modality": None}),
    ("NO_PIXELS", {"PixelData": None}),
    ("NO_PIXELS", {"Rows": None}),
    ("NO_PIXELS", {"Rows": 0}),
    ("NO_PIXELS", {"Rows": 2, "Columns": 2, "PixelData": None}),
    ("PIXEL_FORMAT", {"BitsStored": 17}),
    ("PIXEL_FORMAT", {"BitsStored": 0}),
    ("RESCALE_INVALID", {"RescaleSlope": 0, "RescaleIntercept": 0}),
    ("VOI_INVALID", {"WindowCenter": 10, "WindowWidth": 1}),
    ("VOI_INVALID", {"WindowCenter": 10, "WindowWidth": 100, "VOILUTFunction": "CUBIC"}),
]


@pytest.mark.parametrize(("code", "elements"), FAULTS)
def test_fault_has_its_code(tmp_path: Path, code: str, elements: dict[str, Any]) -> None:
    with pytest.raises(InputRejected, match=code):
        read_film(write_film(tmp_path / "x.dcm", **elements))


def test_missing_and_foreign_files_are_rejected(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="FILE_NOT_FOUND"):
        read_film(tmp_path / "none.dcm")
    for content in (b"", b"\x89PNG\r\n\x1a\n" + b"\0" * 500, b"\0" * 128 + b"DICM"):
        (tmp_path / "x.dcm").write_bytes(content)
        with pytest.raises(InputRejected):
            read_film(tmp_path / "x.dcm")


def test_truncated_anywhere_is_a_typed_error_within_a_second(tmp_path: Path) -> None:
    whole = write_film(tmp_path / "whole.dcm").read_bytes()
    cut = tmp_path / "cut.dcm"
    for size in [*range(0, len(whole) - 1, 97), len(whole) - 1]:
        cut.write_bytes(whole[:size])
        start = time.perf_counter()
        with pytest.raises(InputRejected, match=r"\[[A-Z_]+\]"):
            read_film(cut)
        assert time.perf_counter() - start < 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cut.dcm", "whole.dcm"]


def test_truncated_compressed_film_is_a_typed_error(tmp_path: Path) -> None:
    dataset = film_dataset(ramp())
    dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.save_as(tmp_path / "whole.dcm", enforce_file_format=True)
    np.testing.assert_array_equal(
        read_film(tmp_path / "whole.dcm").pixels, read_film(write_film(tmp_path / "n.dcm")).pixels
    )
    whole = (tmp_path / "whole.dcm").read_bytes()
    for size in range(len(whole) - 900, len(whole) - 200, 50):
        (tmp_path / "cut.dcm").write_bytes(whole[:size])
        with pytest.raises(InputRejected, match=r"\[[A-Z_]+\]"):
            read_film(tmp_path / "cut.dcm")


@pytest.mark.parametrize(("side", "code"), [(65535, "TOO_LARGE"), (9000, "TRUNCATED")])
def test_header_bomb_is_rejected_before_allocation(tmp_path: Path, side: int, code: str) -> None:
    path = write_film(tmp_path / "x.dcm", Rows=side, Columns=side)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputRejected, match=code):
        read_film(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_compressed_header_bomb_is_rejected(tmp_path: Path) -> None:
    dataset = film_dataset(ramp())
    dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.Rows, dataset.Columns = 9000, 9000
    dataset.save_as(tmp_path / "x.dcm", enforce_file_format=True)
    with pytest.raises(InputRejected, match="DECODE_FAILED|HEADER_MISMATCH|TRUNCATED"):
        read_film(tmp_path / "x.dcm")


def test_downsized_film_is_the_mean_of_the_whole_one_and_keeps_its_extent(tmp_path: Path) -> None:
    path = write_film(tmp_path / "x.dcm", WindowCenter=1500, WindowWidth=901)
    whole, small = read_film(path), read_film(path, longest_side_px=20)
    np.testing.assert_allclose(small.pixels, whole.pixels.reshape(20, 2, 16, 2).mean((1, 3)), atol=1e-6)
    assert whole.spacing_mm == (0.2, 0.1)
    assert small.spacing_mm == pytest.approx((0.4, 0.2))


def test_spacing_at_the_detector_is_divided_by_the_magnification(tmp_path: Path) -> None:
    elements = {
        "PixelSpacing": None,
        "ImagerPixelSpacing": [0.3, 0.15],
        "EstimatedRadiographicMagnificationFactor": 1.5,
    }
    film = read_film(write_film(tmp_path / "x.dcm", **elements))
    assert film.spacing_mm == pytest.approx((0.2, 0.1))
    assert (film.view, film.body_part) == ("AP", "CHEST")


def test_real_films_read_and_other_real_files_are_rejected_by_code(shared_data: Any) -> None:
    films, codes = 0, set()
    for path in sorted((shared_data("dicom") / "zoo").rglob("*")):
        if path.is_file():
            try:
                pixels = read_film(path, longest_side_px=64).pixels
                films += 1
                assert pixels.dtype == np.float32 and 0 <= pixels.min() < pixels.max() <= 1
            except InputRejected as error:
                codes.add(error.code)
    assert films == 5
    assert codes <= {"WRONG_MODALITY", "DICOM_UNREADABLE"}


@pytest.mark.parametrize(
    ("orientation", "letters"),
    [
        (["L", "F"], ("R", "L", "S", "I")),
        (["R", "F"], ("L", "R", "S", "I")),
        (["A", "FR"], ("P", "A", "S", "I")),
        ([], None),
        (None, None),
        (["L"], None),
        (["left", "X"], None),
    ],
)
def test_letters_stand_at_the_edges_only_where_the_file_says_where_they_belong(
    orientation: list[str] | None, letters: tuple[str, ...] | None
) -> None:
    assert edge_letters(orientation) == letters

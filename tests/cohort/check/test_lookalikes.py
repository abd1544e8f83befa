"""The same picture is found in another size, format and contrast; another picture is not."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from monai_app.cohort.check.lookalikes import MAX_BITS_APART, close_pairs, perceptual_hash
from monai_app.core.errors import InputRejected
from tests.faults.cohorts import png
from tests.faults.films import write_film


def picture(seed: int) -> Image.Image:
    return Image.open(io.BytesIO(png(seed, 400)))


def apart(one: np.ndarray, two: np.ndarray) -> int:
    return int(np.bitwise_count(one ^ two).sum())


@pytest.fixture
def original(tmp_path: Path) -> np.ndarray:
    picture(1).save(tmp_path / "original.png")
    return perceptual_hash(tmp_path / "original.png")


def test_another_size_format_and_contrast_is_the_same_picture(tmp_path: Path, original: np.ndarray) -> None:
    picture(1).resize((240, 240)).save(tmp_path / "small.png")
    picture(1).save(tmp_path / "lossy.jpg", quality=60)
    picture(1).point(lambda value: 20 + value * 0.8).save(tmp_path / "flat.png")
    Image.fromarray(np.asarray(picture(1)).astype(np.uint16) * 257).save(tmp_path / "deep.png")
    for name in ("small.png", "lossy.jpg", "flat.png", "deep.png"):
        assert apart(perceptual_hash(tmp_path / name), original) <= MAX_BITS_APART, name


def test_another_picture_is_far_away(tmp_path: Path, original: np.ndarray) -> None:
    picture(2).save(tmp_path / "other.png")
    assert apart(perceptual_hash(tmp_path / "other.png"), original) > 60


def test_a_dicom_film_is_read_through_its_display(tmp_path: Path) -> None:
    pixels = np.asarray(picture(1)).astype(np.uint16) * 16
    write_film(tmp_path / "film.dcm", pixels)
    Image.fromarray((pixels // 16).astype(np.uint8)).save(tmp_path / "film.png")
    assert apart(perceptual_hash(tmp_path / "film.dcm"), perceptual_hash(tmp_path / "film.png")) <= MAX_BITS_APART


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", png(1)[:200]])
def test_a_damaged_picture_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.png").write_bytes(content)
    with pytest.raises(InputRejected, match="PICTURE_UNREADABLE"):
        perceptual_hash(tmp_path / "bad.png")


def test_an_impossibly_large_picture_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    Image.new("1", (20_000, 6_000)).save(tmp_path / "bomb.png")
    with pytest.raises(InputRejected, match="TOO_LARGE"):
        perceptual_hash(tmp_path / "bomb.png")


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 12))
def test_bands_find_the_pairs_that_brute_force_finds(seed: int, bits: int) -> None:
    random = np.random.default_rng(seed)
    bases = random.integers(0, 2**63, (6, 4), dtype=np.uint64)
    rows = []
    for base in bases[random.integers(0, 6, 30)]:
        flips = np.zeros(256, np.uint8)
        flips[random.choice(256, random.integers(0, 8), replace=False)] = 1
        rows.append(base ^ np.packbits(flips).view(np.uint64))
    hashes = np.stack(rows)
    distance = np.bitwise_count(hashes[:, None] ^ hashes[None]).sum(axis=-1)
    near = {(i, j) for i in range(30) for j in range(i + 1, 30) if distance[i, j] <= bits}
    found = {tuple(pair) for pair in close_pairs(hashes, bits=bits).tolist()}
    assert found <= near
    first = {int(np.flatnonzero(distance[row] == 0)[0]) for row in range(30)}
    assert {pair for pair in near if set(pair) <= first} <= found
    assert {row for pair in near for row in pair} == {row for pair in found for row in pair}


def test_no_images_are_no_pairs() -> None:
    assert close_pairs(np.zeros((1, 4), np.uint64)).shape == (0, 2)

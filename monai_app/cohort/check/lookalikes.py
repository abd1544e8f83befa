"""Images that look the same: perceptual hashes of 256 bits, and all pairs within a few bits of each other.

The hash is the sign of the low frequencies of the image (Zauner 2010, as in the ImageHash library). Measured on the
376 films of Hannover and ieee8023: another size or file format and a linear change of contrast move up to 8 bits, a
gamma of 1.25 up to 16; films of different patients lie 66 bits apart and more (simulated ones 28). Crops are not found.
"""

from __future__ import annotations

from pathlib import Path

import imagehash
import numpy as np
import numpy.typing as npt
from PIL import Image

from monai_app.core.errors import InputRejected
from monai_app.dicom.film import read_film

HASH_SIDE = 16
"""Bits along a side: 16 x 16 = 256 bits."""
MAX_BITS_APART = 16
"""Pairs within so many bits count as the same picture."""
MAX_PIXELS = 100_000_000
_READ_SIDE_PX = 256
_PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")


def perceptual_hash(path: Path) -> npt.NDArray[np.uint64]:
    """The 256 bits of an image as four words ``(4,)``: pictures by pillow, everything else as a DICOM film.

    Raises:
        InputRejected: ``PICTURE_UNREADABLE``, ``TOO_LARGE``, ``NO_CONTENT`` or those of ``read_film``.
    """
    grey = _read_picture(path) if path.suffix.lower() in _PICTURES else _read_dicom(path)
    low, high = grey.getextrema()
    if low == high:
        raise InputRejected("NO_CONTENT", "the film shows nothing: all its pixels are equal", expected="contrast")
    bits = imagehash.phash(grey, hash_size=HASH_SIDE).hash
    return np.packbits(bits.ravel()).view(np.uint64)


def _read_picture(path: Path) -> Image.Image:
    """A small grey picture; a JPEG is decoded at reduced size."""
    try:
        with Image.open(path) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise InputRejected("TOO_LARGE", "a picture is impossibly large", expected=f"at most {MAX_PIXELS} px")
            picture.draft("L", (_READ_SIDE_PX, _READ_SIDE_PX))
            wide = np.asarray(picture, np.float32) if picture.mode.startswith("I") else None
            grey = picture.convert("L") if wide is None else _eight_bit(wide)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise InputRejected("TOO_LARGE", "a picture is impossibly large", expected=f"at most {MAX_PIXELS} px") from None
    except (OSError, ValueError, SyntaxError) as error:
        raise InputRejected(
            "PICTURE_UNREADABLE", "an image file is no readable picture", got=type(error).__name__
        ) from None
    grey.thumbnail((_READ_SIDE_PX, _READ_SIDE_PX), Image.Resampling.BOX)
    return grey


def _read_dicom(path: Path) -> Image.Image:
    return _eight_bit(read_film(path, longest_side_px=_READ_SIDE_PX).pixels)


def _eight_bit(values: npt.NDArray[np.float32]) -> Image.Image:
    low, high = float(values.min()), float(values.max())
    return Image.fromarray(((values - low) * (255.0 / max(high - low, 1e-12))).astype(np.uint8))


def close_pairs(hashes: npt.NDArray[np.uint64], *, bits: int = MAX_BITS_APART) -> npt.NDArray[np.int64]:
    """All pairs of different rows of ``hashes`` ``(N, 4)`` that differ in at most ``bits`` bits.

    Two such hashes agree exactly in one of ``bits + 1`` bands (pigeonhole), so only rows that share a band are
    compared.

    Returns:
        ``(P, 2)`` row numbers, first < second, sorted; rows with equal hashes are chained, not all paired.
    """
    unique, first, inverse = np.unique(hashes, axis=0, return_index=True, return_inverse=True)
    chained = [(int(first[group]), row) for row, group in enumerate(inverse.ravel()) if first[group] != row]
    bands = np.array_split(np.unpackbits(unique.view(np.uint8), axis=1), bits + 1, axis=1)
    found = set(chained)
    for band in bands:
        _, key = np.unique(band, axis=0, return_inverse=True)
        order = np.argsort(key.ravel(), kind="stable")
        edges = np.flatnonzero(np.diff(key.ravel()[order])) + 1
        for rows in np.split(order, edges):
            found |= _within(unique, rows, first, bits)
    return np.array(sorted(found), np.int64).reshape(-1, 2)


def _within(
    unique: npt.NDArray[np.uint64], rows: npt.NDArray[np.int64], first: npt.NDArray[np.int64], bits: int
) -> set[tuple[int, int]]:
    """Pairs among ``rows`` of the unique hashes, as original row numbers."""
    pairs = set()
    for position, row in enumerate(rows[:-1]):
        others = rows[position + 1 :]
        apart = np.bitwise_count(unique[others] ^ unique[row]).sum(axis=1)
        for other in others[apart <= bits]:
            one, two = sorted((int(first[row]), int(first[other])))
            pairs.add((one, two))
    return pairs

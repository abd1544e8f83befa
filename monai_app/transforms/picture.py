"""Grey pictures (PNG, JPEG, ...) of films, as public collections give them away."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from monai_app.core.errors import InputRejected

MAX_PIXELS = 100_000_000
"""As for DICOM films: checked against the header before the picture is decoded."""


def read_picture(path: str | Path) -> npt.NDArray[np.integer]:
    """Grey values (H, W), uint8 or uint16. Colour files count as grey where their three channels are equal.

    Raises:
        InputRejected: ``FILE_NOT_FOUND``, ``PICTURE_UNREADABLE``, ``TOO_LARGE``, ``NOT_MONOCHROME`` or ``NO_CONTENT``.
    """
    source = Path(path)
    if not source.is_file():
        raise InputRejected("FILE_NOT_FOUND", "an image file is missing", remedy="Check the cohort's image root.")
    try:
        with Image.open(source) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise InputRejected("TOO_LARGE", "a picture is impossibly large", expected=f"at most {MAX_PIXELS} px")
            picture.load()
            mode, values = picture.mode, np.asarray(picture)
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise InputRejected(
            "PICTURE_UNREADABLE",
            "an image file is no readable picture",
            got=type(error).__name__,
            expected="DICOM, PNG or JPEG",
            remedy="Transfer it again; it may be cut off.",
        ) from None
    grey = _grey(values, mode)
    if grey.min() == grey.max():
        raise InputRejected("NO_CONTENT", "the film shows nothing: all its pixels are equal", expected="contrast")
    return grey


def _grey(values: npt.NDArray[np.integer], mode: str) -> npt.NDArray[np.integer]:
    if mode in ("L", "I;16", "I;16B"):
        return values
    if mode == "RGB" and (values[..., :1] == values).all():
        return values[..., 0]
    raise InputRejected(
        "NOT_MONOCHROME", "the picture is in colour or of an unusual kind", got=mode, expected="grey, 8 or 16 bit"
    )

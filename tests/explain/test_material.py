"""A film is shown as it was taken, DICOM or picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from monai_app.core.errors import InputRejected
from monai_app.explain.material import film_material


def test_picture_keeps_its_pixels(tmp_path: Path) -> None:
    stored = np.arange(200, dtype=np.uint8).reshape(10, 20)
    Image.fromarray(stored).save(tmp_path / "film.png")
    found = film_material(tmp_path / "film.png")
    np.testing.assert_allclose(found.pixels, stored / 255, atol=1e-6)
    assert found.spacing_mm is None


def test_missing_film_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="FILE_NOT_FOUND"):
        film_material(tmp_path / "none.png")

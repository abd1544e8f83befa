from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from monai_app.dicom.volume import Volume
from monai_app.inference.preview import preview
from tests.inference.tiny import AFFINES


@pytest.mark.parametrize("modality", ["CT", "MR"])
@pytest.mark.parametrize("found", [0, 12])
def test_a_picture_is_made_with_and_without_findings(modality: str, found: int) -> None:
    scan = Volume(np.random.default_rng(0).normal(size=(16, 20, 12)), AFFINES["LPS"])
    labels = np.zeros(scan.array.shape, np.uint8)
    labels[4:9, 4:9, 4:9] = found
    names = [f"structure_{index}" for index in range(1, 13)]
    data = preview(scan, labels, names, [float(index == found) for index in range(1, 13)], modality=modality)
    with Image.open(BytesIO(data)) as picture:
        assert picture.format == "PNG"
        assert picture.width > 1000

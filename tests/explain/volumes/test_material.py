from __future__ import annotations

import numpy as np

from monai_app.dicom.volume import Volume
from monai_app.explain.volumes.material import VolumeMaterial


def test_padding_is_shown_as_dark_as_the_darkest_image() -> None:
    array = np.array([[[-2000.0, 5.0, 7.0]]])
    shown = VolumeMaterial({"CT": Volume(array, np.eye(4), array > -1000)}, "CT").shown("CT")
    assert shown.array.tolist() == [[[5.0, 5.0, 7.0]]]
    plain = Volume(array, np.eye(4))
    assert VolumeMaterial({"CT": plain}, "CT").shown("CT") is plain

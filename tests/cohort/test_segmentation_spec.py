from __future__ import annotations

import pytest

from monai_app.cohort.segmentation_spec import SegmentationSpec
from monai_app.core.errors import InputRejected


def test_channels_follow_from_the_names() -> None:
    spec = SegmentationSpec(modality="MR", sequences=("FLAIR", "T1c"), structures=("tumour",), patch=(8, 8, 8))
    assert (spec.in_channels, spec.out_channels) == (2, 2)
    assert SegmentationSpec.parse(spec.model_dump(mode="json")) == spec


@pytest.mark.parametrize("change", [{"structures": []}, {"sequences": ["a", "a"]}, {"modality": "US"}, {"more": 1}])
def test_what_makes_no_sense_is_refused(change: dict[str, object]) -> None:
    record = {"modality": "CT", "sequences": ["CT"], "structures": ["liver"], "patch": [8, 8, 8]}
    with pytest.raises(InputRejected, match="RECORD_INVALID"):
        SegmentationSpec.parse({**record, **change})

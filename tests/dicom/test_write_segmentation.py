"""Segmentations: coded segments of the right images; test_result_faults.py holds their geometry (rows 17 and 18)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from monai_app.core.errors import InputRejected
from monai_app.dicom.assemble import read_series
from monai_app.dicom.read_segmentation import read_segmentation
from monai_app.dicom.source_images import read_source_series
from monai_app.dicom.volume import Volume
from monai_app.dicom.write_segmentation import write_segmentation
from tests.dicom.validators import dciodvfy_errors
from tests.faults.series import ct, each, enhanced, write
from tests.faults.studies import ALGORITHM, NAMES, PATIENT, context_of, hospital_ct, labels_on, segment_codes, written


def test_segments_are_coded_and_name_their_algorithm(tmp_path: Path) -> None:
    files = hospital_ct(tmp_path)
    context = context_of(read_source_series(files))
    dataset = written(write_segmentation(labels_on(read_series(files)), context, segment_codes()).data)
    right_lung, heart, lesion = dataset.SegmentSequence
    kind = right_lung.SegmentedPropertyTypeCodeSequence[0]
    assert (kind.CodeValue, kind.CodingSchemeDesignator) == ("39607008", "SCT")
    assert kind.SegmentedPropertyTypeModifierCodeSequence[0].CodeMeaning == "Right"
    assert [one.SegmentLabel for one in (right_lung, heart, lesion)] == ["Right lung", "Heart", "Lesion"]
    assert [one.TrackingID for one in (right_lung, heart, lesion)] == list(NAMES)
    assert all(one.SegmentAlgorithmType == "AUTOMATIC" for one in dataset.SegmentSequence)
    (algorithm,) = heart.SegmentationAlgorithmIdentificationSequence
    assert ALGORITHM.weights_sha256 in algorithm.AlgorithmParameters
    assert (dataset.SegmentationType, dataset.BitsAllocated, dataset.Modality) == ("BINARY", 1, "SEG")


def test_referenced_instances_are_those_of_the_series(tmp_path: Path) -> None:
    files = hospital_ct(tmp_path)
    source = read_source_series(files)
    dataset = written(write_segmentation(labels_on(read_series(files)), context_of(source), segment_codes()).data)
    (series,) = dataset.ReferencedSeriesSequence
    assert series.SeriesInstanceUID == source.headers[0].SeriesInstanceUID
    told = {one.ReferencedSOPInstanceUID for one in series.ReferencedInstanceSequence}
    assert told == {one.SOPInstanceUID for one in source.headers}


def test_multi_frame_source_is_segmented_frame_by_frame(tmp_path: Path) -> None:
    files = write(tmp_path, [enhanced(each(ct(), **PATIENT), [3, 0, 5, 1, 4, 2])])
    source, labels = read_source_series(files), labels_on(read_series(files))
    result = write_segmentation(labels, context_of(source), segment_codes())
    (tmp_path / "seg").write_bytes(result.data)
    assert np.array_equal(read_segmentation(tmp_path / "seg", source).array, labels.array)
    assert dciodvfy_errors(result.data, tmp_path) == []


@pytest.mark.parametrize(
    ("code", "value"), [("LABEL_UNKNOWN", np.uint8(4)), ("LABEL_UNKNOWN", np.int16(-1)), ("NOT_LABELS", np.float32(1))]
)
def test_values_that_are_no_segment_are_refused(tmp_path: Path, code: str, value: np.generic) -> None:
    files = hospital_ct(tmp_path)
    labels = labels_on(read_series(files))
    array = labels.array.astype(value.dtype)
    array[0, 0, 0] = value
    with pytest.raises(InputRejected, match=code):
        write_segmentation(Volume(array, labels.affine_ras), context_of(read_source_series(files)), segment_codes())

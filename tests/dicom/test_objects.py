"""Objects: films and slices are told apart from all else, each with its code."""

from __future__ import annotations

import pydicom
import pytest
from pydicom import Dataset, uid

from monai_app.core.errors import InputRejected
from monai_app.dicom.objects import Kind, kind_of


def header(modality: str) -> Dataset:
    dataset = Dataset()
    with pydicom.config.disable_value_validation():
        dataset.Modality = modality
    return dataset


@pytest.mark.parametrize(
    ("modality", "sop_class", "kind"),
    [
        ("CT", uid.CTImageStorage, Kind.SLICE),
        ("MR", uid.EnhancedMRImageStorage, Kind.SLICE),
        ("PT", uid.PositronEmissionTomographyImageStorage, Kind.SLICE),
        ("DX", uid.DigitalXRayImageStorageForPresentation, Kind.FILM),
        ("CR", uid.SecondaryCaptureImageStorage, Kind.FILM),
    ],
)
def test_images_are_films_or_slices(modality: str, sop_class: str, kind: Kind) -> None:
    assert kind_of(header(modality), sop_class) is kind


@pytest.mark.parametrize(
    ("code", "modality", "sop_class"),
    [
        ("IS_DICOMDIR", "", uid.MediaStorageDirectoryStorage),
        ("IS_SEGMENTATION", "SEG", uid.SegmentationStorage),
        ("IS_SEGMENTATION", "SEG", "1.2.840.10008.5.1.4.1.1.66.7"),
        ("IS_PARAMETRIC_MAP", "OT", uid.ParametricMapStorage),
        ("IS_STRUCTURE_SET", "RTSTRUCT", uid.RTStructureSetStorage),
        ("IS_DOSE", "RTDOSE", uid.RTDoseStorage),
        ("IS_DOSE", "SR", uid.XRayRadiationDoseSRStorage),
        ("IS_PRESENTATION", "PR", uid.GrayscaleSoftcopyPresentationStateStorage),
        ("IS_ANNOTATION", "ANN", uid.MicroscopyBulkSimpleAnnotationsStorage),
        ("IS_REPORT", "SR", uid.Comprehensive3DSRStorage),
        ("IS_REPORT", "SR", "1.2.3.4"),
        ("IS_REPORT", "KO", uid.KeyObjectSelectionDocumentStorage),
        ("IS_DOCUMENT", "DOC", uid.EncapsulatedPDFStorage),
        ("IS_WAVEFORM", "ECG", uid.TwelveLeadECGWaveformStorage),
        ("IS_REGISTRATION", "REG", uid.SpatialRegistrationStorage),
        ("IS_RAW_DATA", "MR", uid.RawDataStorage),
        ("SECONDARY_CAPTURE", "CT", uid.SecondaryCaptureImageStorage),
        ("WRONG_MODALITY", "US", uid.UltrasoundImageStorage),
        ("WRONG_MODALITY", "", ""),
    ],
)
def test_what_is_no_acquired_image_has_a_code(code: str, modality: str, sop_class: str) -> None:
    with pytest.raises(InputRejected, match=rf"\[{code}\]"):
        kind_of(header(modality), sop_class)


def test_a_modality_that_is_no_code_is_not_quoted() -> None:
    with pytest.raises(InputRejected) as error:
        kind_of(header("Smith^John"), uid.UltrasoundImageStorage)
    assert "Smith" not in str(error.value)

"""Writing a picture as a Secondary Capture (PS3.3 A.8): what every viewer shows, whatever else it knows.

"Not for diagnosis" is burnt in here, so that no caller can forget it, and nothing that tells of the patient is. No
pixel spacing is written: nobody is to measure on a picture.
"""

from __future__ import annotations

from collections.abc import Sequence

from highdicom import CoordinateSystemNames, PhotometricInterpretationValues
from highdicom.sc import ConversionTypeValues, SCImage
from pydicom.dataset import Dataset

from monai_app.dicom.equipment import NOT_FOR_DIAGNOSIS
from monai_app.dicom.overlay import Overlay, captioned
from monai_app.dicom.quiet import quietly
from monai_app.dicom.result_object import ResultContext, ResultKind, ResultObject, finished
from monai_app.dicom.source_images import SourceImages

_HASH_SHOWN = 12

_TO_DICOM = {"S": "H", "I": "F"}
"""Letters for people to those of PatientOrientation; the others agree."""


def write_capture(overlay: Overlay, context: ResultContext, remarks: Sequence[str] = ()) -> ResultObject:
    """The picture with its caption, as RGB.

    Args:
        remarks: sentences below the notice, as in the report.
    """
    algorithm = context.algorithm
    made_by = f"{algorithm.name} {algorithm.version}, weights {algorithm.weights_sha256[:_HASH_SHOWN]}"
    notice = f"{NOT_FOR_DIAGNOSIS.upper()}. Computed by a model, not read by a physician."
    pixels, orientation = captioned(overlay, [notice, *remarks, made_by]), _orientation(overlay)
    header = context.source.headers[0]
    with quietly():
        dataset = SCImage(
            pixel_array=pixels,
            photometric_interpretation=PhotometricInterpretationValues.RGB,
            bits_allocated=8,
            coordinate_system=CoordinateSystemNames.PATIENT,
            study_instance_uid=header.StudyInstanceUID,
            patient_orientation=orientation or ("L", "F"),
            **context.arguments(ResultKind.CAPTURE),
        )
    if orientation is None:
        dataset.PatientOrientation = []  # type 2C
    dataset.Laterality = ""  # type 2C of a paired body part, which a picture does not name
    dataset.ConversionType = ConversionTypeValues.WSD.value
    dataset.DerivationDescription = f"{overlay.caption}. {NOT_FOR_DIAGNOSIS}."
    dataset.ImageComments = NOT_FOR_DIAGNOSIS
    dataset.SourceImageSequence = [_reference(one) for one in context.source.headers]
    burned = burned_in(context.source)
    if burned is not None:
        dataset.BurnedInAnnotation = burned
    return finished(dataset, context, ResultKind.CAPTURE)


def burned_in(source: SourceImages) -> str | None:
    """Whether the picture shows text that identifies the patient (PS3.3 C.7.6.1.1.6).

    Our own text never does. The image's pixels are the source's: YES where one of them says so, NO where all say so;
    where they do not say, nobody has looked, and the element is left out.
    """
    told = {str(one.get("BurnedInAnnotation") or "") for one in source.headers}
    if "YES" in told:
        return "YES"
    return "NO" if told == {"NO"} else None


def _orientation(overlay: Overlay) -> tuple[str, str] | None:
    """Where rows lead to, then where columns lead to."""
    if overlay.letters is None:
        return None
    _, right, _, bottom = overlay.letters
    return _TO_DICOM.get(right, right), _TO_DICOM.get(bottom, bottom)


def _reference(image: Dataset) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = image.SOPClassUID, image.SOPInstanceUID
    return item

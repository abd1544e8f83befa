"""The header of each frame of a multi-frame object, as if it were a file of its own.

DICOM PS3.3 C.7.6.16: what differs between frames stands in the per-frame functional groups, what they share in the
shared ones; a macro stands in one of the two.
"""

from __future__ import annotations

import pydicom
from pydicom.datadict import dictionary_VR

from monai_app.core.errors import InputRejected

ENHANCED_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")

MAX_FRAMES = 100_000
"""More frames than any scanner writes into one object."""


def frame_datasets(dataset: pydicom.Dataset, plane_tags: list[str]) -> list[pydicom.Dataset]:
    """One header per frame: that of the file, overlaid by the shared and then the per-frame macros.

    Args:
        plane_tags: the elements of the image plane, which only the macros of a multi-frame object may give.

    Raises:
        InputRejected: ``MULTI_FRAME`` where there are several frames without functional groups; ``HEADER_MISMATCH``
            where the groups are not one per frame.
    """
    count = _frame_count(dataset)
    shared, per_frame = (dataset.get(name) for name in ENHANCED_GROUPS)
    if not per_frame:
        if count > 1:
            raise InputRejected(
                "MULTI_FRAME",
                "the file holds several frames and no functional groups that say where each lies",
                expected="an enhanced CT or MR object, or single-frame files",
            )
        return [dataset]
    if len(per_frame) != count:
        raise InputRejected(
            "HEADER_MISMATCH", "the functional groups are not one per frame", got=len(per_frame), expected=count
        )
    base = pydicom.Dataset()
    for element in dataset:
        if element.keyword not in (*ENHANCED_GROUPS, *plane_tags):
            base.add(element)
    return [_overlaid(base, [*(shared or [])[:1], frame]) for frame in per_frame]


def _overlaid(base: pydicom.Dataset, groups: list[pydicom.Dataset]) -> pydicom.Dataset:
    """The elements of all macros of the groups, without their nesting; a later group wins."""
    frame = pydicom.Dataset()
    frame.update(base)
    for group in groups:
        for macro in group:
            if macro.VR == "SQ" and len(macro.value) == 1:
                frame.update({element.tag: element for element in macro.value[0] if element.VR != "SQ"})
    for name, enhanced in _ENHANCED_NAMES.items():
        if enhanced in frame:
            frame[name] = pydicom.DataElement(name, dictionary_VR(name), frame[enhanced].value)  # shares no element
    return frame


_ENHANCED_NAMES = {
    "ImageType": "FrameType",
    "EchoTime": "EffectiveEchoTime",
    "TemporalPositionIdentifier": "TemporalPositionIndex",
    "TriggerTime": "NominalCardiacTriggerDelayTime",
    "AcquisitionNumber": "FrameAcquisitionNumber",
}
"""Elements that an enhanced object names otherwise."""


def _frame_count(dataset: pydicom.Dataset) -> int:
    try:
        count = int(dataset.get("NumberOfFrames") or 1)
    except (TypeError, ValueError):
        count = 0
    if not 1 <= count <= MAX_FRAMES:
        raise InputRejected("TOO_LARGE", "the header promises an impossible number of frames", expected=MAX_FRAMES)
    return count

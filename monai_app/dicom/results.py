"""All results of one study in one folder: segmentation, maps, overlay and report, referring to one another.

``write_results`` is what the command line, MONAI Deploy and the PACS worker call. A folder appears whole or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from monai_app.core.atomic import atomic_directory, write_bytes
from monai_app.dicom.overlay import Overlay
from monai_app.dicom.report_content import ReportContent
from monai_app.dicom.result_object import ResultContext, ResultKind, ResultObject
from monai_app.dicom.segment_codes import SegmentCode
from monai_app.dicom.volume import Volume
from monai_app.dicom.write_attribution import AttributionMap, write_attribution
from monai_app.dicom.write_capture import write_capture
from monai_app.dicom.write_report import Referred, write_report
from monai_app.dicom.write_segmentation import EmptyFrames, write_segmentation


@dataclass(frozen=True, eq=False)
class StudyResults:
    """What was found in one study; what is None or empty is not written.

    Attributes:
        report: findings, volumes, shares of the modalities.
        labels: on the grid of the source, 0 background.
        segments: codes of the labels 1, 2, ...
        maps: one a class.
        overlay: the picture to capture.
        empty_frames: of the segmentation.
    """

    report: ReportContent
    labels: Volume | None = None
    segments: Sequence[SegmentCode] = ()
    maps: Sequence[AttributionMap] = ()
    overlay: Overlay | None = None
    empty_frames: EmptyFrames = EmptyFrames.OMITTED


def make_results(results: StudyResults, context: ResultContext) -> tuple[ResultObject, ...]:
    """The objects in memory, the report last.

    Raises:
        InputRejected: as the writers of each object.
    """
    segmentation = attribution = capture = None
    if results.labels is not None:
        segmentation = write_segmentation(results.labels, context, results.segments, empty_frames=results.empty_frames)
    if results.maps:
        attribution = write_attribution(results.maps, context)
    if results.overlay is not None:
        capture = write_capture(results.overlay, context, results.report.remarks)
    names = [one.name for one in results.maps]
    referred = Referred(segmentation, results.segments, attribution, names, capture)
    report = write_report(results.report, context, referred)
    return tuple(one for one in (segmentation, attribution, capture, report) if one is not None)


def write_results(
    folder: str | Path, results: StudyResults, context: ResultContext, *, force: bool = False
) -> Mapping[ResultKind, str]:
    """Write the objects as ``<kind>.dcm``, whatever their UIDs, and return the SHA-256 of each.

    Raises:
        InputRejected: ``OUTPUT_EXISTS``, ``OUTPUT_UNSAFE``; as :func:`make_results`.
        AppError: ``WRITE_FAILED``; nothing half written is left.
    """
    objects = make_results(results, context)
    with atomic_directory(folder, force=force) as out:
        return {one.kind: write_bytes(out / f"{one.kind}.dcm", one.data) for one in objects}

"""What a run leaves: labels on the volume's own grid, preview, measurements and a manifest, all or nothing."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nibabel
import polars as pl

from monai_app import __version__
from monai_app.core.atomic import atomic_directory, sha256_file, write_bytes, write_json
from monai_app.core.tables import write_csv
from monai_app.dicom.volume import Volume
from monai_app.inference.model import Options, SegmentationModel
from monai_app.inference.preview import preview
from monai_app.inference.segment import Segmentation
from monai_app.inference.stages import Stages

LABELS, PREVIEW, MANIFEST = "labels.nii.gz", "preview.png", "manifest.json"
MEASUREMENTS = ("measurements.json", "measurements.csv")
_LIBRARIES = ("torch", "monai", "numpy", "nibabel", "pydicom", "SimpleITK")


@dataclass(frozen=True, eq=False)
class Result:
    """Everything that is known of a segmented volume.

    Attributes:
        measurements: one row a structure with ``structure`` and ``volume_ml``, at will more.
        identity: what the volume came from, hashed.
        remarks: further parts of the manifest (``familiarity``, ``agreement``).
    """

    volume: Volume
    segmentation: Segmentation
    measurements: Sequence[Mapping[str, Any]]
    model: SegmentationModel
    options: Options
    identity: Mapping[str, str]
    remarks: Mapping[str, Any] = field(default_factory=dict)


def write_result(folder: str | Path, result: Result, *, stages: Stages, force: bool = False) -> dict[str, Any]:
    """Write the folder and return the manifest.

    Raises:
        InputRejected: ``OUTPUT_EXISTS``, ``OUTPUT_UNSAFE``.
        AppError: ``WRITE_FAILED``; nothing half written is left.
    """
    structures = result.model.classes[1:]
    with atomic_directory(folder, force=force) as out:
        with stages("write labels"):
            nibabel.save(label_image(result.segmentation), out / LABELS)
        with stages("measurements"):
            rows = [dict(row) for row in result.measurements]
            write_json(out / MEASUREMENTS[0], {"measurements": rows, **result.remarks, "note": "not for diagnosis"})
            write_csv(out / MEASUREMENTS[1], pl.DataFrame(rows, infer_schema_length=None))
        with stages("preview"):
            volumes = [row["volume_ml"] for row in result.measurements]
            labels = result.segmentation.labels
            picture = preview(result.volume, labels, structures, volumes, modality=result.model.modality)
            write_bytes(out / PREVIEW, picture)
        record = manifest(result, stages)
        record["outputs"] = {name: sha256_file(out / name) for name in (LABELS, PREVIEW, *MEASUREMENTS)}
        write_json(out / MANIFEST, record)
    return record


def label_image(segmentation: Segmentation) -> nibabel.Nifti1Image:
    """The labels as NIfTI: uint8, the volume's affine in both of its places, mm."""
    image = nibabel.Nifti1Image(segmentation.labels, segmentation.affine_ras)
    image.set_sform(segmentation.affine_ras, code="scanner")
    image.set_qform(segmentation.affine_ras, code="scanner")
    image.header.set_xyzt_units("mm")
    return image


def manifest(result: Result, stages: Stages) -> dict[str, Any]:
    """What was done, with what, to what, and what it took; free of patient data."""
    model, done = result.model, result.segmentation
    spacing = [round(float(step), 4) for step in result.volume.spacing_mm]
    return {
        "format": "monai-app-segmentation-result-1",
        "note": "not for diagnosis",
        "bundle": {"name": model.name, "version": model.version, "weights_sha256": model.sha256},
        "classes": {str(index): name for index, name in enumerate(model.classes)},
        "input": {
            **result.identity,
            "shape": list(result.volume.array.shape),
            "spacing_mm": spacing,
            "provenance": dict(result.volume.provenance),
        },
        "options": result.options.as_dict(),
        "windows": {
            "seen": done.windows,
            "over_air": done.windows_skipped,
            "over_everything": done.windows_usual,
        },
        "stages": stages.as_list(),
        "seconds": round(sum(stages.seconds.values()), 3),
        "peak_mib": round(max(stages.peak_mib.values()), 1),
        "versions": {
            "monai_app": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in _LIBRARIES},
        },
        **result.remarks,
    }

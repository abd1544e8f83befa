"""CT or MR of many simulated patients without the rest of their records: DICOM series, lesion maps and a data list.

The voxels are as large as is asked for, so that hundreds of volumes take a minute; patient k is that of the cohort.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from monai_app.core.atomic import atomic_directory, write_bytes, write_json
from monai_app.core.errors import InputRejected
from monai_app.dicom.write_series import SeriesModality, write_series
from monai_app.phantom.cohort import split_table
from monai_app.phantom.ct import CT_SHAPE, Volume, take_ct
from monai_app.phantom.examination import file_stem, study_header
from monai_app.phantom.mr import MR_SHAPE, take_mr
from monai_app.phantom.patient import Patient, draw_patient
from monai_app.phantom.volume import label_map

SECTIONS = {"train": "training", "tuning": "validation", "held_out": "test"}
LIST_NAME = "dataset.json"
_EXTENT_MM = {SeriesModality.CT: (320.0, 403.2, 403.2), SeriesModality.MR: (264.0, 336.0, 403.2)}
"""Of all slices, rows, columns."""


def write_volume_list(
    out: str | Path,
    *,
    patients: int,
    seed: int,
    modality: SeriesModality = SeriesModality.CT,
    voxel_mm: float | None = None,
    force: bool = False,
    on_rendered: Callable[[], None] = lambda: None,
) -> dict[str, int]:
    """Scan patients and write ``images/<name>/<slice>.dcm``, ``labels/<name>.nii.gz`` and MONAI's ``dataset.json``.

    The label maps hold lesions by the numbers of :class:`monai_app.phantom.anatomy.Lesion`.

    Args:
        seed: of the patients.
        voxel_mm: side of a voxel; None takes the scanner's own (CT: 2.1 x 2.1 x 4 mm).
        force: replace the folder.
        on_rendered: called after each patient.

    Returns:
        Number of records of each split (by patient, as in the cohort; the external site is held out).

    Raises:
        InputRejected: ``PATIENTS_INVALID``; ``OUTPUT_EXISTS``.
    """
    if patients < 1 or not (voxel_mm is None or 2 <= voxel_mm <= 16):
        raise InputRejected(
            "PATIENTS_INVALID",
            "the number of patients or the size of the voxels does not fit",
            got=f"{patients} patients, {voxel_mm} mm",
            expected="at least one patient, 2 to 16 mm",
        )
    people = [draw_patient(seed, number) for number in range(patients)]
    splits = dict(split_table(people).select("subject_id", "split").iter_rows())
    sections: dict[str, list[dict[str, str]]] = {name: [] for name in SECTIONS.values()}
    with atomic_directory(out, force=force) as folder:
        for patient in people:
            record = _write(folder, patient, modality, voxel_mm)
            sections[SECTIONS[splits[patient.subject_id]]].append(record)
            on_rendered()
        write_json(folder / LIST_NAME, sections)
    return {name: len(records) for name, records in sections.items()}


def _write(folder: Path, patient: Patient, modality: SeriesModality, voxel_mm: float | None) -> dict[str, str]:
    """Write one patient's series and lesion map; return the record."""
    name = file_stem(patient, modality.value)
    volume = _scan(patient, modality, voxel_mm)
    taken = patient.admission + timedelta(hours=patient.film_hours)
    slices = write_series(volume.values, volume.geometry, study_header(patient, modality.value, taken), modality)
    for index, content in enumerate(slices):
        write_bytes(folder / "images" / name / f"{index:03d}.dcm", content)
    write_bytes(folder / "labels" / f"{name}.nii.gz", label_map(volume.lesions, volume.geometry))
    return {"image": f"images/{name}", "label": f"labels/{name}.nii.gz", "patient": str(patient.subject_id)}


def _scan(patient: Patient, modality: SeriesModality, voxel_mm: float | None) -> Volume:
    take, shape = (take_ct, CT_SHAPE) if modality is SeriesModality.CT else (take_mr, MR_SHAPE)
    if voxel_mm is not None:
        slices, rows, columns = (round(extent / voxel_mm) for extent in _EXTENT_MM[modality])
        shape = (slices, rows, columns)
    return take(patient, shape=shape)

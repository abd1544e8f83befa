"""The folder of one explained volume: attribution.json, case.html, and a map a sequence as NIfTI."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nibabel

from monai_app.core.atomic import atomic_directory, sha256_file, write_json
from monai_app.explain.believability import Believability
from monai_app.explain.files import PAGE, RECORD
from monai_app.explain.volumes.explanation import VolumeExplanation
from monai_app.explain.volumes.material import VolumeMaterial
from monai_app.explain.volumes.own_grid import map_image, on_own_grid
from monai_app.explain.volumes.page import volume_page
from monai_app.explain.volumes.record import volume_record


def map_name(sequence: str) -> str:
    """File of a sequence's map: ``ct_attribution.nii.gz``."""
    return f"{re.sub(r'[^a-z0-9]+', '_', sequence.lower())}_attribution.nii.gz"


def write_volume_explanation(
    folder: str | Path,
    explanation: VolumeExplanation,
    scores: Mapping[str, Believability],
    material: VolumeMaterial,
    *,
    force: bool = False,
) -> dict[str, Any]:
    """Write the folder as a whole and return the record.

    The maps lie in the image's own voxels and patient space, in units of the score a voxel of the network's grid; only
    there, not in the resampled file, do they add up to the change of the score (``sum`` of the record).

    Raises:
        InputRejected: ``OUTPUT_EXISTS``, ``OUTPUT_UNSAFE``.
        AppError: ``WRITE_FAILED``; nothing half written is left.
    """
    with atomic_directory(folder, force=force) as out:
        grid, files = material.grid, {}
        for name, made in explanation.maps.items():
            values = on_own_grid(made.values, explanation.seen, grid.affine_ras, grid.array.shape)
            nibabel.save(map_image(values, grid.affine_ras), out / map_name(name))
            files[map_name(name)] = sha256_file(out / map_name(name))
        volume_page(explanation, scores, material).write(out / PAGE)
        files[PAGE] = sha256_file(out / PAGE)
        made_record = volume_record(explanation, scores, material, files)
        write_json(out / RECORD, made_record)
    return made_record

"""What inference over a data list leaves: labels, preview and measurements of every volume, and one table of all."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import polars as pl
import torch

from monai_app.cohort.segmentation_spec import SegmentationSpec
from monai_app.core.atomic import sha256_file, write_bytes, write_json
from monai_app.core.tables import write_csv
from monai_app.dicom.volume import Volume
from monai_app.engines.model_folder import WEIGHTS_NAME
from monai_app.engines.volumes.case_table import Draws, measured_case, verdict_of
from monai_app.engines.volumes.evaluator import SegmentedCase, VolumeEvaluator
from monai_app.inference.ood import Familiarity, confidence
from monai_app.inference.preview import preview


def segment_datalist(
    evaluator: VolumeEvaluator,
    *,
    spec: SegmentationSpec,
    model_dir: str,
    out_dir: str,
    draws: int = 0,
    flips: Sequence[Sequence[int]] = ((),),
    seed: int = 0,
) -> dict[str, Any]:
    """Segment every volume of the evaluator's list.

    Written: ``NNNN/labels.nii.gz``, ``NNNN/preview.png`` (the first sequence as the network saw it) and
    ``NNNN/measurements.json`` for record NNNN of the list, and ``measurements.csv``. No name of a patient or file is in
    them.

    Args:
        draws: augmented copies for the uncertainty of a volume; 0 for none.
        flips: spatial axes that copies may be mirrored along.

    Returns:
        Folder, number of volumes, and how many looked unfamiliar (None where that was not fitted).

    Raises:
        InputRejected: ``FAMILIARITY_MISFIT``.
        AppError: ``WRITE_FAILED``.
    """
    familiarity = Familiarity.read(model_dir)
    digest, folder = sha256_file(Path(model_dir) / WEIGHTS_NAME), Path(out_dir)
    rows: list[dict[str, Any]] = []
    verdicts: list[Mapping[str, Any]] = []

    def use(case: SegmentedCase) -> None:
        labels = case.labels().numpy()
        measured = measured_case(case, evaluator, spec, Draws(draws, flips, seed), labels)
        verdict = verdict_of(case, familiarity)
        about = {"confidence": confidence(case.probabilities)} if verdict is None else vars(verdict)
        number = len(verdicts)
        own = folder / f"{number:04d}"
        write_bytes(own / "labels.nii.gz", label_file(labels, case.affine.numpy()))
        record = {"measurements": measured, **about, "model_sha256": digest, "note": "not for diagnosis"}
        write_json(own / "measurements.json", record)
        write_bytes(own / "preview.png", _picture(case, spec, [one["volume_ml"] for one in measured]))
        rows.extend({"volume": number, **one, **about} for one in measured)
        verdicts.append(about)

    evaluator.for_each(use)
    write_csv(folder / "measurements.csv", pl.DataFrame(rows, infer_schema_length=None))
    unfamiliar = None if familiarity is None else sum(bool(about["unfamiliar"]) for about in verdicts)
    return {"folder": str(folder), "volumes": len(verdicts), "unfamiliar": unfamiliar}


def _picture(case: SegmentedCase, spec: SegmentationSpec, volumes_ml: Sequence[float]) -> bytes:
    seen = Volume(case.image[0].numpy(), case.network_affine.numpy())
    labels = case.probabilities.argmax(0).to(torch.uint8).numpy()
    return preview(seen, labels, spec.structures, volumes_ml, modality="as the network saw it")


def label_file(labels: np.ndarray, affine_ras: np.ndarray) -> bytes:
    """A label map (I, J, K) as gzipped NIfTI, the same bytes each time."""
    image = nibabel.Nifti1Image(labels.astype(np.uint8), affine_ras)
    image.set_qform(affine_ras, code="scanner")
    image.set_sform(affine_ras, code="scanner")
    image.header.set_xyzt_units("mm")
    return gzip.compress(image.to_bytes(), compresslevel=4, mtime=0)

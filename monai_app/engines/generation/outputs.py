"""What an inference leaves behind: the images as arrays or NIfTI, a sheet to look at, and a record of how they came."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from monai_app.cohort.condition_columns import GenerationSpec, outside_ranges
from monai_app.core.arrays import archive
from monai_app.core.atomic import atomic_directory, write_bytes, write_json
from monai_app.core.page import figure_png
from monai_app.engines.generation.latents import SOURCE
from monai_app.engines.preview import three_planes
from monai_app.engines.report.style import INK
from monai_app.generate.sampling import Drawing
from monai_app.transforms.film import load_film

NOTICE = "SYNTHETIC images drawn by a model. Not for diagnosis."
_SHEET_ROWS, _SHEET_SAMPLES = 8, 6

Images = npt.NDArray[np.float32]


def write_samples(
    images: Images,
    items: Sequence[Mapping[str, Any]],
    spec: Any,
    drawing: Drawing,
    *,
    out_dir: str | Path,
    seed: int,
    told: str = "all",
    spacing_mm: Sequence[float] | None = None,
    force: bool = False,
) -> dict[str, Any]:
    """Write samples.npz (films) or a NIfTI a volume, samples.png and samples.json.

    Args:
        images: ``(cases, N, ...)`` in [0, 1].
        items: the cases.
        spec: of the model; values outside its ranges are named in the record.
        told: what of the condition was told.
        spacing_mm: of volumes.
        force: replace what is there.

    Returns:
        The record, less its cases.

    Raises:
        InputRejected: ``OUTPUT_EXISTS``.
    """
    ranges = isinstance(spec, GenerationSpec)
    cases = [
        {
            "case": number,
            "subject_id": item.get("subject_id"),
            "real_image": bool(item.get(SOURCE)),
            "outside_training_range": outside_ranges(spec, item) if ranges else [],
        }
        for number, item in enumerate(items)
    ]
    record = {"notice": NOTICE, "cases": len(images), "samples_a_case": images.shape[1], "seed": seed, "told": told}
    record |= {
        "drawing": asdict(drawing),
        "outside_training_range": sum(bool(c["outside_training_range"]) for c in cases),
    }
    with atomic_directory(out_dir, force=force) as folder:
        if images.ndim == 4:
            write_bytes(folder / "samples.npz", archive({"images": images}))
        else:
            for case, samples in enumerate(images):
                for number, volume in enumerate(samples):
                    write_bytes(folder / f"case{case:04d}_{number:02d}.nii.gz", nifti(volume, spacing_mm or (1, 1, 1)))
        write_bytes(folder / "samples.png", sheet(images, items))
        write_json(folder / "samples.json", {**record, "by_case": cases})
    return {**record, "folder": str(out_dir)}


def nifti(volume: Images, spacing_mm: Sequence[float]) -> bytes:
    """A volume (I, J, K) of grey values in [0, 1] in RAS as gzipped NIfTI, centred on the origin."""
    affine = np.diag([*spacing_mm, 1.0])
    affine[:3, 3] = [-step * (side - 1) / 2 for step, side in zip(spacing_mm, volume.shape, strict=True)]
    image = nibabel.Nifti1Image(volume.astype(np.float32), affine)  # type: ignore[no-untyped-call]
    image.header["descrip"] = b"SYNTHETIC, not for diagnosis"
    image.header.set_xyzt_units("mm")  # type: ignore[no-untyped-call]
    return gzip.compress(image.to_bytes(), compresslevel=4, mtime=0)


def sheet(images: Images, items: Sequence[Mapping[str, Any]]) -> bytes:
    """The first cases as PNG, a row each: the real film where there is one, then samples."""
    rows = min(len(images), _SHEET_ROWS)
    columns = 1 + min(images.shape[1], _SHEET_SAMPLES)
    figure = Figure(figsize=(1.7 * columns, 1.8 * rows + 0.5), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for row in range(rows):
        source = items[row].get(SOURCE) or ""
        real = load_film(source, images.shape[-1]) if source and images.ndim == 4 else None
        shown = [real, *(picture(image) for image in images[row, : columns - 1])]
        for place, image in zip(axes[row], shown, strict=True):
            place.axis("off")
            if image is not None:
                place.imshow(image, cmap="gray", vmin=0, vmax=1)
    for place, title in zip(axes[0], ["real", *(f"drawn {k + 1}" for k in range(columns - 1))], strict=True):
        place.set_title(title, fontsize=8, color=INK)
    figure.suptitle(NOTICE, fontsize=8, color=INK)
    return figure_png(figure)


def picture(image: Images) -> npt.NDArray[Any]:
    """A film as it is, a volume as three planes."""
    return image if image.ndim == 2 else three_planes(image)

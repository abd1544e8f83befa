"""A small CT in a folder, and an application for it: three labels, codes and rules of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import yaml

from monai_app.deploy.app import find_app
from monai_app.deploy.segmentation import SegmentationApp
from monai_app.dicom.write_series import SeriesGeometry
from tests.faults.series import ct, each, write
from tests.inference.tiny import model, volume

GEOMETRY = SeriesGeometry((-10.0, -20.0, 30.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 3.0), (1.5, 1.5))


def ct_folder(folder: Path) -> Path:
    """A CT of noise, 20 slices."""
    planes = volume().array.transpose(2, 1, 0).astype(float)
    write(folder, each(ct(planes, GEOMETRY), SyntheticData=None))  # newer than the validator
    return folder


def tiny_app(folder: Path, *, draws: int = 0) -> SegmentationApp:
    """An application whose rules take any CT and whose labels are a, b and c."""
    folder.mkdir(parents=True, exist_ok=True)
    rules = {"description": "Any CT.", "roles": {"ct": {"where": {"field": "modality", "is": "CT"}}}}
    row = {
        "label": "Lung",
        "category": ["SCT", "91723000", "Anatomical Structure"],
        "type": ["SCT", "39607008", "Lung"],
    }
    codes = {"segments": {name: {**row, "label": f"Part {name}"} for name in "abc"}}
    (folder / "rules.yaml").write_text(yaml.safe_dump(rules))
    (folder / "codes.yaml").write_text(yaml.safe_dump(codes))
    app = {
        "description": "Three parts.",
        "kind": "segmentation",
        "bundle": "tiny",
        "rules": str(folder / "rules.yaml"),
        "segments": str(folder / "codes.yaml"),
        "draws": draws,
    }
    (folder / "tiny.yaml").write_text(yaml.safe_dump(app))
    named = replace(model(), name="tiny", version="1", sha256="a" * 64)
    return SegmentationApp("tiny", find_app(str(folder / "tiny.yaml")), named)

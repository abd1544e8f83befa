from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest

from monai_app.core.atomic import sha256_file
from monai_app.core.errors import InputRejected
from monai_app.explain.volumes.files import map_name, write_volume_explanation
from tests.explain.volumes.tiny import SCORES, explained, material


def test_the_folder_has_a_map_a_sequence_in_the_images_own_voxels(tmp_path: Path) -> None:
    out = tmp_path / "why"
    write_volume_explanation(out, explained(), {"T1": SCORES}, material())
    record = json.loads((out / "attribution.json").read_text())
    names = {"t1_attribution.nii.gz", "flair_attribution.nii.gz", "case.html"}
    assert set(record["files"]) == names and {path.name for path in out.iterdir()} == names | {"attribution.json"}
    assert all(sha256_file(out / name) == digest for name, digest in record["files"].items())
    written, grid = nibabel.load(out / "t1_attribution.nii.gz"), material().grid
    assert np.allclose(written.affine, grid.affine_ras) and written.shape == grid.array.shape
    values = np.asarray(written.dataobj)
    assert values[grid.array > 0.5].mean() > 5 * abs(values[grid.array < 0.5].mean())
    with pytest.raises(InputRejected, match="OUTPUT_EXISTS"):
        write_volume_explanation(out, explained(), {}, material())


def test_the_name_of_a_file_is_plain() -> None:
    assert map_name("T1 c/Gd") == "t1_c_gd_attribution.nii.gz"

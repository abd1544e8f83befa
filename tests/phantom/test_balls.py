from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np

from monai_app.cohort.datalist import read_datalist
from monai_app.phantom.balls import ball_labels, write_balls


def test_every_structure_is_there_and_apart() -> None:
    labels = ball_labels((40, 16, 16), 3, seed=1)
    assert set(np.unique(labels)) == {0, 1, 2, 3}
    middles = [np.argwhere(labels == k)[:, 0].mean() for k in (1, 2, 3)]
    assert middles == sorted(middles)


def test_files_follow_from_the_seed_and_read_as_a_data_list(tmp_path: Path) -> None:
    one, other = (write_balls(tmp_path / name, sequences=("FLAIR", "T1"), volumes=(1, 1, 1)) for name in "ab")
    items = read_datalist(one, "train")
    assert [Path(path).name for path in items[0]["image"]] == ["000_FLAIR.nii.gz", "000_T1.nii.gz"]
    assert all(
        path.read_bytes() == (other.parent / path.relative_to(one.parent)).read_bytes()
        for path in sorted(one.parent.rglob("*.nii.gz"))
    )
    assert nibabel.load(items[0]["label"]).shape == (20, 18, 16)

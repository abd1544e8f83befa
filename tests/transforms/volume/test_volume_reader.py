"""VolumeReader: MONAI's LoadImage gives what LoadVolumed gives; types follow from what the voxels are."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
from monai.transforms import LoadImage

from monai_app.core.errors import InputRejected
from monai_app.dicom.volume import Volume
from monai_app.dicom.volume_checks import VolumeKind
from monai_app.transforms.volume.load_volume import LoadVolumed
from monai_app.transforms.volume.volume_reader import VolumeReader, describe, loaded

AFFINE = np.array([[0.0, -2, 0, 5], [1.5, 0, 0, -7], [0, 0, 3, 11], [0, 0, 0, 1]])
SHAPE = (5, 4, 3)


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    names = [str(tmp_path / name) for name in ("a.nii", "b.nii.gz")]
    for factor, name in enumerate(names, start=1):
        image = nibabel.Nifti1Image(factor * np.arange(60, dtype=np.float32).reshape(SHAPE), AFFINE)
        image.set_qform(AFFINE, 1)
        nibabel.save(image, name)
    return names


@pytest.mark.filterwarnings("ignore:NvImgCodecPydicomReader:UserWarning")  # MONAI makes one of every reader
def test_monai_loads_the_same_through_the_reader(paths: list[str]) -> None:
    theirs = LoadImage(reader=VolumeReader(), image_only=True, ensure_channel_first=True)
    for given in (paths[0], paths):
        ours, image = LoadVolumed("image")({"image": given})["image"], theirs(given)
        assert torch.equal(ours.as_tensor(), image.as_tensor()) and torch.equal(ours.affine, image.affine)


def test_every_name_is_taken_and_what_is_no_volume_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no image")
    reader = VolumeReader()
    assert reader.verify_suffix(tmp_path / "notes.txt")
    with pytest.raises(InputRejected):
        reader.read(tmp_path / "notes.txt")


@pytest.mark.parametrize(("largest", "dtype"), [(32_767, np.int16), (32_768, np.int32), (-32_769, np.int32)])
def test_labels_keep_their_values_in_the_smallest_type(largest: int, dtype: type) -> None:
    volume = Volume(np.full(SHAPE, largest, np.int64), AFFINE)
    labels = loaded(volume, VolumeKind.LABEL)
    assert labels.dtype == dtype and (labels == largest).all()


def test_padding_gets_the_least_valid_value_and_the_volume_is_left_alone() -> None:
    array, valid = np.arange(60, dtype=np.int16).reshape(SHAPE), np.ones(SHAPE, np.bool_)
    array[0], valid[0] = -2000, False
    image = loaded(Volume(array, AFFINE, valid))
    assert image.dtype == np.float32 and image.min() == array[valid].min() and (array[0] == -2000).all()


def test_metadata_say_where_voxels_are_and_what_was_repaired() -> None:
    volume = Volume(np.zeros(SHAPE), AFFINE, provenance={"repairs": ["shear"]})
    meta = describe([volume, volume])
    np.testing.assert_array_equal(meta["affine"], AFFINE)
    assert meta["space"] == "RAS" and meta["provenance"] == [{"repairs": ["shear"]}] * 2


def test_a_volume_that_has_been_read_is_taken_as_it_is() -> None:
    volume = Volume(np.zeros((2, 3, 4)), np.eye(4))
    assert VolumeReader().read(volume) == [volume] and VolumeReader().read((volume, volume)) == [volume, volume]

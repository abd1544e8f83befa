"""A segmentation bundle with a tiny network and random weights."""

from __future__ import annotations

from pathlib import Path

from monai.networks.nets import UNet

from monai_app.cohort.segmentation_spec import SegmentationSpec
from monai_app.core.atomic import write_json, write_text
from monai_app.core.random import scoped_torch_seed
from monai_app.engines.model_folder import write_model

SPEC = SegmentationSpec(
    modality="CT", sequences=("CT",), structures=("heart", "liver"), spacing_mm=(3.0, 3.0, 3.0), patch=(16, 16, 16)
)
COMMON = """
bundle_root: nowhere
spec: {_target_: monai_app.cohort.segmentation_spec.SegmentationSpec}
network_def:
  _target_: monai.networks.nets.UNet
  spatial_dims: 3 # axes
  in_channels: 1 # sequences
  out_channels: 3 # classes
  channels: [4, 8] # a level
  strides: [2] # voxels
preprocessing:
  _target_: Compose
  transforms:
  - {_target_: monai_app.transforms.volume.load_volume.LoadVolumed, keys: image}
  - {_target_: monai_app.transforms.grid.KeepGridd, keys: image, name: native}
  - {_target_: Orientationd, keys: image, axcodes: RAS, labels: null}
  - {_target_: Spacingd, keys: image, pixdim: [3.0, 3.0, 3.0]} # mm
  - {_target_: ScaleIntensityRanged, keys: image, a_min: -1000.0, a_max: 1000.0, b_min: 0.0, b_max: 1.0, clip: true}
  - {_target_: monai_app.transforms.grid.PlainTensorsd, keys: image, dtypes: [float32]}
"""


def bundle_folder(parent: Path, *, seed: int = 0, spec: SegmentationSpec = SPEC) -> Path:
    """Write it below a folder."""
    folder = parent / "bundle"
    write_text(folder / "configs" / "common.yaml", COMMON)
    write_json(folder / "configs" / "metadata.json", {"version": "0.0.1"})
    with scoped_torch_seed(seed):
        network = UNet(3, 1, 3, (4, 8), (2,))
    write_model(folder / "models", network, spec)
    return folder

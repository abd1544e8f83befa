"""A trained segmentation bundle as the model that lean inference runs: its network, its grid, its intensities.

The bundle stays the only place that says how images are prepared. What its preprocessing does after Orientation and
Spacing runs as it stands; those two are replaced by the plane-wise resampling that gives the same voxels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monai.bundle import ConfigParser
from monai.bundle.utils import merge_kv
from monai.transforms import Compose, EnsureChannelFirstd, LoadImaged, Orientationd, Spacingd
from torch import Tensor

from monai_app.cohort.segmentation_spec import SegmentationSpec
from monai_app.core.atomic import sha256_file
from monai_app.core.errors import InputRejected
from monai_app.core.loading import read_json, read_yaml
from monai_app.engines.bundle import find_bundle, typed_errors
from monai_app.engines.bundle_lint import refuse_unsafe
from monai_app.engines.model_folder import WEIGHTS_NAME, load_model, read_record
from monai_app.inference.model import AIR, SegmentationModel
from monai_app.inference.ood import LEAN_FILE_NAME, Familiarity
from monai_app.transforms.grid import KeepGridd
from monai_app.transforms.volume.load_volume import LoadVolumed
from monai_app.transforms.volume.window import window

WINDOW_DIVISOR = 8
"""Sides of a window are multiples of it: the default of :class:`~monai_app.engines.volumes.inferer.VolumeInferer`."""

_KEY = "image"


@dataclass(frozen=True, eq=False)
class LeanBundle:
    """What a bundle gives to lean inference.

    Attributes:
        feature_layer: layer whose pooled features tell unfamiliar volumes; None where the bundle names none.
        familiarity: fitted for lean inference (``monai-app familiarity``); None where it was not.
    """

    model: SegmentationModel
    feature_layer: str | None
    familiarity: Familiarity | None


def open_lean(
    bundle: str, *, model_dir: str | Path | None = None, overlays: Sequence[str] = (), fit: bool = False
) -> LeanBundle:
    """Open a bundle for inference on single volumes.

    Args:
        bundle: its path, or the name of a shipped one; linted before anything of it is parsed.
        model_dir: folder of the weights; default: the bundle's own.
        overlays: names of further configurations, such as ``network_segresnet``.
        fit: see a volume little longer than the patch in one window, as ``VolumeInferer`` does: fewer windows, but
            of another size than the network was trained on, which moves the statistics of instance normalisation.

    Raises:
        InputRejected: ``BUNDLE_MISSING``, ``BUNDLE_UNSAFE``, ``OVERLAY_UNKNOWN``, ``NOT_SEGMENTATION``,
            ``PREPROCESSING_UNSUPPORTED``, ``MODEL_MISSING``, ``MODEL_MISFIT``,
            ``HASH_MISSING``, ``HASH_MISMATCH``.
    """
    folder = find_bundle(bundle)
    refuse_unsafe(folder)
    weights = Path(model_dir) if model_dir is not None else folder / "models"
    parser = _parser(folder, overlays)
    spec = read_record(weights, SegmentationSpec)
    with typed_errors():
        network = load_model(parser.get_parsed_content("network_def"), weights)
        intensities = _after_spacing(parser.get_parsed_content("preprocessing"), spec)
    divisor = int(parser.get("divisor", WINDOW_DIVISOR))
    metadata = read_json(folder / "configs" / "metadata.json")
    model = SegmentationModel(
        network=network,
        classes=("background", *spec.structures),
        spacing_mm=spec.spacing_mm or (0.0, 0.0, 0.0),
        window=spec.patch,
        normalise=lambda image: _normalised(intensities, image),
        axcodes=spec.axcodes,
        air=AIR.get(spec.modality),
        modality=spec.modality,
        name=folder.name,
        version=str(metadata.get("version", "")),
        sha256=sha256_file(weights / WEIGHTS_NAME),
        sequences=spec.sequences,
        fit_window=(lambda lengths: window(lengths, spec.patch, divisor)) if fit else None,
    )
    return LeanBundle(model, parser.get("feature_layer"), Familiarity.read(weights, file_name=LEAN_FILE_NAME))


def _parser(folder: Path, overlays: Sequence[str]) -> ConfigParser:
    """The bundle's common configuration with overlays, nothing of it instantiated yet."""
    files = [folder / "configs" / f"{name}.yaml" for name in ("common", *overlays)]
    for name, file in zip(("common", *overlays), files, strict=True):
        if not file.is_file():
            raise InputRejected("OVERLAY_UNKNOWN", f"the bundle has no configuration {name}", remedy="Check --overlay.")
    parser = ConfigParser(read_yaml(files[0]) or {})
    for file in files[1:]:
        for key, value in (read_yaml(file) or {}).items():
            merge_kv(parser, key, value)  # as `monai.bundle run` does: nested ids, and + to join
    parser["bundle_root"] = str(folder)
    if any(name not in parser for name in ("network_def", "preprocessing", "spec")):
        raise InputRejected(
            "NOT_SEGMENTATION",
            "the bundle does not segment volumes",
            expected="spec, network_def and preprocessing in its common.yaml",
            remedy="Name a segmentation bundle.",
        )
    return parser


def _flat(transform: Any) -> list[Any]:
    if isinstance(transform, Compose):
        return [inner for one in transform.transforms for inner in _flat(one)]
    return [transform]


def _after_spacing(preprocessing: Any, spec: SegmentationSpec) -> Compose:
    """What a preprocessing does once the image lies on the network's grid.

    Raises:
        InputRejected: ``PREPROCESSING_UNSUPPORTED`` where something else comes before, since it would be left out.
    """
    steps = _flat(preprocessing)
    places = [index for index, step in enumerate(steps) if isinstance(step, Spacingd | Orientationd)]
    wanted = {Orientationd} | ({Spacingd} if spec.spacing_mm is not None else set())
    before = steps[: places[-1] + 1] if places else []
    replaced = (LoadImaged, LoadVolumed, EnsureChannelFirstd, KeepGridd, Orientationd, Spacingd)
    strange = [type(step).__name__ for step in before if not isinstance(step, replaced)]
    if strange or {type(steps[index]) for index in places} != wanted:
        raise InputRejected(
            "PREPROCESSING_UNSUPPORTED",
            "the bundle prepares images in an order that plane-wise resampling cannot keep",
            got=", ".join(strange) or "no Orientationd and Spacingd",
            expected="loading, Orientationd, Spacingd, then intensities",
            remedy="Run the bundle's own inference workflow.",
        )
    return Compose(steps[len(before) :])


def _normalised(intensities: Compose, image: Tensor) -> Tensor:
    sample: Mapping[str, Any] = intensities({_KEY: image})
    values = sample[_KEY]
    result: Tensor = values.as_tensor() if hasattr(values, "as_tensor") else values
    return result

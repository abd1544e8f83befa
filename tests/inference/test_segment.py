from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from monai_app.core.errors import InputRejected
from monai_app.core.processor import has_bf16
from monai_app.dicom.volume import Volume
from monai_app.inference.model import CPU, EXACT, Crop, Options, Precision
from monai_app.inference.segment import Progress, segment_volume
from tests.inference.tiny import AFFINES, CLASSES, EXACT_AT, model, usual_way, volume


@pytest.mark.parametrize("name", AFFINES)
def test_labels_equal_those_of_the_usual_way(name: str) -> None:
    scan, net = volume(affine=AFFINES[name]), model()
    ours = segment_volume(scan, net, EXACT_AT[0.5]).labels
    assert len(np.unique(ours)) == len(CLASSES)
    assert (ours == usual_way(scan, net, overlap=0.5)).mean() >= 0.9999


@pytest.mark.parametrize(
    ("shape", "spacing_mm"),
    [((9, 7, 5), (1.5, 1.5, 3.0)), ((24, 20, 1), (2.0, 2.0, 5.0)), ((40, 12, 6), (0.5, 2.0, 8.0))],
    ids=["smaller than a window", "one slice", "anisotropic"],
)
@pytest.mark.parametrize("overlap", [0.25, 0.5])
def test_odd_volumes_equal_the_usual_way(
    shape: tuple[int, int, int], spacing_mm: tuple[float, float, float], overlap: float
) -> None:
    scan = volume(shape, np.diag([*spacing_mm, 1.0]))
    ours = segment_volume(scan, model(), EXACT_AT[overlap]).labels
    assert (ours == usual_way(scan, model(), overlap=overlap)).mean() >= 0.9999


def test_labels_lie_on_the_grid_of_the_volume() -> None:
    scan = volume(affine=AFFINES["oblique"])
    done = segment_volume(scan, model())
    assert done.labels.shape == scan.array.shape
    assert done.labels.dtype == np.uint8
    assert np.array_equal(done.affine_ras, scan.affine_ras)
    assert list(done.counts) == np.bincount(done.labels.ravel(), minlength=len(CLASSES)).tolist()


@pytest.mark.parametrize("order", ["C", "F"])
def test_memory_order_of_the_volume_changes_nothing(order: str) -> None:
    scan = volume()
    turned = replace(scan, array=np.array(scan.array, order=order))  # type: ignore[call-overload]
    assert np.array_equal(segment_volume(turned, model(), EXACT).labels, segment_volume(scan, model(), EXACT).labels)


def test_crop_changes_nothing_where_everything_is_body() -> None:
    scan = volume()
    net = model(air=-5000.0)
    cropped = segment_volume(scan, net, replace(EXACT, crop=Crop.BODY))
    assert cropped.windows == cropped.windows_usual
    assert np.array_equal(cropped.labels, segment_volume(scan, net, EXACT).labels)


def test_windows_over_air_are_skipped_and_air_is_background() -> None:
    array = np.full((80, 80, 30), -1000, np.int16)
    array[10:30, 10:30] = volume((20, 20, 30)).array.clip(-300)
    done = segment_volume(Volume(array, np.diag([2.5, 2.5, 2.5, 1.0])), model(air=-500.0))
    assert done.windows < done.windows_usual / 4
    assert not done.labels[50:].any()
    assert done.labels[10:30, 10:30].any()


def test_air_beside_the_body_inside_a_window_is_background() -> None:
    array = np.full((40, 40, 30), -1000, np.int16)
    array[10:22, 10:22] = volume((12, 12, 30)).array.clip(-300)
    scan = Volume(array, np.diag([2.5, 2.5, 2.5, 1.0]))
    everywhere, cropped = (segment_volume(scan, model(air=air), Options()) for air in (None, -500.0))
    outside = np.ones(array.shape, bool)
    outside[5:27, 5:27] = False  # a block of the map may reach so far beyond the body
    assert everywhere.labels[outside].any() and not cropped.labels[outside].any()


def test_nothing_but_air_is_seen_and_gives_an_answer() -> None:
    array = np.full((20, 20, 20), -1000, np.int16)
    array[0, 0, 0] = -990
    done = segment_volume(Volume(array, np.eye(4)), model(spacing=1.0, air=-500.0))
    assert done.windows == 0
    assert not done.labels.any()


def test_no_full_size_scores_ever_exist() -> None:
    """Largest tensor: never near classes x voxels, of the volume or of the network's grid."""
    scan = volume((120, 60, 60), np.diag([2.5, 2.5, 2.5, 1.0]))
    largest = 0

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
            nonlocal largest
            out = func(*args, **(kwargs or {}))
            for item in out if isinstance(out, (tuple, list)) else (out,):
                if isinstance(item, Tensor):
                    largest = max(largest, item.untyped_storage().nbytes())
            return out

    with Watch():
        segment_volume(scan, model(), EXACT)
    slab = len(CLASSES) * (16 + 2) * 60 * 60 * 4
    assert slab <= largest <= max(slab, scan.array.size * 4)
    assert largest < len(CLASSES) * scan.array.size * 4 / 3


@pytest.mark.skipif(not has_bf16(CPU), reason="this processor has no bf16")
def test_bf16_agrees_nearly_everywhere() -> None:
    scan = volume()
    lean = segment_volume(scan, model(), Options(overlap=0.5, precision=Precision.BF16, crop=Crop.NONE)).labels
    assert (lean == segment_volume(scan, model(), EXACT).labels).mean() > 0.97


def test_every_window_is_told() -> None:
    told: list[int] = []
    progress = Progress(on_start=lambda windows: told.append(windows), on_window=lambda: told.append(1))
    done = segment_volume(volume(), model(), progress=progress)
    assert told == [done.windows] + [1] * done.windows


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_value_that_is_not_finite_is_refused(value: float) -> None:
    array = volume().array.astype(np.float32)
    array[3, 4, 5] = value
    with pytest.raises(InputRejected, match="NOT_FINITE"):
        segment_volume(Volume(array, np.eye(4)), model())


def test_a_constant_volume_is_refused() -> None:
    with pytest.raises(InputRejected, match="NO_CONTENT"):
        segment_volume(Volume(np.zeros((8, 8, 8), np.int16), np.eye(4)), model())


def test_runs_under_inference_mode_only_inside() -> None:
    segment_volume(volume(), model())
    assert not torch.is_inference_mode_enabled()

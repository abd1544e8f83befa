from __future__ import annotations

from pathlib import Path

import torch

from monai_app.engines.volumes.evaluator import SegmentedCase, VolumeEvaluator
from monai_app.engines.volumes.inferer import VolumeInferer
from monai_app.phantom.balls import write_balls
from tests.engines.volumes.tiny import SPEC, tiny_loader, tiny_network


def cases(datalist: Path, layer: str | None = None) -> list[SegmentedCase]:
    loader = tiny_loader(datalist, "train")
    evaluator = VolumeEvaluator(
        torch.device("cpu"), loader, tiny_network(), inferer=VolumeInferer(SPEC.patch), feature_layer=layer
    )
    found: list[SegmentedCase] = []
    evaluator.for_each(found.append)
    return found


def test_every_volume_comes_once_in_order_with_its_record(tmp_path: Path) -> None:
    found = cases(write_balls(tmp_path, volumes=(3, 1, 1)))
    assert [case.item["patient"] for case in found] == ["p0", "p1", "p2"]
    assert all(case.features is None for case in found)


def test_labels_lie_on_the_grid_of_the_file(tmp_path: Path) -> None:
    (case,) = cases(write_balls(tmp_path, volumes=(1, 1, 1), shape=(11, 9, 10), spacing_mm=(1, 2, 3)))
    assert case.labels().shape == case.shape == (11, 9, 10)
    assert torch.equal(torch.diag(case.affine), torch.tensor([1, 2, 3, 1], dtype=torch.float64))
    assert torch.equal(case.labels(), case.probabilities.argmax(0).to(torch.uint8))


def test_features_of_a_volume_do_not_depend_on_those_before(tmp_path: Path) -> None:
    datalist = write_balls(tmp_path, volumes=(2, 1, 1))
    layer = "model.1.submodule"
    one, other = cases(datalist, layer), cases(datalist, layer)
    assert (one[1].features == other[1].features).all()
    assert not (one[0].features == one[1].features).all()

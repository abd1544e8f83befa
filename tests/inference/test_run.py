from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from torch import Tensor, nn

from monai_app.core.errors import InputRejected
from monai_app.dicom.volume import Volume
from monai_app.inference.measurements import voxel_ml
from monai_app.inference.model import EXACT, Options, Precision
from monai_app.inference.ood import Familiarity
from monai_app.inference.run import segment_source
from monai_app.inference.source import Source
from monai_app.metrics.mahalanobis import Gaussian
from tests.inference.tiny import CLASSES, model, volume

SOURCE = Source(volume(), {"kind": "file", "sha256": "0" * 64})


def test_volumes_are_voxels_times_their_size() -> None:
    result = segment_source(SOURCE, model(), EXACT)
    labels = result.segmentation.labels
    for label, row in enumerate(result.measurements, 1):
        assert row["structure"] == CLASSES[label]
        assert row["volume_ml"] == pytest.approx((labels == label).sum() * voxel_ml(SOURCE.volume.affine_ras))
    assert 0 < result.remarks["confidence"] <= 1


def test_the_exact_way_agrees_with_itself() -> None:
    result = segment_source(SOURCE, model(), EXACT, compare=True)
    assert result.remarks["agreement"] == {"equal": 1.0, "dice": dict.fromkeys(CLASSES[1:], 1.0)}


def test_altered_copies_give_the_spread_of_volumes_and_change_no_label() -> None:
    plain = segment_source(SOURCE, model(), EXACT)
    drawn, again, other = (segment_source(SOURCE, model(), EXACT, draws=3, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(plain.segmentation.labels, drawn.segmentation.labels)
    assert all(row["volume_sd_ml"] is None for row in plain.measurements)
    assert any(row["volume_sd_ml"] > 0 for row in drawn.measurements)
    assert drawn.measurements == again.measurements != other.measurements
    assert drawn.remarks["draws"] == 3


def test_one_copy_has_no_spread() -> None:
    with pytest.raises(InputRejected, match="DRAWS_INVALID"):
        segment_source(SOURCE, model(), EXACT, draws=1)


def test_agreement_of_a_lean_run_is_reported() -> None:
    lean = Options(overlap=0.0, precision=Precision.FP32)
    found = segment_source(SOURCE, model(spacing=1.5), lean, compare=True).remarks["agreement"]
    assert 0.5 < found["equal"] < 1.0


def test_familiarity_is_judged_by_the_features_of_the_run() -> None:
    spread = np.random.default_rng(0).normal(size=(60, 2 * len(CLASSES)))
    familiarity = Familiarity(Gaussian.fit(spread), 1e9, 0.0, 0.99, "")
    layered = replace(model(), network=nn.Sequential(model().network))
    result = segment_source(SOURCE, layered, EXACT, familiarity=familiarity, feature_layer="0")
    assert result.remarks["familiarity"]["unfamiliar"] is False


def test_a_series_of_another_modality_is_refused() -> None:
    scan = replace(SOURCE.volume, provenance={"modality": "MR"})
    with pytest.raises(InputRejected, match="MODALITY_MISMATCH"):
        segment_source(Source(scan, {}), model(), EXACT)


class OfTwo(nn.Module):
    """The tiny network on a weighted sum of two sequences."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = model().network

    def forward(self, window: Tensor) -> Tensor:
        scores: Tensor = self.inner(0.25 * window[:, :1] + 0.75 * window[:, 1:])
        return scores


def test_each_sequence_goes_to_its_channel() -> None:
    two = replace(model(), network=OfTwo().eval(), sequences=("FLAIR", "T1"))
    first, second = SOURCE.volume, replace(SOURCE.volume, array=SOURCE.volume.array[::-1])
    labels = [
        segment_source(Source(one, {}, (other,)), two, EXACT).segmentation.labels
        for one, other in ((first, first), (first, second), (second, first))
    ]
    assert np.array_equal(labels[0], segment_source(SOURCE, model(), EXACT).segmentation.labels)
    assert not np.array_equal(labels[1], labels[2])


@pytest.mark.parametrize("others", [(), (SOURCE.volume, SOURCE.volume)])
def test_another_number_of_sequences_is_refused(others: tuple[Volume, ...]) -> None:
    two = replace(model(), network=OfTwo().eval(), sequences=("FLAIR", "T1"))
    with pytest.raises(InputRejected, match="SEQUENCES_MISMATCH"):
        segment_source(Source(SOURCE.volume, {}, others), two, EXACT)

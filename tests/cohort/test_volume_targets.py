"""Volume targets: intervals of mL become labels and classes, and every volume has exactly one."""

from __future__ import annotations

import numpy as np
import pytest

from monai_app.cohort.spec import TaskKind
from monai_app.cohort.volume_targets import ClassificationSpec, VolumeInput, VolumeTarget, structure_ml
from monai_app.core.errors import InputRejected

PRESENCE = VolumeTarget(name="lesion", values=(1, 3), edges_ml=(20.0,))
SIZE = VolumeTarget(name="size", values=(1,), edges_ml=(5.0, 60.0))


def test_one_edge_asks_yes_or_no_and_several_a_class_each() -> None:
    assert PRESENCE.task.kind is TaskKind.BINARY
    assert SIZE.task.classes == ("up to 5 mL", "5 to 60 mL", "over 60 mL")


@pytest.mark.parametrize(("volume_ml", "label"), [(0, 0), (5, 0), (5.1, 1), (60, 1), (60.1, 2), (1e9, 2)])
def test_an_edge_belongs_to_the_interval_below(volume_ml: float, label: int) -> None:
    assert SIZE.label(volume_ml) == label


def test_millilitres_are_those_of_the_chosen_voxels() -> None:
    labels = np.zeros((10, 10, 10), np.uint8)
    labels[:5, 0, 0], labels[5:, 0, 0], labels[0, 1, :] = 1, 2, 3
    assert structure_ml(labels, (1, 3), 8.0) == pytest.approx(15 * 8 / 1000)
    assert structure_ml(labels, (9,), 8.0) == 0


def test_spec_reads_back_and_offers_what_a_model_spec_does() -> None:
    spec = ClassificationSpec(modality="CT", spacing_mm=(5, 5, 5), shape=(8, 8, 8), targets=(PRESENCE, SIZE))
    assert ClassificationSpec.parse(spec.model_dump(mode="json")) == spec
    assert [task.name for task in spec.tasks] == ["lesion", "size"]
    assert spec.modalities.names == (VolumeInput.VOLUME,)


def test_edges_that_fall_are_refused() -> None:
    with pytest.raises(InputRejected, match="RECORD_INVALID"):
        VolumeTarget.parse({"name": "size", "values": [1], "edges_ml": [3, 3]})

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import Compose, MapTransform

from monai_app.core.errors import InputRejected
from monai_app.engines.batches import collate_samples, prepare_multimodal_batch
from monai_app.engines.data import SampleDataset, sample_loader, usable_items
from monai_app.transforms.modality_dropout import RandModalityDropoutd
from tests.engines.tiny import tiny_items

DROP = RandModalityDropoutd(["series", "table", "note"], 0.5)


class Refusing(MapTransform):
    """Rejects every sample."""

    def __call__(self, data: Any) -> Any:
        raise InputRejected("NOT_FINITE", "a film holds values that are not finite")


def presence(dataset: SampleDataset, epoch: int) -> list[bool]:
    return [bool(dataset[(epoch, row)]["note_present"]) for row in range(len(dataset))]


def test_random_transforms_are_a_function_of_seed_epoch_and_row() -> None:
    items = tiny_items(40)
    dataset = SampleDataset(items, Compose([DROP]), seed=1)
    first = presence(dataset, 1)
    assert presence(dataset, 2) != first
    assert presence(dataset, 1) == first
    assert presence(SampleDataset(items, Compose([DROP]), seed=2), 1) != first


@pytest.mark.parametrize("workers", [0, 1])
def test_a_typed_rejection_survives_the_worker(workers: int) -> None:
    loader = sample_loader(SampleDataset(tiny_items(4), Compose([Refusing("series")])), batch_size=2, workers=workers)
    batch = next(iter(loader))
    with pytest.raises(InputRejected, match="NOT_FINITE.*not finite"):
        prepare_multimodal_batch(batch)


def test_batches_hold_plain_tensors_and_no_identifiers() -> None:
    sample = {**tiny_items(1)[0], "film": MetaTensor(torch.ones(1, 4, 4)), "film_present": True}
    batch = collate_samples([sample, sample])
    assert type(batch["film"]) is torch.Tensor
    assert not {"subject_id", "prediction_time", "group_sex"} & batch.keys()
    inputs, targets = prepare_multimodal_batch(batch)
    assert inputs["series"].shape == (2, 3, 6, 2) and inputs["note"].dtype == torch.int64
    assert {"label_death", "label_stay", "series_present"} <= targets.keys()
    assert "series" not in targets


def test_samples_without_any_modality_are_left_out_and_told(caplog: pytest.LogCaptureFixture) -> None:
    items = tiny_items(3)
    items[1] |= {f"{name}_present": False for name in ("series", "table", "note")}
    assert [item["sample"] for item in usable_items(items, ["series", "table", "note"])] == [0, 2]
    assert "1 of 3 samples" in caplog.text
    with pytest.raises(InputRejected, match="ALL_MODALITIES_MISSING"):
        usable_items(items[1:2], ["series", "table", "note"])


def test_non_writable_items_are_collated_without_a_warning() -> None:
    array = np.ones((2, 3), np.float32)
    array.flags.writeable = False
    assert collate_samples([{"series": array, "row": 0}])["series"].shape == (1, 2, 3)

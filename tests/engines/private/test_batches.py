from __future__ import annotations

from monai_app.engines.batches import ROW
from monai_app.engines.data import SampleDataset
from monai_app.engines.private.batches import PatientBatches, collate_some, patient_loader
from monai_app.generate.privacy.sampling import NoiseSeed
from tests.engines.tiny import tiny_items

IDS = [1] * 30 + list(range(2, 22))


def batches(seed: int = 0) -> PatientBatches:
    return PatientBatches(IDS, 5, NoiseSeed(seed))


def test_an_epoch_sees_each_patient_once_on_average() -> None:
    made = batches()
    assert len(made) == 5 and made.sampling_rate == 5 / 21
    assert len(list(made)) == 5


def test_a_batch_is_a_function_of_seed_epoch_and_place() -> None:
    whole, resumed = batches(), batches()
    whole.start_at(3)
    resumed.start_at(3, 2)
    assert list(whole)[2:] == list(resumed) and list(batches(1)) != list(batches(0))
    assert all(epoch == 3 for batch in whole for epoch, _ in batch)


def test_more_patients_than_asked_for_cannot_be_drawn() -> None:
    assert PatientBatches([1, 2], 64, NoiseSeed(0)).sampling_rate == 1.0


def test_a_loader_gives_batches_of_patients_and_empty_ones() -> None:
    loader = patient_loader(SampleDataset(tiny_items(6)), batch_size=1, noise_seed=3)
    sizes = [len(batch[ROW]) if batch else 0 for _ in range(4) for batch in loader]
    assert 0 in sizes and max(sizes) > 0
    assert collate_some([]) == {}

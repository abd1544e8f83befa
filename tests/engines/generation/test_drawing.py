"""Cases that are drawn for: a cohort's without their films, or one told by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from monai_app.cohort.condition_columns import with_ranges
from monai_app.core.errors import InputRejected
from monai_app.engines.build import cohort_spec
from monai_app.engines.data import SampleDataset, sample_loader
from monai_app.engines.generation.drawing import GenerationEvaluator, condition_items, first_items, read_generation_spec
from monai_app.engines.model_folder import write_model
from monai_app.phantom.cohort import write_phantom
from tests.engines.tiny import SPEC, tiny_items


def test_a_cohort_s_cases_are_told_without_their_films(tmp_path: Path) -> None:
    write_phantom(tmp_path / "cohort", patients=12, seed=0, pixel_scale=8)
    spec = with_ranges(cohort_spec(tmp_path / "cohort"), [])
    everyone = condition_items(tmp_path / "cohort", None, spec)
    with_film = condition_items(tmp_path / "cohort", None, spec, films_only=True)
    assert len(everyone) == 12 > len(with_film) and all(item["source_image"] for item in with_film)
    assert not any("film" in item or "film_present" in item for item in everyone)
    assert len(condition_items(tmp_path / "cohort", None, spec, limit=3)) == 3
    assert [item["sample"] for item in first_items(everyone, 2)] == [0, 1] and len(first_items(everyone)) == 12


def test_a_condition_told_by_hand_needs_no_cohort(tmp_path: Path) -> None:
    spec = with_ranges(SPEC, tiny_items(5))
    (item,) = condition_items(tmp_path / "nowhere", None, spec, fields={"age": 3.0, "death": 1})
    assert item["table"][0].tolist() == [3.0] and item["label_death"].tolist() == [1.0] and item["table_present"]
    with pytest.raises(InputRejected, match=r"CONDITION_UNKNOWN.*death"):
        condition_items(tmp_path, None, spec, fields={"deaht": 1})


def test_the_ranges_come_back_from_the_model_folder(tmp_path: Path) -> None:
    spec = with_ranges(SPEC, tiny_items(5))
    write_model(tmp_path, nn.Linear(1, 1), spec)
    assert read_generation_spec(tmp_path) == spec


class Rows(nn.Module):
    """Images whose grey value is their row."""

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        return inputs["row"].float()[:, None, None, None, None].expand(-1, 2, 1, 4, 4)


def test_images_come_in_the_order_of_the_cases() -> None:
    loader = sample_loader(SampleDataset(tiny_items(5)), batch_size=2)
    images = GenerationEvaluator(torch.device("cpu"), loader, Rows()).predict()
    assert images.shape == (5, 2, 4, 4) and images[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 4]

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from monai.transforms import Compose, MapTransform

from monai_app.engines.cache import PreparedCache
from monai_app.engines.data import SampleDataset
from monai_app.transforms.modality_dropout import RandModalityDropoutd


class Scaled(MapTransform):
    """Reads a number from a file and scales it; counts its calls."""

    calls = 0

    def __init__(self, keys: str, factor: float) -> None:
        super().__init__(keys)
        self.factor = factor

    def __call__(self, data: Any) -> dict[Any, Any]:
        type(self).calls += 1
        return {**data, **{key: torch.tensor([float(Path(data[key]).read_text()) * self.factor]) for key in self.keys}}


@pytest.fixture
def item(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "film").write_text("3")
    return {"film": str(tmp_path / "film"), "film_present": True, "subject_id": 7, "series": np.ones(2)}


def value(cache: PreparedCache, item: dict[str, Any]) -> float:
    return float(cache(item)["film"])


def test_a_second_reading_computes_nothing(tmp_path: Path, item: dict[str, Any]) -> None:
    cache = PreparedCache(tmp_path / "cache", Scaled("film", 2.0))
    first, calls = value(cache, item), Scaled.calls
    assert (first, value(cache, item), Scaled.calls) == (6.0, 6.0, calls)


def test_a_changed_transform_rebuilds(tmp_path: Path, item: dict[str, Any]) -> None:
    value(PreparedCache(tmp_path / "cache", Scaled("film", 2.0)), item)
    assert value(PreparedCache(tmp_path / "cache", Scaled("film", 4.0)), item) == 12.0


def test_a_changed_file_rebuilds(tmp_path: Path, item: dict[str, Any]) -> None:
    cache = PreparedCache(tmp_path / "cache", Scaled("film", 2.0))
    value(cache, item)
    Path(item["film"]).write_text("10")
    assert value(cache, item) == 20.0


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: bytes([*data[:-1], 255]), lambda _: b""])
def test_a_damaged_entry_is_rebuilt(tmp_path: Path, item: dict[str, Any], damage: Any) -> None:
    cache = PreparedCache(tmp_path / "cache", Scaled("film", 2.0))
    value(cache, item)
    (entry,) = (tmp_path / "cache").rglob("*.safetensors")
    entry.write_bytes(damage(entry.read_bytes()))
    assert value(cache, item) == 6.0
    assert value(PreparedCache(tmp_path / "cache", Scaled("film", 2.0)), item) == 6.0


def test_random_transforms_stay_behind_the_cache(tmp_path: Path, item: dict[str, Any]) -> None:
    items = [{**item, "table_present": True}]
    chain = Compose([Scaled("film", 2.0), RandModalityDropoutd(["film", "table"], 0.5)])
    plain, cached = SampleDataset(items, chain), SampleDataset(items, chain, cache_dir=str(tmp_path / "cache"))
    for epoch in range(20):
        assert plain[(epoch, 0)]["film_present"] == cached[(epoch, 0)]["film_present"]
        assert torch.equal(plain[(epoch, 0)]["film"], cached[(epoch, 0)]["film"])

"""A small spec with all modalities and every task kind, and batches for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from monai_app.cohort.spec import (
    Channel,
    FilmSpec,
    ModalitySpec,
    ModelSpec,
    NoteSpec,
    SeriesSpec,
    TableField,
    TableSpec,
    TaskSpec,
)

Batch = dict[str, torch.Tensor]


@pytest.fixture
def spec() -> ModelSpec:
    channels = tuple(Channel(name=f"c{i}", codes=(f"C{i}",), unit="1") for i in range(4))
    fields = (
        TableField(name="age", codes=("AGE",)),
        TableField(name="sex", codes=("SEX",), kind="categorical", categories=("F", "M")),
    )
    return ModelSpec(
        modalities=ModalitySpec(
            film=FilmSpec(size_px=64),
            series=SeriesSpec(hours=12, channels=channels),
            table=TableSpec(fields=fields),
            note=NoteSpec(codes=("NOTE",), max_tokens=10),
        ),
        tasks=(
            TaskSpec(name="death", kind="binary"),
            TaskSpec(name="findings", kind="multilabel", classes=("a", "b", "c")),
            TaskSpec(name="type", kind="multiclass", classes=("x", "y", "z")),
            TaskSpec(name="stay", kind="regression", unit="d"),
            TaskSpec(name="survival", kind="survival", unit="d", bin_edges=(1.0, 2.0, 4.0)),
        ),
    )


@pytest.fixture
def make_batch() -> Callable[..., Batch]:
    def make(size: int = 6, *, seed: int = 0) -> Batch:
        generator = torch.Generator().manual_seed(seed)
        mask = (torch.rand(size, 12, 4, generator=generator) > 0.5).float()
        values = torch.randn(size, 12, 4, generator=generator)
        values[0, :, 0] = torch.nan
        table = torch.stack([torch.randn(size, 3, generator=generator), torch.zeros(size, 3)], dim=1)
        table[1, 0, 0] = torch.nan
        note = torch.randint(1, 50, (size, 10), generator=generator)
        note[:, 7:] = 0
        present = torch.tensor(
            [[1, 1, 1, 1], [0, 1, 1, 1], [1, 0, 1, 0], [0, 0, 1, 0], [1, 1, 0, 1], [0, 0, 0, 1]]
        ).bool()
        batch = {
            "film": torch.rand(size, 1, 64, 64, generator=generator),
            "series": torch.stack([values, mask, 12 * (1 - mask)], dim=1),
            "table": table,
            "note": note,
        }
        for index, name in enumerate(("film", "series", "table", "note")):
            batch[f"{name}_present"] = present[torch.arange(size) % 6, index]
        return batch

    return make

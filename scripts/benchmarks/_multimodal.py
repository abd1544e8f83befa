"""A network of the usual size and random samples of all four modalities, for benchmarks of fusions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

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
from monai_app.engines.build import seeded_network
from monai_app.networks import MultimodalNetwork, default_encoders

CHANNELS, FIELDS, TOKENS, VOCABULARY = 36, 12, 128, 3000
SPEC = ModelSpec(
    modalities=ModalitySpec(
        film=FilmSpec(),
        series=SeriesSpec(
            hours=48, channels=tuple(Channel(name=f"c{i}", codes=(f"C{i}",), unit="1") for i in range(CHANNELS))
        ),
        table=TableSpec(fields=tuple(TableField(name=f"f{i}", codes=(f"F{i}",)) for i in range(FIELDS))),
        note=NoteSpec(codes=("NOTE",), max_tokens=TOKENS),
    ),
    tasks=(TaskSpec(name="findings", kind="multilabel", classes=tuple("abcdefgh")),),
)
Batch = dict[str, Tensor]


def new_network(fusion: Callable[..., nn.Module]) -> MultimodalNetwork:
    """The usual encoders and one fusion, which is given the spec; the same weights each time."""
    encoders = partial(default_encoders, SPEC, vocabulary_size=VOCABULARY)
    return seeded_network(SPEC, encoders, partial(fusion, SPEC)).eval()


def new_batch(size: int) -> Batch:
    """Random samples with all modalities."""
    generator = torch.Generator().manual_seed(0)
    seen = (torch.rand(size, 48, CHANNELS, generator=generator) < 0.3).float()
    batch = {
        "film": torch.rand(size, 1, 224, 224, generator=generator),
        "series": torch.stack([torch.randn(size, 48, CHANNELS, generator=generator), seen, 1 - seen], dim=1),
        "table": torch.stack([torch.randn(size, FIELDS, generator=generator), torch.zeros(size, FIELDS)], dim=1),
        "note": torch.randint(1, VOCABULARY, (size, TOKENS), generator=generator),
    }
    return batch | {f"{name}_present": torch.ones(size, dtype=torch.bool) for name in tuple(batch)}

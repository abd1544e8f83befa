"""A training so small that it takes milliseconds a step: series, table and note, dropout of every kind, two tasks."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.handlers import ValidationHandler
from monai.optimizers import WarmupCosineSchedule
from monai.transforms import Compose

from monai_app.cohort.normalisation import fit_statistics
from monai_app.cohort.spec import (
    Channel,
    ModalitySpec,
    ModelSpec,
    NoteSpec,
    SeriesSpec,
    TableField,
    TableSpec,
    TaskSpec,
)
from monai_app.engines.averaging import AveragedNetwork
from monai_app.engines.best import BestModel, StopEarly
from monai_app.engines.build import adamw, seeded_network, with_statistics
from monai_app.engines.data import SampleDataset, sample_loader
from monai_app.engines.evaluator import MultimodalEvaluator
from monai_app.engines.key_score import KeyScore
from monai_app.engines.trainer import MultimodalTrainer
from monai_app.engines.training_log import TrainingLog
from monai_app.losses import MultitaskLoss
from monai_app.networks import AttentionFusion
from monai_app.networks.encoders import LSTMEncoder, NoteEncoder, TableEncoder
from monai_app.transforms.modality_dropout import RandModalityDropoutd

WIDTH = 8
HOURS = 6
SPEC = ModelSpec(
    modalities=ModalitySpec(
        series=SeriesSpec(
            hours=HOURS, step_hours=1, channels=tuple(Channel(name=n, codes=(n,), unit="1") for n in ("a", "b"))
        ),
        table=TableSpec(fields=(TableField(name="age", codes=("AGE",), unit="a"),)),
        note=NoteSpec(codes=("NOTE",), max_tokens=5),
    ),
    tasks=(
        TaskSpec(name="death", kind="binary"),
        TaskSpec(name="stay", kind="regression", unit="d"),
    ),
)


def tiny_items(rows: int, seed: int = 0) -> list[dict[str, Any]]:
    """Items whose outcome depends on every modality; the first row has them all."""
    generator = np.random.default_rng(seed)
    items = []
    for row in range(rows):
        signal = generator.normal()
        series = generator.normal(size=(3, HOURS, 2)).astype(np.float32)
        series[0] += signal
        series[1] = generator.random((HOURS, 2)) < 0.7
        series[2] = 1.0
        items.append(
            {
                "subject_id": 1000 + row,
                "prediction_time": 60_000_000 * row,
                "sample": row,
                "series": series,
                "series_present": bool(row == 0 or generator.random() < 0.8),
                "table": np.array([[signal + generator.normal()], [0.0]], np.float32),
                "table_present": True,
                "note": generator.integers(1, 12, 5),
                "note_present": bool(row == 0 or generator.random() < 0.6),
                "label_death": np.array([float(signal + generator.normal() > 0.5)], np.float32),
                "label_stay": np.array([5 + signal], np.float32),
                "group_sex": "F" if row % 2 else "M",
            }
        )
    return items


def tiny_encoders(spec: ModelSpec, dropout: float = 0.3) -> dict[str, torch.nn.Module]:
    """Encoders of a few hundred weights."""
    assert spec.modalities.series is not None and spec.modalities.table is not None
    return {
        "series": LSTMEncoder(spec.modalities.series, width=WIDTH, hidden=6, layers=1, dropout=dropout),
        "table": TableEncoder(len(spec.modalities.table.columns), width=WIDTH, hidden=6, dropout=dropout),
        "note": NoteEncoder(12, width=WIDTH, max_tokens=5, depth=1, heads=2, dropout=dropout),
    }


def tiny_training(
    folder: Path,
    *,
    epochs: int = 3,
    rows: int = 22,
    batch_size: int = 4,
    workers: int = 0,
    every: int = 3,
    seed: int = 0,
    dropout: float = 0.3,
    patience: int = 10,
    resume: str = "same",
    provenance: Any = None,
    items: list[dict[str, Any]] | None = None,
    loss: Any = None,
    learning_rate: float = 0.01,
) -> MultimodalTrainer:
    """A trainer with everything switched on, as the bundle's train.yaml builds it."""
    torch.set_num_threads(1)  # forked children must not wait for threads that they did not inherit
    train = tiny_items(rows) if items is None else items
    transform = Compose([RandModalityDropoutd(["series", "table", "note"], 0.3)])
    loader = sample_loader(
        SampleDataset(train, transform, seed=seed), batch_size=batch_size, order="shuffled", workers=workers, seed=seed
    )
    statistics = fit_statistics(train, SPEC)
    device = torch.device("cpu")
    fusion = partial(AttentionFusion, SPEC, width=WIDTH, depth=1, heads=2, dropout=dropout)
    network = seeded_network(SPEC, partial(tiny_encoders, SPEC, dropout), fusion, seed=seed)
    with_statistics(network, statistics, device)
    criterion = loss or with_statistics(MultitaskLoss(SPEC.tasks, weighting="uncertainty"), statistics, device)
    optimizer = adamw(network, criterion, learning_rate=learning_rate)
    average = AveragedNetwork(network, decay=0.9)
    evaluator = MultimodalEvaluator(
        device,
        sample_loader(SampleDataset(tiny_items(16, seed=1)), batch_size=5),
        average,
        key_val_metric={"key_score": KeyScore(SPEC.tasks)},
    )
    return MultimodalTrainer(
        device,
        epochs,
        loader,
        network,
        optimizer,
        criterion,
        seed=seed,
        schedule=WarmupCosineSchedule(optimizer, warmup_steps=2, t_total=epochs * len(loader), warmup_multiplier=0.01),
        average=average,
        checkpoints=str(folder / "checkpoints"),
        checkpoint_every=every,
        resume=resume,
        provenance=provenance,
        train_handlers=[
            ValidationHandler(1, evaluator),
            BestModel(evaluator, str(folder), SPEC),
            StopEarly(evaluator, patience),
            TrainingLog(str(folder / "train_log.jsonl"), evaluator),
        ],
    )

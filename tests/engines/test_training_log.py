"""TensorBoard, progress bar and training log on one tiny training."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from monai_app.core.errors import AppError
from monai_app.engines.progress import ProgressBar
from monai_app.engines.tensorboard import TensorBoardLog
from monai_app.engines.trainer import MultimodalTrainer
from monai_app.engines.training_log import TrainingLog, training_summary
from tests.engines.tiny import tiny_training


def with_handler(folder: Path, handler: object) -> MultimodalTrainer:
    trainer = tiny_training(folder, epochs=2)
    handler.attach(trainer)
    return trainer


def test_tensorboard_shows_loss_and_validation(tmp_path: Path) -> None:
    trainer = tiny_training(tmp_path, epochs=2)
    evaluator = next(handler.evaluator for handler in trainer.handlers if isinstance(handler, TrainingLog))
    TensorBoardLog(str(tmp_path / "tensorboard"), evaluator, every=2).attach(trainer)
    trainer.run()
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert [event.step for event in events.Scalars("train_loss")] == [2, 4, 6, 8, 10, 12]
    logged = [json.loads(line) for line in (tmp_path / "train_log.jsonl").read_text().splitlines()]
    assert [event.value for event in events.Scalars("key_score")] == pytest.approx(
        [line["key_score"] for line in logged]
    )


def test_the_progress_bar_is_drawn_on_a_terminal_and_nowhere_else(tmp_path: Path) -> None:
    drawn, silent = io.StringIO(), io.StringIO()
    with_handler(tmp_path / "a", ProgressBar(Console(file=drawn, force_terminal=True, width=100))).run()
    with_handler(tmp_path / "b", ProgressBar(Console(file=silent, force_terminal=False))).run()
    assert "epoch 2/2 loss" in drawn.getvalue() and "12/12" in drawn.getvalue()
    assert silent.getvalue() == ""


def test_the_progress_bar_does_not_swallow_errors(tmp_path: Path) -> None:
    bar = ProgressBar(Console(file=io.StringIO(), force_terminal=True))
    trainer = tiny_training(tmp_path, loss=lambda output, targets: output.logits["death"].sum() * float("nan"))
    bar.attach(trainer)
    with pytest.raises(AppError, match="LOSS_NOT_FINITE"):
        trainer.run()


def test_the_summary_names_the_best_epoch(tmp_path: Path) -> None:
    assert training_summary(tmp_path) == {}
    lines = [{"epoch": 1, "key_score": 0.6}, {"epoch": 2, "key_score": 0.8}, {"epoch": 3}]
    (tmp_path / "train_log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert training_summary(tmp_path) == {"epochs": 3, "best_epoch": 2, "best_key_score": 0.8}

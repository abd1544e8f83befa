"""The training log: one JSON line an epoch, rewritten whole so that a resumed training leaves no line twice."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from ignite.engine import Engine, Events
from monai.engines import Evaluator

from monai_app.core.atomic import write_text
from monai_app.engines.distributed import rank


def step_loss(output: Any) -> float:
    """The loss of a trainer's output."""
    return float(output[0]["loss"].detach())


class TrainingLog:
    """Collects per epoch: iteration, mean training loss, learning rate, validation metrics, seconds.

    Args:
        path: of the ``.jsonl`` file.
        evaluator: whose metrics are logged.
    """

    def __init__(self, path: str, evaluator: Evaluator | None = None) -> None:
        self.path, self.evaluator = Path(path), evaluator
        self.records: list[dict[str, Any]] = []
        self._loss_sum, self._steps, self._started = 0.0, 0, time.monotonic()

    def attach(self, engine: Engine) -> None:
        """Listen to a trainer. Attach after ValidationHandler."""
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._add_step)
        engine.add_event_handler(Events.EPOCH_STARTED, self._start)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._write)

    def _start(self) -> None:
        self._started = time.monotonic()

    def _add_step(self, engine: Engine) -> None:
        self._loss_sum += step_loss(engine.state.output)
        self._steps += 1

    def _write(self, engine: Any) -> None:
        record = {
            "epoch": engine.state.epoch,
            "iteration": engine.state.iteration,
            "train_loss": self._loss_sum / max(self._steps, 1),
            "learning_rate": engine.optimizer.param_groups[0]["lr"],
            "seconds": round(time.monotonic() - self._started, 3),
        }
        if self.evaluator is not None and self.evaluator.state.epoch == engine.state.epoch:
            record |= {name: float(value) for name, value in self.evaluator.state.metrics.items()}
        self.records.append(record)
        self._loss_sum, self._steps = 0.0, 0
        if rank() == 0:
            write_text(self.path, "".join(json.dumps(entry, allow_nan=False) + "\n" for entry in self.records))

    def state_dict(self) -> dict[str, Any]:
        """The records so far and the running mean of the current epoch."""
        return {"records": self.records, "loss_sum": self._loss_sum, "steps": self._steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take them back."""
        self.records = list(state["records"])
        self._loss_sum, self._steps = state["loss_sum"], state["steps"]


def training_summary(folder: str | Path, name: str = "train_log.jsonl") -> dict[str, Any]:
    """Epochs trained and the best key score, read from a log; empty where a training writes none (trees)."""
    path = Path(folder) / name
    if not path.is_file():
        return {}
    records = [json.loads(line) for line in path.read_text().splitlines()]
    scored = [record for record in records if "key_score" in record]
    if not scored:
        return {"epochs": len(records)}
    best = max(scored, key=lambda record: float(record["key_score"]))
    return {"epochs": len(records), "best_epoch": best["epoch"], "best_key_score": best["key_score"]}

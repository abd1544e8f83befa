"""Keep the best validated weights as a model folder, and stop when they no longer get better."""

from __future__ import annotations

import logging
from typing import Any

from ignite.engine import Engine, Events
from ignite.handlers import EarlyStopping
from monai.engines import Evaluator

from monai_app.core.records import Record
from monai_app.engines.distributed import rank
from monai_app.engines.model_folder import write_model

logger = logging.getLogger(__name__)


class BestModel:
    """Write the validated network whenever its key metric is the best so far.

    Attach after MONAI's ValidationHandler. The comparison is MONAI's own (``best_metric`` of the evaluator), kept in
    the checkpoints so that a resumed training knows what it has to beat.

    Args:
        evaluator: validates; its network is what is written.
        folder: of the model.
        spec: of the network.
    """

    def __init__(self, evaluator: Any, folder: str, spec: Record) -> None:
        self.evaluator, self.folder, self.spec = evaluator, folder, spec
        self.settings = "best"

    def attach(self, engine: Engine) -> None:
        """Listen to a trainer."""
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._after_validation)

    def _after_validation(self, engine: Engine) -> None:
        state = self.evaluator.state
        if state.best_metric_epoch != engine.state.epoch or rank() != 0:
            return
        notes = {
            "epoch": engine.state.epoch,
            "iteration": engine.state.iteration,
            state.key_metric_name: state.best_metric,
            **getattr(engine, "model_notes", {}),
        }
        write_model(self.folder, self.evaluator.network, self.spec, notes)
        logger.info(
            "epoch %d: best %s so far %.4f, model written", engine.state.epoch, state.key_metric_name, state.best_metric
        )

    def state_dict(self) -> dict[str, Any]:
        """Best score and its epoch."""
        state = self.evaluator.state
        return {"best_metric": float(state.best_metric), "best_metric_epoch": int(state.best_metric_epoch)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take them back."""
        self.evaluator.state.best_metric = state["best_metric"]
        self.evaluator.state.best_metric_epoch = state["best_metric_epoch"]


class StopEarly:
    """Ignite's EarlyStopping on the evaluator's key metric, counted in validations. Attach after ValidationHandler.

    Args:
        evaluator: validates.
        patience: validations without improvement that are endured.
        threshold: smallest rise of the key metric that counts as improvement.
    """

    def __init__(self, evaluator: Evaluator, patience: int, threshold: float = 0.0) -> None:
        self.evaluator, self.patience, self.threshold = evaluator, patience, threshold
        self.settings = ["stop early", patience, threshold]
        self.stopping: EarlyStopping | None = None

    def attach(self, engine: Engine) -> None:
        """Listen to a trainer."""
        self.stopping = EarlyStopping(self.patience, self._score, engine, threshold=self.threshold)
        self.stopping.logger = logger  # Ignite's own writes to stderr past the formatter that keeps patient data out
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._after_validation)

    def _score(self, evaluator: Evaluator) -> float:
        return float(evaluator.state.metrics[evaluator.state.key_metric_name])

    def _after_validation(self, engine: Engine) -> None:
        if self.evaluator.state.epoch == engine.state.epoch and self.stopping is not None:
            self.stopping(self.evaluator)

    def state_dict(self) -> dict[str, Any]:
        """Counter and best score of Ignite's handler."""
        return {} if self.stopping is None else dict(self.stopping.state_dict())

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take them back."""
        if self.stopping is not None:
            self.stopping.load_state_dict(state)

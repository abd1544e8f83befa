"""The best model is the one that validated best; training stops when nothing gets better."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from ignite.engine import Engine, Events
from torch import nn

from monai_app.core.loading import load_weights
from monai_app.engines.best import BestModel, StopEarly
from tests.engines.tiny import SPEC


def evaluator(network: nn.Module) -> Any:
    state = SimpleNamespace(best_metric=-1.0, best_metric_epoch=-1, key_metric_name="score", metrics={}, epoch=0)
    return SimpleNamespace(state=state, network=network)


def training(scores: list[float], evaluator: Any, *handlers: Any) -> Engine:
    """An engine whose epochs validate with these scores, as MONAI's ValidationHandler would."""
    engine = Engine(lambda engine, batch: None)

    @engine.on(Events.EPOCH_COMPLETED)
    def validate(engine: Engine) -> None:
        score, state = scores[engine.state.epoch - 1], evaluator.state
        state.epoch, state.metrics = engine.state.epoch, {"score": score}
        with torch.no_grad():
            evaluator.network.weight.fill_(float(engine.state.epoch))
        if score > state.best_metric:
            state.best_metric, state.best_metric_epoch = score, engine.state.epoch

    for handler in handlers:
        handler.attach(engine)
    engine.run([0], max_epochs=len(scores))
    return engine


@pytest.mark.parametrize(("scores", "best"), [([0.5, 0.7, 0.6], 2), ([0.9, 0.8, 0.7], 1), ([0.5, 0.6, 0.7], 3)])
def test_best_validated_weights_are_written(tmp_path: Path, scores: list[float], best: int) -> None:
    judge = evaluator(nn.Linear(1, 1))
    training(scores, judge, BestModel(judge, str(tmp_path), SPEC))
    assert load_weights(tmp_path / "model.safetensors")["weight"].item() == best


def test_what_has_to_be_beaten_survives_a_resume(tmp_path: Path) -> None:
    judge = evaluator(nn.Linear(1, 1))
    handler = BestModel(judge, str(tmp_path), SPEC)
    handler.load_state_dict({"best_metric": 0.95, "best_metric_epoch": 7})
    training([0.5, 0.9], judge, handler)
    assert not list(tmp_path.iterdir()) and handler.state_dict()["best_metric"] == 0.95


def test_training_stops_after_the_patience() -> None:
    judge = evaluator(nn.Linear(1, 1))
    engine = training([0.9, 0.8, 0.7, 0.6, 0.5], judge, StopEarly(judge, patience=2))
    assert engine.state.epoch == 3


def test_what_stopping_says_passes_through_our_own_logging() -> None:
    validator = evaluator(nn.Linear(1, 1))
    stop = StopEarly(validator, patience=1)
    training([0.5, 0.4], validator, stop)
    assert stop.stopping is not None
    assert not stop.stopping.logger.handlers and stop.stopping.logger.propagate

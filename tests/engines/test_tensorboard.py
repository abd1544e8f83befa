"""TensorBoard files appear when training starts, and not before."""

from __future__ import annotations

from pathlib import Path

import torch
from ignite.engine import Engine
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from monai_app.engines.tensorboard import TensorBoardLog


def test_loss_is_logged_every_so_many_iterations(tmp_path: Path) -> None:
    engine = Engine(lambda engine, batch: [{"loss": torch.tensor(float(batch))}])
    TensorBoardLog(str(tmp_path / "tb"), every=2).attach(engine)
    assert not (tmp_path / "tb").exists()
    engine.run([1, 2, 3, 4], max_epochs=1)
    events = EventAccumulator(str(tmp_path / "tb"))
    events.Reload()
    (tag,) = events.Tags()["scalars"]
    assert [(point.step, point.value) for point in events.Scalars(tag)] == [(2, 2.0), (4, 4.0)]

"""TensorBoard: MONAI's handler, with a writer that starts when training does and drops what a killed run left ahead."""

from __future__ import annotations

from typing import Any

from ignite.engine import Engine, Events
from monai.engines import Evaluator
from monai.handlers import TensorBoardStatsHandler
from torch.utils.tensorboard import SummaryWriter

from monai_app.engines.distributed import rank
from monai_app.engines.training_log import step_loss


class TensorBoardLog:
    """Training loss every ``every`` iterations, validation metrics every epoch.

    Args:
        folder: of the event files.
        evaluator: whose metrics are shown.
        every: iterations between points of the training loss.
    """

    def __init__(self, folder: str, evaluator: Evaluator | None = None, every: int = 10) -> None:
        self.folder, self.evaluator, self.every = folder, evaluator, every

    def attach(self, engine: Engine) -> None:
        """Listen to a trainer."""
        if rank() == 0:
            engine.add_event_handler(Events.STARTED, self._open)

    def _open(self, engine: Engine) -> None:
        writer = SummaryWriter(self.folder, purge_step=engine.state.iteration + 1)
        shared: dict[str, Any] = {"summary_writer": writer, "output_transform": step_loss}
        TensorBoardStatsHandler(tag_name="train_loss", iteration_log=self.every, epoch_log=False, **shared).attach(
            engine
        )
        if self.evaluator is not None:
            TensorBoardStatsHandler(iteration_log=False, **shared).attach(self.evaluator)
        engine.add_event_handler(Events.COMPLETED, writer.close)

"""The progress bar of a training, on stderr; silent where stderr is not a terminal."""

from __future__ import annotations

from typing import Any

from ignite.engine import Engine, Events
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from monai_app.engines.distributed import rank
from monai_app.engines.training_log import step_loss


class ProgressBar:
    """Iterations done, loss and time left."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = Console(stderr=True) if console is None else console
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self.console,
            transient=True,
        )
        self._task = TaskID(0)

    def attach(self, engine: Engine) -> None:
        """Listen to a trainer, if there is a terminal to draw on."""
        if not self.console.is_terminal or rank() != 0:
            return
        engine.add_event_handler(Events.STARTED, self._start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._advance)
        engine.add_event_handler(Events.COMPLETED, self._bar.stop)
        engine.add_event_handler(Events.EXCEPTION_RAISED, self._fail)

    def _start(self, engine: Any) -> None:
        state = engine.state
        self._task = self._bar.add_task("train", total=state.max_epochs * state.epoch_length, completed=state.iteration)
        self._bar.start()

    def _advance(self, engine: Engine) -> None:
        text = f"epoch {engine.state.epoch}/{engine.state.max_epochs} loss {step_loss(engine.state.output):.4f}"
        self._bar.update(self._task, completed=engine.state.iteration, description=text)

    def _fail(self, engine: Engine, error: BaseException) -> None:
        """Leave the terminal as it was; Ignite hands the error to this handler instead of raising it."""
        self._bar.stop()
        raise error

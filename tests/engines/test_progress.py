"""The progress bar: silent without a terminal, and it leaves the terminal as it was when training fails."""

from __future__ import annotations

import io

import pytest
from ignite.engine import Engine, Events
from rich.console import Console

from monai_app.engines.progress import ProgressBar


def console(*, terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=100)


def run(bar: ProgressBar, *, fail: bool = False) -> None:
    def step(engine: Engine, batch: int) -> dict[str, float]:
        if fail:
            raise ZeroDivisionError
        return {"loss": 0.25}

    engine = Engine(step)
    bar.attach(engine)
    engine.run([1, 2], max_epochs=1)


def test_nothing_is_drawn_where_there_is_no_terminal() -> None:
    out = console(terminal=False)
    run(ProgressBar(out))
    assert out.file.getvalue() == ""  # type: ignore[attr-defined]


def test_failure_of_the_training_passes_through() -> None:
    bar = ProgressBar(console(terminal=True))
    with pytest.raises(ZeroDivisionError):
        run(bar, fail=True)
    assert not bar._bar.live.is_started


def test_handlers_are_there_only_with_a_terminal() -> None:
    engines = [Engine(lambda engine, batch: None) for _ in range(2)]
    for engine, terminal in zip(engines, (False, True), strict=True):
        ProgressBar(console(terminal=terminal)).attach(engine)
    assert [len(engine._event_handlers[Events.STARTED]) for engine in engines] == [0, 1]

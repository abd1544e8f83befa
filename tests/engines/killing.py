"""Killing a training as a power cut would: with SIGKILL, in a forked child.

A child of a process whose OpenMP threads have worked waits for ever for threads that the fork left behind: parent and
child compute with one (:mod:`tests.single_threaded`).
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any


def killed_at(make_trainer: Callable[[], Any], iteration: int, event: Any) -> None:
    """Train in a child that kills itself at an event of an iteration."""
    child = os.fork()
    if child == 0:
        try:
            trainer = make_trainer()
            trainer.add_event_handler(
                event, lambda engine: engine.state.iteration == iteration and os.kill(os.getpid(), signal.SIGKILL)
            )
            trainer.run()
        finally:
            os._exit(1)  # nothing of the parent's, pytest among it, may go on in the child
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL

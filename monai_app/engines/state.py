"""The state of a training after a step, and whether a saved one belongs to the same training.

Everything random is a function of (seed, step), so weights, optimiser, schedule, average, loss and the counters of
the stateful handlers are all there is.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Protocol

from torch import nn

from monai_app.core.errors import InputRejected

logger = logging.getLogger(__name__)


class Resume(StrEnum):
    """What to do with checkpoints that are already in the output folder."""

    SAME = "same"
    """Go on if they come from the same configuration, cohort and number of processes; otherwise refuse."""
    CHANGED = "changed"
    """Go on although something differs."""


class Stateful(Protocol):
    """Anything with a state to keep: a module, an optimiser, a schedule, a handler."""

    def state_dict(self) -> dict[str, Any]:
        """The state as plain containers and tensors."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> Any:
        """Take a state back."""
        ...


def capture(
    parts: Mapping[str, Stateful], *, iteration: int, finished: bool, identity: Mapping[str, str]
) -> dict[str, Any]:
    """The state to be written after ``iteration`` finished steps."""
    return {
        "format": 1,
        "iteration": iteration,
        "finished": finished,
        "identity": dict(identity),
        "parts": {name: part.state_dict() for name, part in parts.items()},
    }


def check_same_training(state: Mapping[str, Any], identity: Mapping[str, str], resume: Resume) -> bool:
    """Whether a saved state belongs to the training that wants to go on from it.

    Raises:
        InputRejected: ``RESUME_CHANGED`` naming the parts that differ, unless ``resume`` allows it.
    """
    saved = state["identity"]
    differing = sorted(name for name in {*saved, *identity} if saved.get(name) != identity.get(name))
    if not differing:
        return True
    if resume is Resume.CHANGED:
        logger.warning("resuming although these changed: %s", ", ".join(differing))
        return False
    raise InputRejected(
        "RESUME_CHANGED",
        "the output folder holds checkpoints of another training",
        got="different " + ", ".join(differing),
        expected="the same configuration, cohort and number of processes",
        remedy="Choose another output_dir, restore the configuration, or set resume to changed.",
    )


def restore(parts: Mapping[str, Stateful], state: Mapping[str, Any]) -> None:
    """Put a saved state back into the parts.

    Raises:
        InputRejected: ``RESUME_MISFIT`` when a part cannot take its state; ``DP_RESUME_UNACCOUNTED`` when a private
            training would go on without noise and without its account.
    """
    if "privacy" in state["parts"] and "privacy" not in parts:
        raise InputRejected(
            "DP_RESUME_UNACCOUNTED",
            "the checkpoints are of a private training, and this one has no privacy",
            expected="the same private training",
            remedy="Train with the overlay dp, or choose another output_dir.",
        )
    for name, part in parts.items():
        saved = state["parts"].get(name)
        if saved is None:
            logger.warning("the checkpoint has no state for %s; it starts afresh", name)
            continue
        try:
            part.load_state_dict(saved)
        except (RuntimeError, KeyError, ValueError) as error:
            raise InputRejected(
                "RESUME_MISFIT",
                f"the checkpoint's {name} does not fit this training",
                got=type(error).__name__,
                expected="the same networks and optimiser",
                remedy="Choose another output_dir.",
            ) from error


def trainable_loss(loss: Any) -> nn.Module | None:
    """The loss, where it has a state of its own (learned task weights, fitted scales)."""
    return loss if isinstance(loss, nn.Module) and loss.state_dict() else None

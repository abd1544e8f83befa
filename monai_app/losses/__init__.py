"""Floor 3: losses of every task kind, and what their outputs mean."""

from monai_app.losses.multitask import MultitaskLoss
from monai_app.losses.reliability import ReliabilityLoss

__all__ = ["MultitaskLoss", "ReliabilityLoss"]

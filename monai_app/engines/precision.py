"""Which precision to compute in: bf16 only where the processor has it, and only where it pays for this network.

MONAI's SupervisedTrainer autocasts "cuda" alone, so its ``amp`` does nothing on a CPU; here the inferer autocasts.
A small network can be slower in bf16 than in fp32 even on a processor that has it, so ``auto`` measures once.
"""

from __future__ import annotations

import copy
import logging
import statistics
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import is_dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import torch
from monai.inferers import SimpleInferer
from torch import Tensor, nn

from monai_app.core.atomic import write_json
from monai_app.core.loading import read_json
from monai_app.core.processor import has_bf16
from monai_app.core.random import scoped_torch_seed
from monai_app.engines.distributed import from_rank_zero, rank, unwrapped

logger = logging.getLogger(__name__)

_NEEDED_SPEEDUP = 1.15
"""bf16 must be this much faster than fp32 to be worth its rounding."""

_MEASURED_STEPS = 3


class Precision(StrEnum):
    """What the forward pass computes in; parameters and the loss stay fp32."""

    AUTO = "auto"
    FP32 = "fp32"
    BF16 = "bf16"


class AutocastInferer(SimpleInferer):
    """MONAI's inferer with autocast on any device; what it returns is fp32 again, so that losses are exact.

    Args:
        precision: ``auto`` means fp32 until :meth:`settle` has measured.
        record: a JSON file that keeps the measured choice, so that a resumed training computes as it began.
    """

    def __init__(self, precision: str = "auto", record: str | Path | None = None) -> None:
        super().__init__()
        self.precision = Precision(precision)
        self.record = None if record is None else Path(record)

    def __call__(self, inputs: Any, network: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run the network."""
        if self.precision is not Precision.BF16:
            return network(inputs, *args, **kwargs)
        with torch.autocast(_device_of(inputs).type, dtype=torch.bfloat16):
            output = network(inputs, *args, **kwargs)
        return as_float32(output)

    def settle(self, network: nn.Module, loss: Callable[..., Tensor], batch: Callable[[], tuple[Any, Any]]) -> None:
        """Decide ``auto``: by the record, else by the processor and, where it has bf16, by measuring training steps.

        The network is copied for the measurement and the global generator restored: nothing is changed.

        Args:
            batch: gives (inputs, targets) on the device; called only when there is something to measure.
        """
        if self.precision is not Precision.AUTO:
            return
        if self.record is not None and self.record.is_file():
            self.precision = Precision(read_json(self.record)["precision"])
            return
        plain = unwrapped(network)
        device = next(plain.parameters()).device
        seconds: dict[str, float] = {}
        if has_bf16(device):
            inputs, targets = batch()
            for choice in (Precision.FP32, Precision.BF16):
                seconds[choice.value] = _step_seconds(AutocastInferer(choice), plain, loss, inputs, targets)
        pays = bool(seconds) and seconds["fp32"] > _NEEDED_SPEEDUP * seconds["bf16"]
        self.precision = Precision(from_rank_zero((Precision.BF16 if pays else Precision.FP32).value))
        logger.info("precision auto -> %s (seconds a step: %s)", self.precision.value, seconds or "no bf16 here")
        if self.record is not None and rank() == 0:
            write_json(self.record, {"precision": self.precision.value, "seconds_a_step": seconds})


def as_float32(value: Any) -> Any:
    """The value with every floating tensor in float32, through dictionaries, sequences and dataclasses."""
    if isinstance(value, Tensor):
        return value.float() if value.is_floating_point() else value
    if isinstance(value, dict):
        return {key: as_float32(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return type(value)(as_float32(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{name: as_float32(item) for name, item in vars(value).items()})
    return value


def _device_of(inputs: Any) -> torch.device:
    tensors = inputs.values() if isinstance(inputs, dict) else [inputs]
    return next(tensor.device for tensor in tensors if isinstance(tensor, Tensor))


def _step_seconds(
    inferer: AutocastInferer, network: nn.Module, loss: Callable[..., Tensor], inputs: Any, targets: Any
) -> float:
    """Median seconds of a forward and backward pass on a copy of the network."""
    trial = copy.deepcopy(network).train()
    device = next(trial.parameters()).device
    synchronise = torch.cuda.synchronize if device.type == "cuda" else nullcontext
    measured = []
    with scoped_torch_seed("precision"):
        for _ in range(_MEASURED_STEPS + 1):
            start = time.perf_counter()
            loss(inferer(inputs, trial), targets).backward()
            synchronise()
            measured.append(time.perf_counter() - start)
            trial.zero_grad(set_to_none=True)
    return statistics.median(measured[1:])

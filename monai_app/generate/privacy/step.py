"""One step of DP-SGD (Abadi et al., CCS 2016, algorithm 1), for any network and loss, one patient at a time.

    g = 1 / L * (sum_i g_i * min(1, C / ||g_i||) + sigma * C * N(0, I))

The gradient of each patient is an ordinary backward pass of a batch of one. That holds for every network without batch
statistics, whatever its layers (hooks are wrong where the batch is not the first axis), and needs the memory of one
patient's activations and of one sum of gradients; in fp32 on a processor it takes about the time of per-sample
gradients by hooks (scripts/benchmarks/dp_sgd.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from monai_app.core.errors import AppError, InputRejected


@dataclass(frozen=True)
class StepReport:
    """What a step did. Not private: it is for the log of the training and never for release.

    Attributes:
        loss: mean over the patients of the step; 0 where it had none.
        patients: in the step.
        clipped: of them, those whose gradient was longer than the clipping norm.
    """

    loss: float
    patients: int
    clipped: int


class PrivateStep:
    """Writes the private gradient of a step into ``.grad`` of the parameters; the caller steps its optimiser.

    Args:
        parameters: all that is trained; those that need no gradient are left out.
        clip_norm: C, the longest that a patient's gradient may be (2-norm over all parameters); None does not clip.
        noise_multiplier: sigma.
        expected_patients: L, the mean size of a step: sampling rate times patients.

    Raises:
        ValueError: noise without clipping has no scale.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        *,
        clip_norm: float | None,
        noise_multiplier: float,
        expected_patients: float,
    ) -> None:
        self.parameters = [parameter for parameter in parameters if parameter.requires_grad]
        self.clip_norm, self.noise_multiplier, self.expected_patients = clip_norm, noise_multiplier, expected_patients
        if noise_multiplier and clip_norm is None:
            msg = f"Noise is measured in clipping norms: got noise {noise_multiplier} without clipping"
            raise ValueError(msg)

    def __call__(self, losses: Iterable[Callable[[], Tensor]], generator: torch.Generator) -> StepReport:
        """Fill ``.grad``.

        Args:
            losses: a function a patient that runs the network and returns that patient's scalar loss.
            generator: of the noise, on the CPU.

        Raises:
            AppError: ``GRADIENT_NOT_FINITE``.
        """
        total = [self._noise(parameter, generator) for parameter in self.parameters]
        loss_sum, patients, clipped = 0.0, 0, 0
        for loss_of_patient in losses:
            loss = loss_of_patient()
            gradients = torch.autograd.grad(loss, self.parameters, allow_unused=True)
            known = [index for index, gradient in enumerate(gradients) if gradient is not None]
            present = [gradient for gradient in gradients if gradient is not None]
            scale = self._scale(present)
            torch._foreach_add_([total[index] for index in known], present, alpha=scale)
            loss_sum, patients, clipped = loss_sum + float(loss.detach()), patients + 1, clipped + (scale < 1)
            del gradients, present, loss
        torch._foreach_div_(total, self.expected_patients)
        for parameter, gradient in zip(self.parameters, total, strict=True):
            parameter.grad = gradient
        return StepReport(loss_sum / max(patients, 1), patients, clipped)

    def _scale(self, gradients: Sequence[Tensor]) -> float:
        """min(1, C / ||g||), a hair below where it clips, so that rounding keeps the norm within C."""
        norm = float(torch.linalg.vector_norm(torch.stack(torch._foreach_norm(list(gradients)))))
        if not math.isfinite(norm):
            raise AppError(
                "GRADIENT_NOT_FINITE",
                "a patient's gradient became NaN or infinite",
                expected="finite numbers",
                remedy="Lower the learning rate, or compute in fp32.",
            )
        return 1.0 if self.clip_norm is None else min(1.0, self.clip_norm / (norm * (1 + 1e-6) + 1e-12))

    def _noise(self, parameter: nn.Parameter, generator: torch.Generator) -> Tensor:
        """What the sum of gradients starts from; drawn on the CPU, in the parameter's memory format."""
        start = torch.zeros_like(parameter, requires_grad=False)
        if not self.noise_multiplier or self.clip_norm is None:
            return start
        spread = self.noise_multiplier * self.clip_norm
        return start.copy_(torch.empty(parameter.shape).normal_(0.0, spread, generator=generator))


def check_network(network: nn.Module, loss: object = None) -> None:
    """Refuse what cannot be trained privately.

    Raises:
        InputRejected: ``DP_BATCH_STATISTICS``: a patient's output would depend on who else is in the batch, and
            running averages would keep what no noise covers; ``DP_LOSS_LEARNS``: parameters outside the network.
    """
    kinds = (nn.modules.batchnorm._BatchNorm, nn.modules.instancenorm._InstanceNorm)
    found = [part for part in network.modules() if isinstance(part, kinds) and _mixes(part)]
    if found:
        raise InputRejected(
            "DP_BATCH_STATISTICS",
            "the network normalises over the batch, which no private training can cover",
            got=f"{len(found)} layers such as {type(found[0]).__name__}",
            expected="GroupNorm or LayerNorm",
            remedy="Choose a network with GroupNorm, such as --fusion densenet121_group or densenet_narrow_group.",
        )
    if isinstance(loss, nn.Module) and any(parameter.requires_grad for parameter in loss.parameters()):
        raise InputRejected(
            "DP_LOSS_LEARNS",
            "the loss learns weights of its own, which get no noise",
            got="parameters in the loss",
            expected="a fixed loss",
            remedy="Set task_weighting=fixed.",
        )


def _mixes(layer: nn.Module) -> bool:
    return isinstance(layer, nn.modules.batchnorm._BatchNorm) or bool(getattr(layer, "track_running_stats", False))

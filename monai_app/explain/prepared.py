"""A network ready for attribution: in evaluation mode, weights frozen, nothing done in place; undone afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from monai_app.core.errors import InputRejected
from monai_app.networks import MultimodalNetwork
from monai_app.networks.encoders import PretrainedNoteEncoder


def refuse_unexplainable(network: object) -> MultimodalNetwork:
    """The network, where it is one that can be explained.

    Raises:
        InputRejected: ``EXPLAIN_UNSUPPORTED`` for trees and other models without tokens and gradients; ``TRAIN_MODE``.
    """
    if not isinstance(network, MultimodalNetwork):
        raise InputRejected(
            "EXPLAIN_UNSUPPORTED",
            "this kind of model has no attribution here",
            got=type(network).__name__,
            expected="a network of encoders and a fusion",
            remedy="Explain a deep fusion system; boosted trees have no tokens and no gradients.",
        )
    refuse_training(network)
    return network


def refuse_training(network: nn.Module) -> None:
    """Nothing, where the network is in evaluation mode.

    Raises:
        InputRejected: ``TRAIN_MODE``.
    """
    training = sum(module.training for module in network.modules())
    if training:
        raise InputRejected(
            "TRAIN_MODE",
            "a model in training mode cannot be explained: dropout and batch statistics would be part of the map",
            got=f"{training} modules in training mode",
            expected="evaluation mode",
            remedy="Call network.eval() first.",
        )


@contextmanager
def prepared(network: nn.Module) -> Iterator[None]:
    """Gradients flow to inputs only, and through everything; the network is left as it was found.

    In-place activations overwrite what Captum's hooks keep, so their switch is turned off. A frozen text model computes
    no gradients by itself. cuDNN has no backward pass for recurrent layers in evaluation mode.
    """
    trainable = [parameter for parameter in network.parameters() if parameter.requires_grad]
    in_place = [module for module in network.modules() if getattr(module, "inplace", False) is True]
    frozen = [module for module in network.modules() if isinstance(module, PretrainedNoteEncoder) and module.frozen]
    recurrent = any(isinstance(module, nn.RNNBase) for module in network.modules())
    try:
        for parameter in trainable:
            parameter.requires_grad_(False)
        for module in in_place:
            module.inplace = False  # type: ignore[assignment]
        for encoder in frozen:
            encoder.frozen = False
        with torch.backends.cudnn.flags(enabled=torch.backends.cudnn.enabled and not recurrent):
            yield
    finally:
        for parameter in trainable:
            parameter.requires_grad_(True)
        for module in in_place:
            module.inplace = True  # type: ignore[assignment]
        for encoder in frozen:
            encoder.frozen = True

"""Several processes, one training: who am I, and start and end of the process group (torchrun)."""

from __future__ import annotations

import os

import torch
from torch import distributed, nn


def rank() -> int:
    """Rank of this process; 0 when alone."""
    return distributed.get_rank() if distributed.is_available() and distributed.is_initialized() else 0


def world_size() -> int:
    """Number of processes; 1 when alone."""
    return distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1


def join_process_group() -> None:
    """Join the group that torchrun describes by its environment: NCCL where there is CUDA, else gloo."""
    if not distributed.is_initialized():
        distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")


def leave_process_group() -> None:
    """Leave the group, if there is one."""
    if distributed.is_initialized():
        distributed.destroy_process_group()


def local_device() -> torch.device:
    """The accelerator of this process on its machine, else the CPU."""
    return (
        torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        if torch.cuda.is_available()
        else torch.device("cpu")
    )


def wrapped(network: nn.Module, device: torch.device) -> nn.Module:
    """The network behind DistributedDataParallel, on its device.

    Modalities that no sample of a batch has leave their encoder without gradients, hence ``find_unused_parameters``.
    """
    placed = network.to(device)
    ids = [device] if device.type == "cuda" else None
    return nn.parallel.DistributedDataParallel(placed, device_ids=ids, find_unused_parameters=True)


def unwrapped(network: nn.Module) -> nn.Module:
    """The network itself, without its DistributedDataParallel shell."""
    return network.module if isinstance(network, nn.parallel.DistributedDataParallel) else network


def from_rank_zero(value: str) -> str:
    """What rank 0 holds, on every process."""
    box = [value]
    if world_size() > 1:
        distributed.broadcast_object_list(box, src=0)
    return box[0]


def share_buffers(network: nn.Module) -> None:
    """Give every process the buffers of rank 0 (batch statistics), so that all validate the same model."""
    if world_size() > 1:
        for buffer in network.buffers():
            distributed.broadcast(buffer, src=0)


def average_gradients(module: nn.Module) -> None:
    """Average the gradients of a module that DistributedDataParallel does not watch (a loss with learned weights)."""
    if world_size() > 1:
        for parameter in module.parameters():
            if parameter.grad is not None:
                distributed.all_reduce(parameter.grad)
                parameter.grad /= world_size()

"""The network in OpenVINO, in a process of its own: loaded beside torch it takes torch's threads and slows it.

The child gets the network once, compiles it for one window, and then trades windows for scores through shared memory.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from multiprocessing.connection import Connection
from typing import Any

import torch
from torch import Tensor, nn

from monai_app.core.errors import AppError, InputRejected
from monai_app.inference.model import Precision, SegmentationModel
from monai_app.inference.rolling import Predict

_DONE_SECONDS = 10.0


@contextmanager
def openvino_predictor(model: SegmentationModel, precision: Precision, *, shape: tuple[int, ...]) -> Iterator[Predict]:
    """The network as a function of one window ``(1, S, x, y, z)``, run by OpenVINO in a child process.

    Args:
        shape: of a window, ``(1, S, x, y, z)``.

    Raises:
        InputRejected: ``OPENVINO_MISSING`` where the extra is not installed.
        AppError: ``OPENVINO_FAILED`` where the network cannot be converted or the child dies.
    """
    if find_spec("openvino") is None:
        raise InputRejected(
            "OPENVINO_MISSING",
            "OpenVINO is not installed",
            expected="the extra openvino",
            remedy="Run pip install 'monai-app[openvino]', or leave --backend to torch.",
        )
    window = torch.zeros(shape).share_memory_()
    scores = torch.zeros(1, len(model.classes), *shape[2:]).share_memory_()
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    arguments = (theirs, model.network, window, scores, precision.value, torch.get_num_threads())
    child = context.Process(target=_serve, args=arguments, daemon=True)
    child.start()
    theirs.close()
    try:
        _answer(ours)

        def predict(part: Tensor) -> Tensor:
            window.copy_(part)
            ours.send(True)
            _answer(ours)
            return scores

        yield predict
        ours.send(False)
        child.join(_DONE_SECONDS)
    finally:
        ours.close()
        if child.is_alive():
            child.terminate()
        child.join()


def _answer(pipe: Connection) -> None:
    try:
        fault = pipe.recv()
    except (EOFError, OSError):
        fault = "its process ended"
    if fault:
        raise AppError(
            "OPENVINO_FAILED", "OpenVINO could not run the network", got=fault, remedy="Use --backend torch."
        )


def _serve(pipe: Connection, network: nn.Module, window: Tensor, scores: Tensor, precision: str, threads: int) -> None:
    """The child: convert, compile, then answer every window until told to stop."""
    try:
        compiled = _compiled(network, tuple(window.shape), precision, threads)
        source, target = window.numpy(), scores.numpy()
        pipe.send("")
        while pipe.recv():
            target[...] = compiled(source)[0]
            pipe.send("")
    except EOFError:
        return
    except Exception as error:
        pipe.send(type(error).__name__)


def _compiled(network: nn.Module, shape: tuple[int, ...], precision: str, threads: int) -> Any:
    import openvino

    torch.set_num_threads(1)
    with torch.no_grad():
        converted = openvino.convert_model(network.eval(), example_input=torch.zeros(shape), input=[shape])
    hints = {
        "INFERENCE_PRECISION_HINT": "bf16" if precision == Precision.BF16.value else "f32",
        "INFERENCE_NUM_THREADS": threads,
        "PERFORMANCE_HINT": "LATENCY",
    }
    return openvino.Core().compile_model(converted, "CPU", hints)

from __future__ import annotations

import multiprocessing
import sys
from dataclasses import replace

import pytest

from monai_app.core.errors import AppError, InputRejected
from monai_app.inference import openvino
from monai_app.inference.model import EXACT, Backend, Precision
from monai_app.inference.segment import segment_volume
from tests.inference.tiny import model, volume

SHAPE = (1, 1, 16, 16, 16)


def test_labels_equal_those_of_torch_and_this_process_stays_free_of_it() -> None:
    scan, net = volume((20, 20, 12)), model()
    ours = segment_volume(scan, net, replace(EXACT, backend=Backend.OPENVINO)).labels
    assert (ours == segment_volume(scan, net, EXACT).labels).mean() >= 0.999
    assert "openvino" not in sys.modules


def test_without_the_extra_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openvino, "find_spec", lambda name: None)
    with (
        pytest.raises(InputRejected, match="OPENVINO_MISSING"),
        openvino.openvino_predictor(model(), Precision.FP32, shape=SHAPE),
    ):
        pass


@pytest.mark.parametrize("closed", [True, False])
def test_a_child_that_fails_or_dies_is_told(closed: bool) -> None:
    ours, theirs = multiprocessing.Pipe()
    if not closed:
        theirs.send("RuntimeError")
    theirs.close()
    with pytest.raises(AppError, match="OPENVINO_FAILED"):
        openvino._answer(ours)


def test_a_child_that_is_ready_is_believed() -> None:
    ours, theirs = multiprocessing.Pipe()
    theirs.send("")
    openvino._answer(ours)

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from monai_app.core.loading import read_json
from monai_app.engines import precision
from monai_app.engines.precision import AutocastInferer, Precision, as_float32
from monai_app.networks import FusionOutput

INPUTS = {"x": torch.ones(2, 3)}


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 1)
        self.seen: list[torch.dtype] = []

    def forward(self, inputs: dict[str, Tensor]) -> FusionOutput:
        value = self.layer(inputs["x"])
        self.seen.append(value.dtype)
        return FusionOutput({"death": value}, extras={"tokens": [value]})


def loss(output: FusionOutput, targets: object) -> Tensor:
    return output.logits["death"].sum()


def test_bf16_computes_in_bf16_and_returns_fp32() -> None:
    net = Net()
    output = AutocastInferer("bf16")(INPUTS, net)
    assert net.seen == [torch.bfloat16]
    assert output.logits["death"].dtype == output.extras["tokens"][0].dtype == torch.float32


def test_fp32_is_untouched() -> None:
    net = Net()
    assert torch.equal(AutocastInferer("fp32")(INPUTS, net).logits["death"], net(INPUTS).logits["death"])


def test_without_hardware_auto_is_fp32_and_nothing_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "has_bf16", lambda device: False)
    inferer = AutocastInferer("auto", tmp_path / "precision.json")
    inferer.settle(Net(), loss, lambda: pytest.fail("measured"))
    assert inferer.precision is Precision.FP32


@pytest.mark.parametrize(("bf16_seconds", "chosen"), [(0.5, "bf16"), (0.95, "fp32"), (2.0, "fp32")])
def test_auto_takes_bf16_only_where_it_pays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bf16_seconds: float, chosen: str
) -> None:
    seconds = {"fp32": 1.0, "bf16": bf16_seconds}
    monkeypatch.setattr(precision, "has_bf16", lambda device: True)
    monkeypatch.setattr(precision, "_step_seconds", lambda inferer, *_: seconds[inferer.precision.value])
    inferer = AutocastInferer("auto", tmp_path / "precision.json")
    inferer.settle(Net(), loss, lambda: (INPUTS, {}))
    assert inferer.precision.value == read_json(tmp_path / "precision.json")["precision"] == chosen


def test_a_recorded_choice_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "precision.json").write_text('{"precision": "bf16"}')
    inferer = AutocastInferer("auto", tmp_path / "precision.json")
    inferer.settle(Net(), loss, lambda: pytest.fail("measured"))
    assert inferer.precision is Precision.BF16


def test_measuring_changes_neither_weights_nor_generators(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "has_bf16", lambda device: True)
    net, state = Net(), torch.get_rng_state()
    before = [parameter.clone() for parameter in net.parameters()]
    AutocastInferer("auto").settle(net, loss, lambda: (INPUTS, {}))
    assert all(torch.equal(a, b) and a.grad is None for a, b in zip(net.parameters(), before, strict=True))
    assert torch.equal(torch.get_rng_state(), state) and not net.seen


def test_integers_stay_integers() -> None:
    assert as_float32((torch.ones(1, dtype=torch.int64), [torch.ones(1).half()]))[0].dtype == torch.int64

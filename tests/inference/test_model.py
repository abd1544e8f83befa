from __future__ import annotations

import pytest

from monai_app.core.errors import InputRejected
from monai_app.inference import model
from monai_app.inference.model import Backend, Crop, Options, Precision


@pytest.mark.parametrize("native", [True, False])
def test_auto_is_bf16_only_where_the_processor_has_it(native: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "has_bf16", lambda device: native)
    assert Options().resolved() is (Precision.BF16 if native else Precision.FP32)
    assert Options(precision=Precision.FP32).resolved() is Precision.FP32


def test_bf16_is_refused_where_it_would_be_emulated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "has_bf16", lambda device: False)
    with pytest.raises(InputRejected, match="BF16_UNSUPPORTED"):
        Options.parse(overlap=0.5, precision="bf16", crop="body", backend="torch")


def test_words_become_options() -> None:
    chosen = Options.parse(overlap=0.5, precision="fp32", crop="none", backend="openvino")
    assert (chosen.crop, chosen.backend, chosen.overlap) == (Crop.NONE, Backend.OPENVINO, 0.5)
    assert chosen.as_dict()["precision_used"] == "fp32"


@pytest.mark.parametrize(
    ("change", "code"),
    [({"crop": "x"}, "OPTION_UNKNOWN"), ({"backend": "x"}, "OPTION_UNKNOWN"), ({"precision": "int8"}, "OPTION_UNKNOWN"),
     ({"overlap": 1.0}, "OVERLAP_INVALID")],
)  # fmt: skip
def test_unknown_words_are_refused(change: dict[str, object], code: str) -> None:
    words: dict[str, object] = {"overlap": 0.5, "precision": "fp32", "crop": "none", "backend": "torch"}
    with pytest.raises(InputRejected, match=code):
        Options.parse(**(words | change))  # type: ignore[arg-type]

from __future__ import annotations

import pytest

from monai_app.engines.expressions import references, style_faults, unsafe_expression

ALLOWED = [
    "$@output_dir + '/checkpoints'",
    "$@train::trainer.run()",
    "$@train#trainer.run()",
    "$@spec.modalities.names",
    "$@epochs * len(@train::dataloader)",
    "$@network_def.to(@device)",
    "$torch.device('cuda' if torch.cuda.is_available() else 'cpu')",
    "$import torch",
    "$import monai_app",
]
REFUSED = [
    "$__import__('os').system('touch marker')",
    "$import os",
    "$from os import system",
    "$import torch, os",
    "$os.system('touch marker')",
    "$open('marker', 'w')",
    "$glob.glob('*')",
    "$exec('import os')",
    "$(lambda: 1)()",
    "$[item for item in @dataset]",
    "$@dataset.__class__.__base__.__subclasses__()",
    "$@a._private",
    "$@record.write_text('marker')",
    "$@a.run().run()",
    "$@a.run(@b.predict())",
    "$@a[0]",
    "$f'{@a}'",
    "$torch.load('weights.pt')",
    "$torch.os.system('touch marker')",
    "$torch.hub.load('x', 'y')",
    "$monai.bundle.run()",
    "$@imports::0.os.system('touch marker')",
    "$reference_.run()",
    "$@a.run(",
    "$",
    "$" + "(" * 500,
]


@pytest.mark.parametrize("text", ALLOWED)
def test_attribute_access_one_call_arithmetic_and_the_device_are_allowed(text: str) -> None:
    assert unsafe_expression(text) is None


@pytest.mark.parametrize("text", REFUSED)
def test_everything_else_is_refused(text: str) -> None:
    assert unsafe_expression(text)


def test_an_allowed_expression_has_the_meaning_that_was_checked() -> None:
    assert references("$@a#b + @c::d") == ["a::b", "c::d"]
    assert references("@a#b") == ["a::b"]
    assert references("mail@example.org") == []


def test_long_expressions_and_deep_references_are_bad_style() -> None:
    assert style_faults("@a::b::c") == []
    assert "4 levels" in style_faults("@a::b::c::d")[0]
    assert "81 characters" in style_faults("$" + "1" * 80)[0]
    assert style_faults("x" * 200) == []

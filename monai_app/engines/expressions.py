"""What a ``$`` expression in a configuration may be: attribute access, one call on a reference, arithmetic, the device.

MONAI evaluates ``$`` strings with Python's eval (GHSA-873f-pvrv-4x83), so these rules are checked on the syntax tree
before anything is parsed by MONAI.
"""

from __future__ import annotations

import ast
import re

LONGEST_EXPRESSION = 80
"""Characters."""

DEEPEST_REFERENCE = 3
"""Levels of ``@a::b::c``."""

_REFERENCE = re.compile(r"@(\w*(?:::\w*)*)")
_METHODS = frozenset({"eval", "outputs", "parameters", "predict", "run", "to", "train"})
"""Methods that may be called on a reference; none of them opens or writes a file of the caller's choice."""
_FUNCTIONS = frozenset({"len"})
_DEVICE_FUNCTIONS = frozenset({"torch.device", "torch.cuda.is_available"})
_PLAIN_NODES = (
    ast.Expression,
    ast.Constant,
    ast.BinOp,
    ast.UnaryOp,
    ast.BoolOp,
    ast.Compare,
    ast.IfExp,
    ast.Load,
    ast.operator,
    ast.unaryop,
    ast.boolop,
    ast.cmpop,
    ast.keyword,
)
_PLACEHOLDER = "reference_"
_ALLOWED_IMPORTS = frozenset({"import torch", "import monai_app"})


def references(text: str) -> list[str]:
    """The ids that a configuration string refers to, in MONAI's ``a::b`` form."""
    text = text.replace("#", "::")
    if text.startswith("$"):
        return _REFERENCE.findall(text)
    return [text[1:]] if _REFERENCE.fullmatch(text) else []


def unsafe_expression(text: str) -> str | None:
    """Why a ``$`` string is refused; None where it is one of the allowed forms.

    Args:
        text: the string including its ``$``.
    """
    source = text.removeprefix("$").replace("#", "::").strip()
    if source in _ALLOWED_IMPORTS:
        return None
    if any(name.split("::")[0] == "imports" for name in references(text)):
        return "an imported module is used as an object"
    if _PLACEHOLDER in source:
        return "a reserved name is used"
    try:
        tree = ast.parse(_REFERENCE.sub(_PLACEHOLDER, source), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "it is no expression"
    calls = 0
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            calls += _dotted(node.func) not in _DEVICE_FUNCTIONS
        fault = _node_fault(node)
        if fault is not None:
            return fault
    return "more than one call" if calls > 1 else None


def _node_fault(node: ast.AST) -> str | None:
    if isinstance(node, ast.Call):
        return _call_fault(node)
    if isinstance(node, ast.Attribute):
        return "a private attribute is used" if node.attr.startswith("_") else None
    if isinstance(node, ast.Name):
        allowed = node.id in {_PLACEHOLDER, "torch", *_FUNCTIONS}
        return None if allowed else f"the name {node.id} is used"
    return None if isinstance(node, _PLAIN_NODES) else f"{type(node).__name__} is used"


def _call_fault(node: ast.Call) -> str | None:
    name = _dotted(node.func)
    if name in _FUNCTIONS | _DEVICE_FUNCTIONS:
        return None
    root, _, method = name.rpartition(".")
    if root.split(".")[0] == _PLACEHOLDER and method in _METHODS:
        return None
    return "something other than an allowed method of a reference is called"


def _dotted(node: ast.expr) -> str:
    """``a.b.c`` of a chain of attributes on a name; empty for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def style_faults(text: str) -> list[str]:
    """What of a string breaks the house rules without being dangerous."""
    faults = []
    if text.startswith("$") and len(text) > LONGEST_EXPRESSION:
        faults.append(f"an expression of {len(text)} characters, at most {LONGEST_EXPRESSION}")
    for name in references(text):
        if len(name.split("::")) > DEEPEST_REFERENCE:
            faults.append(f"a reference of {len(name.split('::'))} levels, at most {DEEPEST_REFERENCE}")
    return faults

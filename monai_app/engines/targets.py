"""Which functions and classes a ``_target_`` in a configuration may name.

MONAI imports and calls whatever a ``_target_`` names, through any chain of attributes (``torch.os.system``). Allowed
are classes and functions defined in the listed packages themselves, found without calling anything.
"""

from __future__ import annotations

import importlib
import inspect
from importlib.util import find_spec
from types import ModuleType

_ALLOWED_MODULES = (
    "monai_app.cohort",
    "monai_app.core.logging",
    "monai_app.engines",
    "monai_app.generate",
    "monai_app.inference",
    "monai_app.losses",
    "monai_app.metrics",
    "monai_app.networks",
    "monai_app.transforms",
    "monai.data",
    "monai.engines",
    "monai.handlers",
    "monai.inferers",
    "monai.losses",
    "monai.metrics",
    "monai.networks.blocks",
    "monai.networks.layers",
    "monai.networks.nets",
    "monai.networks.schedulers",
    "monai.optimizers",
    "monai.transforms",
    "torch.nn",
    "torch.optim",
    "torch.utils.data",
    "ignite.handlers",
    "ignite.metrics",
)
_SHORT_NAME_MODULES = (
    "monai.transforms",
    "monai.handlers",
    "monai.data",
    "monai.engines",
    "monai.inferers",
    "monai.losses",
)
_REFUSED_NAMES = frozenset(
    {
        *(f"{prefix}Lambda{suffix}" for prefix in ("", "Rand") for suffix in ("", "d", "D", "Dict")),
        "CacheNTransDataset",
        "GDSDataset",
        "LMDBDataset",
        "NumpyReader",
        "PersistentDataset",
    }
)
"""Components that run code given in a configuration (Lambda) or unpickle files (the readers and caches)."""


def unsafe_target(target: object) -> str | None:
    """Why a ``_target_`` is refused; None where it is allowed.

    A name without dots is one of MONAI's own components, as MONAI itself resolves it.
    """
    if not isinstance(target, str) or not all(part.isidentifier() for part in target.split(".")):
        return "a target is no dotted name"
    if target.rpartition(".")[2] in _REFUSED_NAMES:
        return f"{target} can run code from a configuration or a file"
    if "." not in target:
        known = any(hasattr(importlib.import_module(name), target) for name in _SHORT_NAME_MODULES)
        return None if known else f"{target} is no component of MONAI"
    if not _allowed(target):
        return f"{target} is not in an allowed package"
    module, rest = _module_of(target)
    if len(rest) != 1 or rest[0].startswith("_"):
        return f"{target} is no public name of a module"
    found = getattr(module, rest[0], None)
    if not (inspect.isclass(found) or inspect.isfunction(found)):
        return f"{target} is neither a class nor a function"
    return None if _allowed(found.__module__) else f"{target} is defined outside the allowed packages"


def unsafe_name(text: str) -> str | None:
    """Why a plain string is refused: MONAI imports what some arguments name (``LoadImaged(reader="os.system")``)."""
    if text in _REFUSED_NAMES:
        return f"{text} is named"
    first, dot, _ = text.partition(".")
    if not dot or not all(part.isidentifier() for part in text.split(".")) or find_spec(first) is None:
        return None
    return unsafe_target(text)


def _allowed(name: str) -> bool:
    return any(name == prefix or name.startswith(prefix + ".") for prefix in _ALLOWED_MODULES)


def _module_of(target: str) -> tuple[ModuleType, list[str]]:
    """The longest importable module a dotted name starts with, and the names after it."""
    parts = target.split(".")
    for length in range(len(parts) - 1, 1, -1):
        name = ".".join(parts[:length])
        try:
            spec = find_spec(name)
        except (ModuleNotFoundError, ValueError):
            spec = None
        if spec is not None:
            return importlib.import_module(name), parts[length:]
    return importlib.import_module(parts[0]), parts[1:]

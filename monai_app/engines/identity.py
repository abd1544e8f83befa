"""What an object is configured to do, as a hash: the resolved configuration, read from the live objects.

Comments, paths, worker counts and the order of configuration files do not count; a dropout rate does. It decides
whether a checkpoint may be resumed and whether a cache entry is stale.
"""

from __future__ import annotations

import functools
import inspect
import pickle
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel

from monai_app.core.atomic import content_hash, sha256_bytes, sha256_file

_DEEPEST = 12
_RUNTIME_STATE = frozenset({"R", "training", "seed"})
"""Attributes that change while an object works: a transform's random state, a module's mode."""


def identity(value: Any) -> str:
    """Hash of what ``value`` is configured to do."""
    return content_hash(describe(value))


def describe(value: Any, depth: int = 0) -> Any:
    """A JSON-able description of an object's class, plain attributes and parts.

    A module's parameters count by shape and its buffers not at all: their content is state, not configuration.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if depth > _DEEPEST:
        return type(value).__qualname__
    down = depth + 1
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, torch.Tensor | np.ndarray):
        array = value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else value
        return [str(array.dtype), list(array.shape), sha256_bytes(np.ascontiguousarray(array).tobytes())]
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(key): describe(item, down) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [describe(item, down) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(str(item) for item in value)
    if isinstance(value, functools.partial):
        return [describe(value.func, down), describe(value.args, down), describe(value.keywords, down)]
    if isinstance(value, type | FunctionType | BuiltinFunctionType | MethodType):
        return f"{value.__module__}.{value.__qualname__}"
    return _describe_object(value, down)


def _describe_object(value: Any, depth: int) -> Any:
    name = f"{type(value).__module__}.{type(value).__qualname__}"
    if isinstance(value, torch.nn.Module):
        shapes = {key: list(tensor.shape) for key, tensor in value.named_parameters(recurse=False)}
        parts = {key: describe(part, depth) for key, part in value.named_children()}
        return [name, _plain_attributes(value, depth), shapes, parts]
    if isinstance(value, torch.optim.Optimizer):
        groups = [
            {key: item for key, item in group.items() if key not in ("params", "lr")} for group in value.param_groups
        ]
        return [name, describe(groups, depth), [len(group["params"]) for group in value.param_groups]]
    if is_dataclass(value):
        return [name, {field.name: describe(getattr(value, field.name), depth) for field in fields(value)}]
    if hasattr(value, "__dict__"):
        return [name, _plain_attributes(value, depth)]
    return [name, sha256_bytes(pickle.dumps(value))]


def _plain_attributes(value: Any, depth: int) -> dict[str, Any]:
    """Attributes that are settings: not a module's parts, not a random state, not the arrays of the last draw."""
    settings = {}
    for key, item in sorted(vars(value).items()):
        private = key.startswith("_")
        bookkeeping = private and isinstance(value, torch.nn.Module)
        drawn = private and isinstance(item, torch.Tensor | np.ndarray)
        if key not in _RUNTIME_STATE and not bookkeeping and not drawn:
            settings[key] = describe(item, depth)
    return settings


def code_identity(value: Any) -> str:
    """Hash of the configuration of an object and of the source files of its class and of its parts' classes."""
    modules = {sys.modules[name] for name in _module_names(describe(value)) if name in sys.modules}
    sources = sorted(inspect.getsourcefile(module) or "" for module in modules)
    return content_hash([describe(value), [sha256_file(source) for source in sources if source]])


def _module_names(description: Any) -> set[str]:
    """Modules of this package that a description names."""
    if isinstance(description, str):
        module = description.rpartition(".")[0]
        return {module} if module.startswith("monai_app.") else set()
    if isinstance(description, dict):
        description = list(description.values())
    if isinstance(description, list):
        return set().union(*(_module_names(item) for item in description)) if description else set()
    return set()

"""Options of a source as text: ``NAME=VALUE`` is read by the annotations of its ``build`` function."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Iterable
from enum import Enum
from pathlib import Path
from typing import Any

from monai_app.core.errors import InputRejected


def source_options(build: Callable[..., Any]) -> dict[str, tuple[type, Any]]:
    """Type and default of each keyword-only option; ``Path | None`` counts as Path."""
    hints = typing.get_type_hints(build)
    options: dict[str, tuple[type, Any]] = {}
    for name, parameter in inspect.signature(build).parameters.items():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            hint = hints[name]
            if typing.get_origin(hint) in (typing.Union, types.UnionType):
                hint = next(part for part in typing.get_args(hint) if part is not type(None))
            options[name] = (hint, parameter.default)
    return options


def describe_options(build: Callable[..., Any]) -> dict[str, str]:
    """What each option takes, in words."""
    described = {}
    for name, (kind, default) in source_options(build).items():
        words = " | ".join(str(member.value) for member in kind) if issubclass(kind, Enum) else kind.__name__.lower()
        shown = default.value if isinstance(default, Enum) else default
        described[name] = words if shown is None else f"{words} (default {shown})"
    return described


def parse_options(build: Callable[..., Any], pairs: Iterable[str]) -> dict[str, Any]:
    """The keyword arguments that ``NAME=VALUE`` pairs mean.

    Raises:
        InputRejected: ``OPTION_UNKNOWN`` or ``OPTION_INVALID``, naming what there is.
    """
    options, parsed = source_options(build), {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if name not in options or not equals:
            raise InputRejected(
                "OPTION_UNKNOWN",
                "the source has no such option",
                expected=", ".join(f"{name}={words}" for name, words in describe_options(build).items()) or "none",
                remedy="Options are given as --set NAME=VALUE.",
            )
        parsed[name] = _parse(options[name][0], text, name)
    return parsed


def _parse(kind: type, text: str, name: str) -> Any:
    try:
        return Path(text) if kind is Path else kind(text)
    except ValueError:
        expected = [str(member.value) for member in kind] if issubclass(kind, Enum) else kind.__name__
        raise InputRejected("OPTION_INVALID", f"option {name} does not take this value", expected=expected) from None

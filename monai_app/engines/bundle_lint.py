"""The lint of a bundle: nothing in it can run code that is not ours, and its configurations can be read.

It reads files and never imports, evaluates or unpickles anything from the bundle, so it comes before MONAI's parser.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from monai_app.core.errors import InputRejected
from monai_app.core.loading import read_checked_bytes, read_json, read_yaml
from monai_app.engines.expressions import style_faults, unsafe_expression
from monai_app.engines.targets import unsafe_name, unsafe_target

LONGEST_OVERLAY = 30
"""Lines."""

_MOST_NODES = 20_000
_LARGEST_CONFIG_BYTES = 1 << 20
_WORKFLOWS = frozenset({
    "common", "train", "train_autoencoder", "train_diffusion", "evaluate", "inference", "explain", "metadata",
    "metadata_schema",
})  # fmt: skip
_CODE_SUFFIXES = frozenset({".py", ".pyc", ".pyd", ".so", ".dll", ".pth", ".conf", ".sh"})
_PICKLED_SUFFIXES = frozenset({".pt", ".pkl", ".pickle", ".ts", ".bin", ".npy", ".npz", ".joblib", ".ckpt"})
_MODES = frozenset({"default", "callable"})


class Severity(StrEnum):
    """How bad a finding is."""

    UNSAFE = "unsafe"
    STYLE = "style"


@dataclass(frozen=True)
class Finding:
    """One breach of a rule.

    Attributes:
        file: path within the bundle.
        place: id within the configuration, or empty.
        what: the breach.
    """

    severity: Severity
    file: str
    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}{f' {self.place}' if self.place else ''}: {self.what}"


def lint_bundle(bundle: str | Path) -> list[Finding]:
    """Every finding in a bundle folder, unsafe ones first.

    Raises:
        InputRejected: ``BUNDLE_MISSING`` when the folder has no configs.
    """
    root = Path(bundle)
    if not (root / "configs").is_dir():
        raise InputRejected(
            "BUNDLE_MISSING",
            "the folder is not a bundle",
            expected="a folder with configs/metadata.json and configs/*.yaml",
            remedy="Give the path of a bundle, or the name of a shipped one.",
        )
    findings = [finding for path in sorted(root.rglob("*")) for finding in _lint_file(root, path)]
    return sorted(findings, key=lambda finding: (finding.severity is Severity.STYLE, finding.file, finding.place))


def refuse_unsafe(bundle: str | Path) -> None:
    """Refuse a bundle that could run code of its own.

    Raises:
        InputRejected: ``BUNDLE_UNSAFE`` with the first findings; ``BUNDLE_MISSING``.
    """
    unsafe = [finding for finding in lint_bundle(bundle) if finding.severity is Severity.UNSAFE]
    if unsafe:
        raise _unsafe(unsafe)


def refuse_unsafe_settings(settings: dict[str, Any]) -> None:
    """Hold settings from the command line to the same rules.

    Raises:
        InputRejected: ``BUNDLE_UNSAFE``.
    """
    unsafe = [finding for finding in lint_config("--set", settings) if finding.severity is Severity.UNSAFE]
    if unsafe:
        raise _unsafe(unsafe)


def _unsafe(findings: list[Finding]) -> InputRejected:
    return InputRejected(
        "BUNDLE_UNSAFE",
        "the bundle could run code of its own and was not parsed",
        got="; ".join(map(str, findings[:3])) + (f"; and {len(findings) - 3} more" if len(findings) > 3 else ""),
        expected="configurations that only name components of monai, monai_app, torch and ignite",
        remedy="Read it, and rewrite what `monai-app verify` names.",
    )


def _lint_file(root: Path, path: Path) -> Iterator[Finding]:
    name = path.relative_to(root).as_posix()
    if path.is_symlink():
        yield Finding(Severity.UNSAFE, name, "", "a symbolic link")
    elif path.is_file() and path.suffix in _CODE_SUFFIXES:
        yield Finding(Severity.UNSAFE, name, "", "a bundle holds no code")
    elif path.is_file() and path.suffix in _PICKLED_SUFFIXES:
        yield Finding(Severity.UNSAFE, name, "", "pickled content; weights are safetensors")
    elif path.is_file() and path.suffix == ".safetensors":
        yield from _lint_weights(name, path)
    elif path.is_file() and path.suffix in (".yaml", ".yml", ".json") and name.startswith("configs/"):
        yield from _lint_config_file(name, path)


def _lint_weights(name: str, path: Path) -> Iterator[Finding]:
    try:
        read_checked_bytes(path)
    except InputRejected as error:
        yield Finding(Severity.UNSAFE, name, "", error.what)


def _lint_config_file(name: str, path: Path) -> Iterator[Finding]:
    if path.stat().st_size > _LARGEST_CONFIG_BYTES:
        yield Finding(Severity.UNSAFE, name, "", "larger than a configuration can be")
        return
    try:
        content = read_json(path) if path.suffix == ".json" else read_yaml(path)
    except InputRejected as error:
        yield Finding(Severity.UNSAFE, name, "", error.what)
        return
    yield from lint_config(name, content)
    if path.suffix != ".json":
        text = path.read_text()
        yield from _uncommented_numbers(name, text)
        lines = len(text.splitlines())
        if path.stem not in _WORKFLOWS and lines > LONGEST_OVERLAY:
            yield Finding(Severity.STYLE, name, "", f"an overlay of {lines} lines, at most {LONGEST_OVERLAY}")


def lint_config(name: str, content: Any) -> Iterator[Finding]:
    """The findings of a parsed configuration, its nested values included."""
    waiting: list[tuple[str, Any]] = [("", content)]
    visited = 0
    while waiting:
        visited += 1
        if visited > _MOST_NODES:
            yield Finding(Severity.UNSAFE, name, "", "more entries than a configuration can have")
            return
        place, value = waiting.pop()
        if isinstance(value, dict):
            yield from _lint_component(name, place, value)
            waiting += [(f"{place}::{key}" if place else str(key), item) for key, item in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{place}::{index}", item) for index, item in enumerate(value)]
        elif isinstance(value, str):
            yield from _lint_string(name, place, value)


def _lint_component(name: str, place: str, value: dict[Any, Any]) -> Iterator[Finding]:
    if any(isinstance(key, str) and key.startswith("%") for key in value):
        yield Finding(Severity.UNSAFE, name, place, "a macro")
    if "_target_" in value:
        fault = unsafe_target(value["_target_"])
        if fault is not None:
            yield Finding(Severity.UNSAFE, name, place, fault)
    if value.get("_mode_", "default") not in _MODES:
        yield Finding(Severity.UNSAFE, name, place, "a component is started in a debugger")


def _lint_string(name: str, place: str, value: str) -> Iterator[Finding]:
    if value.startswith("%"):
        yield Finding(Severity.UNSAFE, name, place, "a macro")
    if value.startswith("$"):
        fault = unsafe_expression(value)
        if fault is not None:
            yield Finding(Severity.UNSAFE, name, place, f"an expression is refused: {fault}")
    name_fault = unsafe_name(value)
    if name_fault is not None and not place.endswith("_target_"):
        yield Finding(Severity.UNSAFE, name, place, name_fault)
    for fault in style_faults(value):
        yield Finding(Severity.STYLE, name, place, fault)


def _uncommented_numbers(name: str, text: str) -> Iterator[Finding]:
    """Numbers without a comment on their line, where their unit belongs."""
    lines = text.splitlines()
    numbers = {
        event.start_mark.line
        for event in yaml.parse(text, Loader=yaml.SafeLoader)
        if isinstance(event, yaml.ScalarEvent) and event.implicit[0] and _is_number(event.value)
    }
    for number in sorted(numbers):
        if "#" not in lines[number]:
            yield Finding(Severity.STYLE, name, f"line {number + 1}", "a number without its unit in a comment")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

"""Which calls and imports belong to one room only."""

from __future__ import annotations

import ast
from collections.abc import Iterator

GATEWAYS = {
    "pydicom": ("dicom",),
    "highdicom": ("dicom",),
    "ignite": ("engines",),
    "monai.engines": ("engines",),
    "monai.handlers": ("engines",),
    "captum": ("explain",),
    "monai.deploy": ("deploy",),
    "holoscan": ("deploy",),
    "opacus": ("generate/privacy",),
    "dicomweb_client": ("dicom",),
    "prometheus_client": ("deploy",),
    "fhir": ("cohort/fhir",),
    "dicomanonymizer": ("dicom",),
    "monai_app.engines": ("engines", "benchmark", "cli"),
    "joblib": ("core",),
    "shelve": ("core",),
    "marshal": ("core",),
    "dill": ("core",),
}
"""Module to the rooms that may import it; ``monai_app.engines`` is listed because deploy and review may not."""

LOADERS = {
    *(("torch", call) for call in ("load", "save")),
    *((owner, call) for owner in ("np", "numpy") for call in ("load", "save", "savez", "savez_compressed", "savetxt")),
    *(("pickle", call) for call in ("load", "loads", "Unpickler", "dump")),
}
WRITERS = {
    "write_text": "core.atomic.write_text",
    "write_bytes": "core.atomic.write_bytes",
    "write_csv": "core.tables.write_csv",
    "write_parquet": "core.tables.write_parquet",
    "write_table": "core.tables.write_parquet",
    "sink_parquet": "core.tables.write_parquet",
    "sink_csv": "core.tables.write_csv",
    "to_parquet": "core.tables.write_parquet",
    "to_csv": "core.tables.write_csv",
    "savefig": "core.page.Section.figure",
    "tofile": "core.atomic.write_bytes",
}
CORE_MODULES = {"atomic", "tables"}


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and full name of everything a module imports, ``from a import b`` as ``a.b``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def foreign_imports(source: str, room: str) -> list[str]:
    """Imports that belong to another room; ``room`` is a path below monai_app such as ``engines/trainer``."""
    found = []
    for line, name in imported(ast.parse(source)):
        for module, rooms in GATEWAYS.items():
            inside = any(room == allowed or room.startswith(allowed + "/") for allowed in rooms)
            if (name == module or name.startswith(module + ".")) and not inside:
                found.append(f"{line}: {name} belongs to {' or '.join(rooms)}")
    return found


def file_access(source: str) -> list[str]:
    """Loading that could run code and writing that is not atomic: both belong to core."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            call = _fault(node)
            if call:
                found.append(f"{node.lineno}: {call}")
    return found


def _fault(node: ast.Call) -> str:
    function = node.func
    if isinstance(function, ast.Name):
        return "open for writing belongs to core.atomic" if function.id == "open" and _writes(node, 1) else ""
    if not isinstance(function, ast.Attribute):
        return ""
    owner = function.value.id if isinstance(function.value, ast.Name) else ""
    if (owner, function.attr) in LOADERS:
        return f"{owner}.{function.attr} belongs to core.loading"
    if function.attr == "open" and _writes(node, 0):
        return "open for writing belongs to core.atomic"
    if function.attr in WRITERS and owner not in CORE_MODULES:
        return f".{function.attr} belongs to {WRITERS[function.attr]}"
    return ""


def _writes(node: ast.Call, position: int) -> bool:
    """Whether a call of open has a mode that writes."""
    modes = [keyword.value for keyword in node.keywords if keyword.arg == "mode"] + node.args[position : position + 1]
    return any(isinstance(mode, ast.Constant) and set(str(mode.value)) & set("wax+") for mode in modes)

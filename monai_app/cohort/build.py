"""From a source's folder to a cohort directory."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from monai_app.cohort.sources import source_builder
from monai_app.cohort.sources.options import parse_options
from monai_app.cohort.spec import CohortRecord
from monai_app.cohort.writer import write_cohort
from monai_app.core.atomic import refuse_existing
from monai_app.core.errors import InputRejected


def build_cohort(
    source: str, folder: Path, out: Path, *, options: Iterable[str] = (), force: bool = False
) -> CohortRecord:
    """Read a source and write it as a cohort; nothing is written unless all of it could be read.

    Args:
        source: name of the source.
        folder: where its files lie.
        out: the new cohort directory.
        options: ``NAME=VALUE`` pairs for the source.
        force: replace what ``out`` holds.

    Raises:
        InputRejected: ``SOURCE_UNKNOWN``, ``OPTION_UNKNOWN``, ``OPTION_INVALID``, ``OUTPUT_EXISTS``,
            ``SOURCE_INCOMPLETE`` and those of the source.
    """
    build = source_builder(source)
    chosen = parse_options(build, options)
    refuse_existing(out, force=force)
    if not folder.is_dir():
        raise InputRejected("SOURCE_INCOMPLETE", "the source folder is missing", remedy="Check --from.")
    return write_cohort(out, build(folder, **chosen), force=force)

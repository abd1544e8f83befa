"""Are the files the ones that were written?"""

from __future__ import annotations

from collections.abc import Iterator

from monai_app.cohort.check.findings import Finding, Severity
from monai_app.cohort.store import Cohort
from monai_app.core.atomic import sha256_file


def check_files(cohort: Cohort) -> Iterator[Finding]:
    """Compare every table with its SHA-256 in cohort.json."""
    recorded = cohort.record.sha256
    present = {path.relative_to(cohort.path).as_posix() for path in cohort.path.rglob("*.parquet")}
    images = f"{cohort.record.image_root}/"
    unlisted = {name for name in present - set(recorded) if not name.startswith(images)}
    missing = set(recorded) - present
    changed = [name for name in sorted(set(recorded) & present) if sha256_file(cohort.path / name) != recorded[name]]
    if missing:
        yield Finding(
            "FILE_MISSING", Severity.ERROR, "tables named in cohort.json do not exist", len(missing), "Build it again."
        )
    if changed:
        yield Finding(
            "HASH_MISMATCH",
            Severity.ERROR,
            f"tables differ from their SHA-256 in cohort.json: {', '.join(changed[:5])}",
            len(changed),
            "The files were damaged or changed by hand; build the cohort again.",
        )
    if unlisted:
        yield Finding(
            "FILE_UNLISTED", Severity.WARNING, "tables that cohort.json does not name", len(unlisted), "Remove them."
        )

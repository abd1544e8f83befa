"""Any MEDS dataset, with a YAML that says what its models may see and, at will, an index of images.

The YAML has the fields of cohort.json: name, provenance, modalities, tasks, groups, image_root. A built cohort is MEDS
too, and its cohort.json will do.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import polars as pl
from meds import birth_code, death_code

from monai_app.cohort.codes import code_table
from monai_app.cohort.sources.meds_tables import read_codes, read_image_index, read_labels, read_splits, scan_events
from monai_app.cohort.sources.source_files import HASHED_SPLIT_PERCENT, collected
from monai_app.cohort.spec import CohortRecord, ModalitySpec
from monai_app.cohort.units import conversion
from monai_app.cohort.writer import CohortContent
from monai_app.core.errors import InputRejected
from monai_app.core.random import derive_seed


class Images(StrEnum):
    """Where the images of the new cohort lie."""

    COPIED = "copied"
    IN_PLACE = "in_place"


def build(
    source: Path, *, spec: Path | None = None, index: Path | None = None, images: Images = Images.COPIED
) -> CohortContent:
    """The cohort of a MEDS dataset: its labelled patients, and the codes that the spec names.

    Args:
        source: the dataset: data/, metadata/, labels/.
        spec: the YAML (or JSON); None looks for cohort.yaml, then cohort.json, in the dataset.
        index: images (parquet or CSV: subject_id, time, path, modality, view), paths relative to the spec's
            ``image_root``; None looks for images.parquet, then images.csv, in the dataset.
        images: copy the files into the cohort, or read them where they are.

    Raises:
        InputRejected: ``SOURCE_INCOMPLETE``, ``MISSING_COLUMN``, ``RECORD_INVALID``, ``UNIT_UNKNOWN``,
            ``UNIT_INCOMPATIBLE``, ``IMAGE_MISSING``, ``PATH_ESCAPES``.
    """
    record = CohortRecord.read(spec or _first(source, "cohort.yaml", "cohort.json", what="the spec of the cohort"))
    labels = {task.name: read_labels(source, task) for task in record.tasks}
    patients = pl.concat([frame["subject_id"] for columns in labels.values() for frame in columns.values()]).unique()
    codes, declared = _codes(source, record)
    events, event_changes = _events(source, record, patients)
    events, unit_changes = _converted(events, codes, record.modalities)
    splits, split_rule = _splits(source, patients)
    table, files, root = _images(source, record, index, images, patients)
    changes = (*record.provenance.changes, *event_changes, *unit_changes, *declared, split_rule)
    return CohortContent(
        record=record.model_copy(
            update={
                "provenance": record.provenance.model_copy(update={"changes": changes}),
                "image_root": root,
                "sha256": {},
            }
        ),
        events=events,
        codes=code_table(record.modalities, extra=_meaning(codes, record.modalities)),
        splits=splits,
        labels=labels,
        images=table,
        image_files=files,
    )


def _first(source: Path, *names: str, what: str) -> Path:
    for name in names:
        if (source / name).is_file():
            return source / name
    raise InputRejected(
        "SOURCE_INCOMPLETE",
        f"{what} was not found",
        expected=" or ".join(names),
        remedy="Write one (the fields of cohort.json) and name it with --set spec=FILE.",
    )


def _expected_units(modalities: ModalitySpec) -> dict[str, tuple[str, str]]:
    """Per code of a number: the unit that the spec wants, and the name of its channel or field."""
    wanted: dict[str, tuple[str, str]] = {}
    for channel in modalities.series.channels if modalities.series else ():
        for code in channel.codes:
            wanted.setdefault(code, (channel.unit, channel.name))
    for field in modalities.table.fields if modalities.table else ():
        for code in field.codes if field.kind == "numeric" else ():
            wanted.setdefault(code, (field.unit, field.name))
    return wanted


def _codes(source: Path, record: CohortRecord) -> tuple[pl.DataFrame, tuple[str, ...]]:
    codes = read_codes(source)
    stated = set(codes.drop_nulls("unit")["code"].to_list())
    silent = [code for code in _expected_units(record.modalities) if code not in stated]
    if not silent:
        return codes, ()
    return codes, (f"the dataset states no unit for {len(silent)} codes: those of the spec are taken as declared",)


def _events(source: Path, record: CohortRecord, patients: pl.Series) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The events of labelled patients whose code the spec names, or which are birth and death."""
    named = set(code_table(record.modalities)["code"].to_list()) | set(record.groups.values())
    everything = scan_events(source)
    wanted = everything.filter(
        pl.col("subject_id").is_in(patients.to_list()) & pl.col("code").is_in(sorted({*named, birth_code, death_code}))
    )
    events = collected(wanted, table="the events")
    left_out = collected(everything.select(pl.len()), table="the events").item() - events.height
    return events, (f"{left_out} events of unlabelled patients or of codes that the spec does not name left out",)


def _converted(
    events: pl.DataFrame, codes: pl.DataFrame, modalities: ModalitySpec
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Numbers in the unit of the spec."""
    wanted, changes = _expected_units(modalities), []
    for code, unit in codes.drop_nulls("unit").select("code", "unit").sort("code").iter_rows():
        if code not in wanted or unit == wanted[code][0]:
            continue
        target, name = wanted[code]
        slope, intercept = conversion(unit, to=target, substance=name)
        changes.append(f"{name}: {unit} converted to {target}")
        value = pl.col("numeric_value")
        changed = (value.cast(pl.Float64) * slope + intercept).cast(pl.Float32)
        events = events.with_columns(pl.when(pl.col("code") == code).then(changed).otherwise(value))
    return events, tuple(changes)


def _meaning(codes: pl.DataFrame, modalities: ModalitySpec) -> dict[str, tuple[str, str | None]]:
    """Descriptions of the dataset, units of the spec."""
    wanted = _expected_units(modalities)
    described = codes.select("code", "description", "unit").iter_rows()
    return {
        code: (description or code, wanted[code][0] if code in wanted else unit)
        for code, description, unit in described
    }


def _splits(source: Path, patients: pl.Series) -> tuple[pl.DataFrame, str]:
    given = read_splits(source)
    wanted = pl.DataFrame({"subject_id": patients.sort()})
    if given is not None:
        joined = wanted.join(given, on="subject_id", how="left")
        absent = joined["split"].null_count()
        if absent:
            raise InputRejected(
                "SPLIT_UNKNOWN",
                "subject_splits.parquet does not place every labelled patient",
                got=f"{absent} patients",
                expected="train, tuning or held_out for each",
            )
        return joined, "splits as in the dataset"
    bounds = (HASHED_SPLIT_PERCENT["train"], HASHED_SPLIT_PERCENT["train"] + HASHED_SPLIT_PERCENT["tuning"])
    parts = [derive_seed("meds split", subject) % 100 for subject in wanted["subject_id"].to_list()]
    names = ["train" if part < bounds[0] else "tuning" if part < bounds[1] else "held_out" for part in parts]
    rule = f"no subject_splits.parquet: split by a hash of the patient, {HASHED_SPLIT_PERCENT} percent"
    return wanted.with_columns(pl.Series("split", names)), rule


def _images(
    source: Path, record: CohortRecord, index: Path | None, placement: Images, patients: pl.Series
) -> tuple[pl.DataFrame | None, dict[str, bytes | Path], str]:
    """The index of labelled patients, the files to copy, and the image root of the new cohort."""
    found = [source / name for name in ("images.parquet", "images.csv") if (source / name).is_file()]
    if index is None and not found:
        return None, {}, "images"
    table = read_image_index(index or found[0]).filter(pl.col("subject_id").is_in(patients.to_list()))
    root = (source / record.image_root).resolve()
    paths = {relative: (root / relative).resolve() for relative in table["path"].to_list()}
    if not all(path.is_relative_to(root) for path in paths.values()):
        raise InputRejected("PATH_ESCAPES", "an image path leaves the image root", expected="paths below image_root")
    absent = sum(not path.is_file() for path in paths.values())
    if absent:
        raise InputRejected(
            "IMAGE_MISSING", "indexed images do not exist", got=f"{absent} of {len(paths)}", expected="every image"
        )
    if placement is Images.IN_PLACE:
        return table, {}, str(root)
    return table, dict(paths), "images"

"""MONAI data lists: images, labels and splits of a segmentation task, with no patient in two splits.

The file is MONAI's (Medical Segmentation Decathlon's) ``dataset.json``: lists ``training``, ``validation`` and ``test``
of records with ``image`` (a path, or one a sequence), ``label``, and at will ``patient`` and ``fold``. A record without
``patient`` is a patient of its own. Where there is no ``validation``, the records of one ``fold`` of ``training`` are
taken, and without folds a share of the patients, by the hash of their name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from monai_app.core.errors import InputRejected
from monai_app.core.loading import read_json
from monai_app.core.random import derive_seed

SECTIONS = {"train": "training", "tuning": "validation", "held_out": "test"}
"""The house's names of splits and MONAI's."""

_SHARE_STEPS = 10_000


def read_datalist(
    path: str | Path, split: str | None = None, *, fold: int | None = None, tuning_share: float = 0.15
) -> list[dict[str, Any]]:
    """The items of a split, in the file's order, paths absolute.

    Args:
        path: of the file; relative paths in it start at its folder.
        split: ``train``, ``tuning`` or ``held_out``; None takes all.
        fold: which fold validates, where the list has folds and no ``validation``.
        tuning_share: share of the patients that validate, where the list has neither.

    Returns:
        Dictionaries with ``image`` (a path, or a tuple of paths), ``label`` (where there is one) and ``patient``.

    Raises:
        InputRejected: ``DATALIST_INVALID``, ``SUBJECT_IN_TWO_SPLITS``, ``IMAGE_IN_TWO_SPLITS``, ``SPLIT_EMPTY``.
    """
    content = read_json(path)
    if not isinstance(content, dict) or not isinstance(content.get("training", []), list):
        raise _invalid("no dictionary with lists of records")
    root = Path(path).resolve().parent
    splits = {name: _records(content.get(section, []), root) for name, section in SECTIONS.items()}
    if not splits["tuning"]:
        splits["train"], splits["tuning"] = _parted(splits["train"], fold, tuning_share)
    _refuse_shared(splits, "patient", "SUBJECT_IN_TWO_SPLITS", "a patient is in two splits")
    _refuse_shared(splits, "image", "IMAGE_IN_TWO_SPLITS", "an image is in two splits")
    chosen = [item for name, items in splits.items() if split in (None, name) for item in items]
    if not chosen:
        raise InputRejected(
            "SPLIT_EMPTY",
            "the data list has no record in the split",
            got=split or "an empty list",
            expected="at least one record",
            remedy=f"Fill {SECTIONS.get(split or 'train')} of the list.",
        )
    return [{key: value for key, value in item.items() if key != "fold"} for item in chosen]


def labelled(items: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The items, all of which have a label.

    Raises:
        InputRejected: ``LABEL_MISSING``.
    """
    without = sum("label" not in item for item in items)
    if without:
        raise InputRejected(
            "LABEL_MISSING",
            "records have no label",
            got=f"{without} of {len(items)} records",
            expected="a label map for every record of a split that is trained on or evaluated",
            remedy="Evaluate on the split tuning, or add labels to the list.",
        )
    return list(items)


def _records(entries: Any, root: Path) -> list[dict[str, Any]]:
    if not isinstance(entries, list):
        raise _invalid("a split that is no list")
    return [_record(entry, root) for entry in entries]


def _record(entry: Any, root: Path) -> dict[str, Any]:
    if isinstance(entry, str):  # the Decathlon's unlabelled test images
        entry = {"image": entry}
    images = entry.get("image", entry.get("images")) if isinstance(entry, dict) else None
    names = images if isinstance(images, list) else [images]
    if not names or not all(isinstance(name, str) and name for name in names):
        raise _invalid("a record without an image path")
    paths = tuple(str((root / str(name)).resolve()) for name in names)
    item: dict[str, Any] = {"image": paths[0] if len(paths) == 1 else paths}
    label = entry.get("label")
    if isinstance(label, str) and label:
        item["label"] = str((root / label).resolve())
    item["patient"] = str(entry.get("patient", names[0]))
    if "fold" in entry:
        item["fold"] = entry["fold"]
    return item


def _parted(
    items: list[dict[str, Any]], fold: int | None, share: float
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Train and tuning records of a list without a validation section."""
    if fold is not None:
        if not any(item.get("fold") == fold for item in items):
            raise _invalid(f"no record of fold {fold}")
        chosen = {index for index, item in enumerate(items) if item.get("fold") == fold}
    else:
        draws = [derive_seed("tuning", item["patient"]) % _SHARE_STEPS for item in items]
        chosen = {index for index, draw in enumerate(draws) if draw < share * _SHARE_STEPS}
    kept = [item for index, item in enumerate(items) if index not in chosen]
    return kept, [items[index] for index in sorted(chosen)]


def _refuse_shared(splits: Mapping[str, list[dict[str, Any]]], key: str, code: str, what: str) -> None:
    owner: dict[Any, str] = {}
    shared = {
        item[key] for name, items in splits.items() for item in items if owner.setdefault(item[key], name) != name
    }
    if shared:
        raise InputRejected(
            code, what, got=f"{len(shared)} of {len(owner)}", expected="each in one split", remedy="Correct the list."
        )


def _invalid(got: str) -> InputRejected:
    return InputRejected(
        "DATALIST_INVALID",
        "the data list cannot be read",
        got=got,
        expected="MONAI's dataset.json: training, validation, test with image and label",
        remedy="Make one with `monai-app datalist`.",
    )

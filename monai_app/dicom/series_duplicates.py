"""Images that are there twice: the same file again, a conflict of identifiers, or several phases at one position."""

from __future__ import annotations

import filecmp
import hashlib
from collections.abc import Sequence

import numpy as np

from monai_app.core.errors import InputRejected
from monai_app.dicom.series_geometry import SAME_POSITION_MM, Stack
from monai_app.dicom.series_options import PHASE_KEYWORDS, Phase
from monai_app.dicom.slice_header import SliceHeader


def without_copies(slices: Sequence[SliceHeader]) -> tuple[list[SliceHeader], int]:
    """Each image once, and how many copies were left out.

    Raises:
        InputRejected: ``UID_CONFLICT`` where two files bear one SOPInstanceUID and are not the same bytes.
    """
    kept: dict[tuple[str, int], SliceHeader] = {}
    for one in slices:
        other = kept.setdefault((one.uid or _digest(one), one.frame), one)
        if other.path != one.path and not filecmp.cmp(other.path, one.path, shallow=False):
            raise InputRejected(
                "UID_CONFLICT",
                "two different files bear the same SOPInstanceUID",
                expected="one file for each SOPInstanceUID",
                remedy="Find out which of the two is the right one, and leave the other out.",
            )
    return list(kept.values()), len(slices) - len(kept)


def _digest(one: SliceHeader) -> str:
    """What stands for the identifier of a file that has none: its bytes."""
    return hashlib.sha256(one.path.read_bytes()).hexdigest()


def of_phase(slices: Sequence[SliceHeader], phase: Phase | None) -> list[SliceHeader]:
    """The slices of the selected phase.

    Raises:
        InputRejected: ``PHASE_NOT_FOUND`` where no slice has it.
    """
    if phase is None:
        return list(slices)
    if phase.keyword not in PHASE_KEYWORDS:
        raise InputRejected(
            "PHASE_NOT_FOUND",
            "no phase can be selected by this element",
            expected=f"one of {', '.join(PHASE_KEYWORDS)}",
        )
    kept = [one for one in slices if _same(one.technical.get(phase.keyword), phase.value)]
    if not kept:
        there = sorted({one.technical.get(phase.keyword, "none") for one in slices})
        raise InputRejected(
            "PHASE_NOT_FOUND", f"no slice has the selected {phase.keyword}", expected=f"one of {', '.join(there[:12])}"
        )
    return kept


def _same(there: str | None, wanted: float | str) -> bool:
    if there is None:
        return False
    try:
        return float(there) == float(wanted)
    except ValueError:
        return there == str(wanted)


def check_single(stack: Stack) -> None:
    """No two planes lie at one position.

    Raises:
        InputRejected: ``DUPLICATE_POSITION``, naming the elements that tell them apart.
    """
    same = np.flatnonzero(stack.gaps_mm < SAME_POSITION_MM)
    if len(same) == 0:
        return
    first, second = (stack.slices[int(same[0]) + offset].technical for offset in (0, 1))
    apart = [name for name in PHASE_KEYWORDS if first.get(name) != second.get(name)]
    hint = f"Select a phase by {' or '.join(apart)}." if apart else "Nothing in their headers tells them apart."
    raise InputRejected(
        "DUPLICATE_POSITION",
        "several images lie at one position",
        got=f"{len(same)} beyond one for each position",
        expected="one image for each position, or a selected phase",
        remedy=hint,
    )

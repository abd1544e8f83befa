"""Whether text is burnt into an image: glyphs of one height side by side, as no anatomy is.

A heuristic: it finds rendered text (annotations, names, dates) of four characters and more, and leaves a side marker
alone. It can miss text that is handwritten, faint or larger than glyphs are; a person has to look at what matters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

LEAST_GLYPHS = 4
"""Side by side; L, R and their like are fewer."""

LEAST_FAINT_GLYPHS = 6
"""Side by side, where they merely stand out: the folds of a brain do, too."""

_HEIGHT_PX = (6, 80)
_WIDEST_OF_HEIGHT = 1.6
_FILL = (0.12, 0.95)
"""Share of a glyph's box that its strokes cover; a bone is fuller or emptier."""

_ALIKE = 0.25
"""How far tops and bottoms of a line's glyphs may differ, as a share of their height."""

_GAP_OF_HEIGHT = 1.2
_LEVELS = (0.98, 0.85, 0.7)
"""Of the range from black to white, above which strokes are looked for; and below one minus it for dark text."""

_STROKES_PX = (9, 19)
"""Wider than the strokes that stand out from what lies around them."""

_CONTRASTS = (0.35, 0.2)
"""By which share of the range they do."""

_MOST_PIECES = 20_000
"""More pieces than that are noise."""

Boxes = npt.NDArray[np.float64]


def has_text(frame: npt.NDArray[Any]) -> bool:
    """Whether a grey image (rows, columns) holds a line of text."""
    low, high = float(frame.min()), float(frame.max())
    if high <= low:
        return False
    share = (frame.astype(np.float32) - low) / (high - low)
    return any(_has_line(_glyphs(mask), least) for mask, least in _strokes(share) if mask.any())


def _strokes(share: npt.NDArray[np.float32]) -> Iterator[tuple[npt.NDArray[np.bool_], int]]:
    """Where strokes may be: near white or black, or brighter or darker than what lies around them.

    And how many glyphs of it make a line.
    """
    for level in _LEVELS:
        yield share >= level, LEAST_GLYPHS
        yield share <= 1 - level, LEAST_GLYPHS
    for size_px in _STROKES_PX:
        bright = share - ndimage.grey_opening(share, size=(size_px, size_px))
        dark = ndimage.grey_closing(share, size=(size_px, size_px)) - share
        for contrast in _CONTRASTS:
            yield bright >= contrast, LEAST_FAINT_GLYPHS
            yield dark >= contrast, LEAST_FAINT_GLYPHS


def frames_with_text(frames: Sequence[npt.NDArray[Any]] | npt.NDArray[Any]) -> list[int]:
    """Numbers from 1 of the frames that hold text."""
    return [number for number, frame in enumerate(frames, 1) if has_text(frame)]


def _glyphs(mask: npt.NDArray[np.bool_]) -> Boxes:
    """(N, 4) top, bottom, left, right of the pieces that could be a character."""
    pieces, count = ndimage.label(mask, structure=np.ones((3, 3)))
    if count > _MOST_PIECES:
        return np.empty((0, 4))
    boxes = ndimage.find_objects(pieces)
    filled = np.bincount(pieces.ravel(), minlength=count + 1)[1:]
    found = []
    for box, area in zip(boxes, filled, strict=True):
        height, width = box[0].stop - box[0].start, box[1].stop - box[1].start
        shaped = _HEIGHT_PX[0] <= height <= _HEIGHT_PX[1] and 1 <= width <= _WIDEST_OF_HEIGHT * height
        if shaped and (_FILL[0] <= area / (height * width) <= _FILL[1] or width <= height / 4):
            found.append((box[0].start, box[0].stop, box[1].start, box[1].stop))
    return np.array(found, np.float64).reshape(-1, 4)


def _has_line(boxes: Boxes, least: int) -> bool:
    """Whether enough of the boxes stand side by side on one line, not all of them mere strokes."""
    order = boxes[np.argsort(boxes[:, 2])]
    for start in range(len(order)):
        line, last = [order[start]], order[start]
        for box in order[start + 1 :]:
            height = last[1] - last[0]
            if box[2] - last[3] > _GAP_OF_HEIGHT * height:
                break
            level = abs(box[0] - last[0]) <= _ALIKE * height and abs(box[1] - last[1]) <= _ALIKE * height
            if level and box[2] >= last[3] - 1:
                line.append(box)
                last = box
        wide = sum(box[3] - box[2] > (box[1] - box[0]) / 4 for box in line)
        if len(line) >= least and wide >= least - 1:
            return True
    return False

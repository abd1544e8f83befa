"""The note as it was written, its words shaded by what they moved."""

from __future__ import annotations

from markupsafe import Markup

from monai_app.core.page import Section
from monai_app.explain.attribution_map import AttributionMap
from monai_app.explain.explanation import Explanation
from monai_app.explain.material import Material
from monai_app.explain.words import Word, words_of

SHOWN_WORDS = 8

_BOX = Markup('<div style="white-space:pre-wrap;line-height:2;max-width:95ch;margin:10px 0">{}</div>')
_WORD = Markup('<span style="background:rgba({},{:.2f});border-radius:3px;padding:1px 2px{}" title="{:+.3f}">{}</span>')
_UNREAD = Markup('<span style="color:#8a97a3" title="not read by the model">{}</span>')


def add_note(section: Section, explanation: Explanation, made: AttributionMap, material: Material) -> None:
    """Fill the note's section."""
    assert material.offsets is not None, "a present note has its offsets"
    words = words_of(made.values, material.offsets)
    unit = explanation.target.unit
    section.text(
        f"Orange words speak for it, purple ones against it (underlined: among the strongest), compared with"
        f" {made.baseline}. Hold the pointer over a word for its number. Grey text was not read by the model."
    )
    section.blocks.append(shaded(material.note, words))
    strongest = sorted(words, key=lambda word: -abs(word.value))[:SHOWN_WORDS]
    rows = [
        [material.note[word.start : word.end].strip(".,;:()"), f"{word.value:+.3f}"] for word in strongest if word.value
    ]
    section.table(["strongest words", f"moved the score by ({unit})"], rows)


def shaded(text: str, words: list[Word]) -> Markup:
    """The text with a coloured span a word; what no word covers keeps its place."""
    most = max((abs(word.value) for word in words), default=0.0) or 1.0
    first = min((word.start for word in words), default=len(text))
    last = max((word.end for word in words), default=len(text))
    parts, at = [], 0
    for word in words:
        parts.append(_between(text, at, word.start, first, last))
        depth = abs(word.value) / most
        colour = "230,97,1" if word.value >= 0 else "94,60,153"
        line = ";text-decoration:underline" if depth > 0.5 else ""
        parts.append(_WORD.format(colour, 0.75 * depth, line, word.value, text[word.start : word.end]))
        at = word.end
    parts.append(_between(text, at, len(text), first, last))
    return _BOX.format(Markup("").join(parts))


def _between(text: str, start: int, end: int, first: int, last: int) -> Markup:
    piece = text[start:end]
    unread = piece.strip() and (end <= first or start >= last)
    return _UNREAD.format(piece) if unread else Markup("{}").format(piece)

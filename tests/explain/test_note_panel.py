"""A note is shown letter by letter as it was written, and nothing in it becomes markup."""

from __future__ import annotations

import re
from html import unescape

from monai_app.explain.note_panel import shaded
from monai_app.explain.words import Word

TEXT = "Old part. No <i>fever</i> & cough"
WORDS = [Word(10, 12, 0.5), Word(16, 21, -1.0)]


def test_text_survives_and_stays_text() -> None:
    html = str(shaded(TEXT, WORDS))
    assert unescape(re.sub(r"<[^>]*>", "", html)) == TEXT and "<i>" not in html


def test_sign_is_a_colour_strength_its_depth_and_unread_text_is_grey() -> None:
    html = str(shaded(TEXT, WORDS))
    assert 'rgba(230,97,1,0.38);border-radius:3px;padding:1px 2px" title="+0.500">No' in html
    assert (
        'rgba(94,60,153,0.75);border-radius:3px;padding:1px 2px;text-decoration:underline" title="-1.000">fever' in html
    )
    assert 'not read by the model">Old part. <' in html and "&lt;i&gt;</span>" not in html


def test_note_without_words_is_all_unread() -> None:
    assert 'not read by the model">Old' in str(shaded("Old", []))

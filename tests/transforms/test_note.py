"""Tokenising notes: fixed length, padding only where there is no note."""

from __future__ import annotations

import numpy as np
import torch

from monai_app.transforms.note import TokeniseNoted


class Letters:
    """One id a letter."""

    def encode(self, text: str, max_tokens: int) -> np.ndarray:
        ids = np.zeros(max_tokens, np.int64)
        codes = [ord(letter) for letter in text][:max_tokens]
        ids[: len(codes)] = codes
        return ids


TOKENISE = TokeniseNoted("note", Letters(), max_tokens=4)


def test_present_note_becomes_ids() -> None:
    ids = TOKENISE({"note": "ab", "note_present": True})["note"]
    assert ids.dtype == torch.int64 and ids.tolist() == [97, 98, 0, 0]


def test_absent_note_is_padding_whatever_its_text() -> None:
    assert TOKENISE({"note": "abcdef", "note_present": False})["note"].tolist() == [0, 0, 0, 0]

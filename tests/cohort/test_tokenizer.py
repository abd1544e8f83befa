"""The tokenizer travels with its model: saved, checked, and made anew only when its notes or settings changed."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from monai_app.cohort.tokenizer import Keep, NoteTokenizer, fit_or_load, text_model_path
from monai_app.core.errors import InputRejected

NOTES = ["No pleural effusion.", "Left lower lobe opacity.", "No pneumothorax, left effusion."] * 2
ITEMS = [{"note": note, "note_present": True} for note in NOTES] + [{"note": "unseen zzz", "note_present": False}]


@pytest.fixture(scope="module")
def tokenizer() -> NoteTokenizer:
    return NoteTokenizer.fit(NOTES, vocabulary_size=200)


def test_length_is_fixed_and_padding_is_zero(tokenizer: NoteTokenizer) -> None:
    ids = tokenizer.encode("no effusion", 12)
    assert ids.shape == (12,) and ids.dtype == np.int64
    assert tokenizer.words(ids)[0] == "[CLS]" and tokenizer.words(ids)[-1] == "[SEP]"
    assert (ids[len(tokenizer.words(ids)) :] == 0).all()


@pytest.mark.parametrize(("keep", "left"), [(Keep.FIRST, "no"), (Keep.LAST, "left")])
def test_long_note_keeps_the_end_it_is_told_to(keep: Keep, left: str) -> None:
    words = NoteTokenizer.fit(NOTES, vocabulary_size=200, keep=keep)
    assert words.words(words.encode("no effusion lobe left", 3)) == ["[CLS]", left, "[SEP]"]


@pytest.mark.parametrize("keep", list(Keep))
@pytest.mark.parametrize("room", [4, 12])
def test_offsets_find_every_token_in_the_text(keep: Keep, room: int) -> None:
    words, text = NoteTokenizer.fit(NOTES, vocabulary_size=200, keep=keep), "LEFT effusion,  no  opacity"
    ids, offsets = words.encode(text, room), words.offsets(text, room)
    shown = words.words(ids)
    found = [text[start:end].lower() for start, end in offsets if start >= 0]
    assert found == [token.removeprefix("##") for token in shown[1:-1]]
    assert (offsets[0] == -1).all() and (offsets[len(shown) - 1 :] == -1).all()


def test_mask_is_a_token_of_the_vocabulary(tokenizer: NoteTokenizer) -> None:
    assert tokenizer.mask_id is not None and tokenizer.words(np.array([tokenizer.mask_id])) == ["[MASK]"]


def test_saved_and_pickled_tokenizers_are_the_same(tokenizer: NoteTokenizer, tmp_path: Path) -> None:
    tokenizer.save(tmp_path)
    for twin in (NoteTokenizer.load(tmp_path), pickle.loads(pickle.dumps(tokenizer))):  # noqa: S301 - our own bytes
        np.testing.assert_array_equal(twin.encode("left opacity", 9), tokenizer.encode("left opacity", 9))
        assert twin.record == tokenizer.record


def test_one_changed_byte_is_refused(tokenizer: NoteTokenizer, tmp_path: Path) -> None:
    tokenizer.save(tmp_path)
    file = tmp_path / "tokenizer.json"
    file.write_bytes(file.read_bytes().replace(b"effusion", b"effusioo"))
    with pytest.raises(InputRejected, match="HASH_MISMATCH"):
        NoteTokenizer.load(tmp_path)


def test_missing_tokenizer_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="TOKENIZER_MISSING"):
        fit_or_load(tmp_path)


def test_absent_notes_teach_nothing(tmp_path: Path) -> None:
    assert fit_or_load(tmp_path, ITEMS).record == NoteTokenizer.fit(NOTES).record


def test_made_once_and_again_only_when_notes_or_settings_change(tmp_path: Path) -> None:
    first = fit_or_load(tmp_path, ITEMS, vocabulary_size=200)
    written = (tmp_path / "tokenizer.json").stat().st_mtime_ns
    assert fit_or_load(tmp_path, ITEMS, vocabulary_size=200).record == first.record
    assert (tmp_path / "tokenizer.json").stat().st_mtime_ns == written
    assert fit_or_load(tmp_path).record == first.record
    assert fit_or_load(tmp_path, ITEMS, vocabulary_size=201).record != first.record
    assert fit_or_load(tmp_path, ITEMS[1:], vocabulary_size=201).record.fitted_on != first.record.fitted_on


def test_hugging_face_folder_gives_its_own_ids(tokenizer: NoteTokenizer, tmp_path: Path) -> None:
    from transformers import PreTrainedTokenizerFast

    special = {"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer._tokenizer, **special).save_pretrained(tmp_path / "model")
    loaded = fit_or_load(tmp_path / "run", ITEMS, source=str(tmp_path / "model"))
    np.testing.assert_array_equal(loaded.encode("no effusion", 8), tokenizer.encode("no effusion", 8))
    np.testing.assert_array_equal(
        fit_or_load(tmp_path / "run").encode("no effusion", 8), loaded.encode("no effusion", 8)
    )


def test_folder_without_a_text_model_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="MODEL_NOT_FOUND"):
        NoteTokenizer.pretrained(str(tmp_path))


def test_packaged_model_is_found_or_named_as_missing() -> None:
    try:
        assert (Path(text_model_path("minilm")) / "tokenizer.json").is_file()
    except InputRejected as error:
        assert error.code == "EXTRA_MISSING"

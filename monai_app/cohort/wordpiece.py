"""Learning a WordPiece vocabulary so that the same notes always give the same one.

The trainer of ``tokenizers`` numbers continuation pieces in the order of a randomly seeded hash map, and breaks ties
between equally frequent merges by that number. Handing it all single-letter continuations beforehand fixes the order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from string import ascii_lowercase, digits

from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer, Digits
from tokenizers.pre_tokenizers import Sequence as PreTokenizers
from tokenizers.trainers import WordPieceTrainer

from monai_app.core.errors import InputRejected

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
"""Ids 0 to 4."""

LETTERS = 256
"""Only this many of the commonest letters get a piece of their own, with a-z and 0-9; others are unknown."""


def train_wordpiece(texts: Sequence[str], *, vocabulary_size: int, least_count: int = 2) -> Tokenizer:
    """A lower-case WordPiece tokenizer with at most ``vocabulary_size`` pieces, each seen ``least_count`` times.

    Raises:
        InputRejected: ``EMPTY_NOTES`` when there is no text to learn from.
    """
    learner = _untrained({})
    letters = Counter[str]()
    for text in texts:
        letters.update(learner.normalizer.normalize_str(text))
    common = sorted(letters, key=lambda letter: (-letters[letter], letter))[:LETTERS]
    seen = {letter for letter in common if not letter.isspace()}
    alphabet = sorted(seen.union(ascii_lowercase, digits))
    if not seen:
        raise InputRejected(
            "EMPTY_NOTES",
            "no training sample has a note to learn a vocabulary from",
            expected="at least one note in the train split",
            remedy="Leave the modality note out, or use a pretrained text model.",
        )
    trainer = WordPieceTrainer(
        vocab_size=max(vocabulary_size, len(SPECIAL) + 2 * len(alphabet)),
        min_frequency=least_count,
        special_tokens=[*SPECIAL, *(f"##{letter}" for letter in alphabet)],
        initial_alphabet=alphabet,
        limit_alphabet=len(alphabet),
        show_progress=False,
    )
    learner.train_from_iterator(texts, trainer)
    return _untrained(learner.get_vocab())


def _untrained(vocabulary: dict[str, int]) -> Tokenizer:
    tokenizer = Tokenizer(WordPiece(vocab=vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = PreTokenizers([BertPreTokenizer(), Digits(individual_digits=True)])
    return tokenizer

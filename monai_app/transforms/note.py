"""TokeniseNoted: the text of a note becomes token ids of a fixed length."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform

from monai_app.transforms.presence import is_present


class Tokenizer(Protocol):
    """What turns text into ids; :class:`monai_app.cohort.tokenizer.NoteTokenizer` is one."""

    def encode(self, text: str, max_tokens: int) -> npt.NDArray[np.int64]:
        """Ids (max_tokens,), 0 is padding."""
        ...


class TokeniseNoted(MapTransform):
    """Replace the text under each key by ids (max_tokens,) int64; an absent note becomes padding only."""

    def __init__(
        self, keys: KeysCollection, tokenizer: Tokenizer, max_tokens: int, *, allow_missing_keys: bool = False
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.tokenizer = tokenizer
        self.max_tokens = max_tokens

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """The sample with ids in the place of text."""
        sample = dict(data)
        for key in self.key_iterator(sample):
            if is_present(sample, key):
                sample[key] = torch.from_numpy(self.tokenizer.encode(sample[key], self.max_tokens))
            else:
                sample[key] = torch.zeros(self.max_tokens, dtype=torch.int64)
        return sample

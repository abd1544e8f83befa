"""Note encoders: a bag of tokens or a small transformer trained here, or any Hugging Face AutoModel."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def _masked_mean(states: Tensor, mask: Tensor) -> Tensor:
    """Mean of the unmasked tokens ``(B, 1, d)``; zero for a note without tokens."""
    weights = mask.to(states.dtype)[..., None]
    return (states * weights).sum(dim=1, keepdim=True) / weights.sum(dim=1, keepdim=True).clamp_min(1.0)


class NoteEncoder(nn.Module):
    """Token ids ``(B, L)`` (0 is padding) -> one token ``(B, 1, d)``: embeddings, transformer, masked mean."""

    tokens = 1

    def __init__(
        self,
        vocabulary_size: int,
        *,
        width: int = 128,
        max_tokens: int = 256,
        depth: int = 2,
        heads: int = 4,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.width = width
        self.embed = nn.Embedding(vocabulary_size, width, padding_idx=0)
        nn.init.normal_(self.embed.weight, std=0.05)
        self.position = nn.Parameter(torch.zeros(max_tokens, width))
        layer = nn.TransformerEncoderLayer(
            width, heads, 2 * width, dropout, activation="gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, depth, nn.LayerNorm(width), enable_nested_tensor=False)

    def forward(self, note: Tensor) -> Tensor:
        """The token of a batch of notes."""
        mask = note != 0
        padding = ~mask
        padding[:, 0] = False
        states = self.layers(self.embed(note) + self.position[: note.shape[1]], src_key_padding_mask=padding)
        return _masked_mean(states, mask)


class _Seen(nn.Module):
    """Whether there is a word in each place ``(B, L)``; a module, so that attribution has a layer to hold on to."""

    def forward(self, note: Tensor) -> Tensor:
        return (note != 0).to(torch.float32)


class BagNoteEncoder(nn.Module):
    """Token ids ``(B, L)`` (0 is padding) -> one token ``(B, 1, d)``: log counts, normalised, then a linear layer.

    The order of words is lost; on cohorts of a thousand notes there is little to learn it from. The token is
    normalised: a thousand small counts make a token so short that a fusion hardly sees it beside the others'.
    """

    tokens = 1

    def __init__(self, vocabulary_size: int, *, width: int = 128, dropout: float = 0.3) -> None:
        super().__init__()
        self.width, self.vocabulary_size = width, vocabulary_size
        self.seen = _Seen()
        self.mlp = nn.Sequential(nn.Dropout(dropout), nn.Linear(vocabulary_size, width), nn.LayerNorm(width))

    def forward(self, note: Tensor) -> Tensor:
        """The token of a batch of notes."""
        seen = self.seen(note)
        counts = seen.new_zeros(len(note), self.vocabulary_size).scatter_add_(1, note, seen).log1p()
        length = counts.norm(dim=1, keepdim=True).clamp_min(1.0)
        token: Tensor = self.mlp(counts / length)
        return token[:, None]


class PretrainedNoteEncoder(nn.Module):
    """Any Hugging Face encoder by local path or name (e.g. Bio_ClinicalBERT) -> one token ``(B, 1, d)``.

    Args:
        name_or_path: what ``AutoModel.from_pretrained`` takes; its tokenizer must have made the ids.
        frozen: keep the pretrained weights fixed and in evaluation mode.
    """

    tokens = 1

    def __init__(self, name_or_path: str, *, width: int = 128, frozen: bool = True) -> None:
        super().__init__()
        from transformers import AutoModel  # imported here: transformers costs seconds that most runs do not need

        self.model = AutoModel.from_pretrained(name_or_path)
        self.width, self.frozen = width, frozen
        self.padding_id = int(self.model.config.pad_token_id or 0)
        self.project = nn.Linear(self.model.config.hidden_size, width)
        self.model.requires_grad_(not frozen)

    def train(self, mode: bool = True) -> PretrainedNoteEncoder:
        """Switch the mode; a frozen model stays in evaluation mode."""
        super().train(mode)
        if self.frozen:
            self.model.eval()
        return self

    def forward(self, note: Tensor) -> Tensor:
        """The token of a batch of notes."""
        mask = note != self.padding_id
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            states = self.model(input_ids=note, attention_mask=mask.long()).last_hidden_state
        token: Tensor = self.project(_masked_mean(states.float(), mask))
        return token

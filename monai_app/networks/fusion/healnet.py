"""HEALNet (NeurIPS 2024): a learned latent array reads one modality after the other, several times over.

In each of ``depth`` rounds, for each modality in the order of the spec, L += CrossAttn_m(LN L, LN x_m), L += FF(LN L);
then self-attention and feed-forward. The mean latent goes through a LayerNorm to the heads. A sample without a modality
skips both of that modality's updates, and no other. The order of the modalities matters: this system is not symmetric.

Our reading: the positions that get Fourier features are those of the tokens in their modality, from -1 to 1; weights
are not shared between rounds; the temperature divides the scaled scores; dropout acts on attention and feed-forward.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention, selu

from monai_app.cohort.spec import ModelSpec
from monai_app.networks.fusion.pooling import present_tokens
from monai_app.networks.heads import TaskHeads
from monai_app.networks.output import FusionOutput


class HEALNet(nn.Module):
    """Iterative cross-attention of latents to modalities.

    Args:
        latents: vectors of the latent array.
        latent_width: features of each.
        depth: rounds over the modalities.
        heads: attention heads.
        head_width: features of each.
        temperature: of the attention's softmax.
        bands: frequencies 1, 2, 4, ... half-waves over the tokens of a modality.
    """

    def __init__(
        self,
        spec: ModelSpec,
        *,
        width: int = 128,
        latents: int = 16,
        latent_width: int = 64,
        depth: int = 3,
        heads: int = 8,
        head_width: int = 64,
        temperature: float = 0.5,
        bands: int = 4,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        names = [modality.value for modality in spec.modalities.names]
        self.bands = bands
        self.latents = nn.Parameter(nn.init.normal_(torch.empty(latents, latent_width)))

        def block(context_width: int) -> _Block:
            return _Block(latent_width, context_width, heads, head_width, temperature, dropout)

        context_width = width + 2 * bands + 1
        self.cross = nn.ModuleList(nn.ModuleDict({name: block(context_width) for name in names}) for _ in range(depth))
        self.inner = nn.ModuleList(block(latent_width) for _ in range(depth))
        self.norm = nn.LayerNorm(latent_width)
        self.heads = TaskHeads(spec.tasks, latent_width)

    def forward(self, tokens: Mapping[str, Tensor], present: Tensor) -> FusionOutput:
        """Fuse a batch."""
        contexts = {
            name: torch.cat([value, fourier_positions(value, self.bands).expand(len(value), -1, -1)], dim=2)
            for name, value in present_tokens(tokens, present).items()
        }
        latents = self.latents.expand(len(present), -1, -1)
        for cross, inner in zip(self.cross, self.inner, strict=True):
            assert isinstance(cross, nn.ModuleDict)
            for index, (name, context) in enumerate(contexts.items()):
                latents = self._read(cross[name], latents, context, present[:, index])
            latents = inner(latents, latents)
        return FusionOutput(self.heads(self.norm(latents.mean(dim=1))))

    def _read(self, block: nn.Module, latents: Tensor, context: Tensor, here: Tensor) -> Tensor:
        """Latents after a modality, unchanged in samples without it; those cost nothing in evaluation."""
        if self.training:
            return torch.where(here[:, None, None], block(latents, context), latents)
        rows = here.nonzero()[:, 0]
        if len(rows) == len(here):
            read: Tensor = block(latents, context)
            return read
        return latents.index_copy(0, rows, block(latents[rows], context[rows])) if len(rows) else latents


def fourier_positions(tokens: Tensor, bands: int) -> Tensor:
    """Position x in [-1, 1] of each token, sin(pi 2^k x / 2) and cos(pi 2^k x / 2), k < bands: ``(K, 2 bands + 1)``.

    A lone token stands at 0.
    """
    count = tokens.shape[1]
    position = (2 * torch.arange(count, device=tokens.device, dtype=tokens.dtype) + 1) / count - 1
    angle = position[:, None] * (math.pi / 2) * 2.0 ** torch.arange(bands, device=tokens.device, dtype=tokens.dtype)
    return torch.cat([position[:, None], angle.sin(), angle.cos()], dim=1)


class _Block(nn.Module):
    """L += Attention(LN L, LN x), L += FF(LN L), FF a gated SELU d -> 8 d, split, 4 d -> d."""

    def __init__(
        self, width: int, context_width: int, heads: int, head_width: int, temperature: float, dropout: float
    ) -> None:
        super().__init__()
        self.attention_heads, self.scale, self.dropout = heads, head_width**-0.5 / temperature, dropout
        self.query_norm, self.context_norm = nn.LayerNorm(width), nn.LayerNorm(context_width)
        self.query = nn.Linear(width, heads * head_width, bias=False)
        self.key_value = nn.Linear(context_width, 2 * heads * head_width, bias=False)
        self.out = nn.Linear(heads * head_width, width)
        self.forward_norm = nn.LayerNorm(width)
        self.wide, self.narrow = nn.Linear(width, 8 * width), nn.Linear(4 * width, width)
        self.forward_dropout = nn.Dropout(dropout)

    def forward(self, latents: Tensor, context: Tensor) -> Tensor:
        """Update ``latents (B, N, d)`` from ``context (B, K, c)``."""
        query = self._split(self.query(self.query_norm(latents)))
        key, value = self.key_value(self.context_norm(context)).chunk(2, dim=2)
        dropout = self.dropout if self.training else 0.0
        read = scaled_dot_product_attention(
            query, self._split(key), self._split(value), dropout_p=dropout, scale=self.scale
        )
        latents = latents + self.out(read.transpose(1, 2).flatten(2))
        values, gates = self.wide(self.forward_norm(latents)).chunk(2, dim=2)
        updated: Tensor = latents + self.forward_dropout(self.narrow(values * selu(gates)))
        return updated

    def _split(self, features: Tensor) -> Tensor:
        return features.unflatten(2, (self.attention_heads, -1)).transpose(1, 2)

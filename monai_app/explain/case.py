"""One case before one network: tokens encoded once, and the score of any change of one modality."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from monai_app.cohort.spec import ModelSpec
from monai_app.core.errors import InputRejected
from monai_app.explain.baselines import Baselines
from monai_app.explain.prepared import refuse_unexplainable
from monai_app.explain.target import Target
from monai_app.explain.views import View, film_view, note_view, series_view, table_view
from monai_app.networks import FusionOutput, MultimodalNetwork
from monai_app.networks.encoders import FilmEncoder


@dataclass(frozen=True, eq=False)
class OpenCase:
    """A case and what the network says of it.

    Attributes:
        network: in evaluation mode.
        target: the label.
        inputs: a batch of one sample.
        presence: ``(1, M)``.
        tokens: per modality ``(1, K, d)``, encoded once.
        baselines: complete ones.
    """

    network: MultimodalNetwork
    target: Target
    inputs: Mapping[str, Tensor]
    presence: Tensor
    tokens: dict[str, Tensor]
    baselines: Baselines

    @cached_property
    def output(self) -> FusionOutput:
        """What the network says of the case."""
        with torch.no_grad():
            return self.fused(self.tokens, self.presence)

    @property
    def score(self) -> float:
        """The explained number of the case."""
        return float(self.target.score(self.output.logits)[0])

    @property
    def present(self) -> tuple[str, ...]:
        """Modalities that the case has."""
        return tuple(name for name, here in zip(self.network.modalities, self.presence[0], strict=True) if here)

    @property
    def absent(self) -> tuple[str, ...]:
        """Modalities that it lacks."""
        return tuple(name for name in self.network.modalities if name not in self.present)

    def encoder(self, name: str) -> nn.Module:
        """The encoder of a modality."""
        return self.network.encoders[name]

    def feature_map(self, name: str) -> nn.Module | None:
        """The last feature map of a film; other modalities have none."""
        encoder = self.encoder(name)
        return encoder.features if name == "film" and isinstance(encoder, FilmEncoder) else None

    def fused(self, tokens: Mapping[str, Tensor], presence: Tensor) -> FusionOutput:
        """The fusion alone, of tokens ``(n, K, d)`` or ``(1, K, d)`` and presence ``(n, M)``."""
        shared = getattr(self.network.fusion, "shares_tokens", False) and all(
            len(value) == 1 for value in tokens.values()
        )
        rows = 1 if shared else len(presence)
        spread = {name: tokens[name].expand(rows, -1, -1) for name in self.network.modalities}
        output: FusionOutput = self.network.fusion(spread, presence)
        return output

    def scorer(self, name: str) -> Callable[[Tensor], Tensor]:
        """What the encoder of a modality takes ``(n, ...)`` -> scores ``(n,)``, all other modalities as they are."""
        encoder = self.encoder(name)

        def forward(x: Tensor) -> Tensor:
            fused = self.fused(self.tokens | {name: encoder(x).float()}, self.presence.expand(len(x), -1))
            return self.target.score(fused.logits)

        return forward

    def view(self, name: str) -> View:
        """The features of a present modality."""
        value, encoder = self.inputs[name], self.encoder(name)
        if name == "film":
            return film_view(value, self.baselines.film)
        if name == "note":
            return note_view(value, encoder, self.baselines, int(getattr(encoder, "padding_id", 0)))
        place = "input.scale" if name == "series" else "scale"
        std = encoder.get_submodule(place).get_buffer("std")
        return (series_view if name == "series" else table_view)(value, self.baselines, std)


def open_case(
    network: nn.Module, spec: ModelSpec, inputs: Mapping[str, Any], target: Target, baselines: Baselines
) -> OpenCase:
    """Encode a batch of one sample.

    Raises:
        InputRejected: ``EXPLAIN_UNSUPPORTED``, ``TRAIN_MODE``, ``ONE_CASE``, ``ALL_MODALITIES_MISSING``.
    """
    ready = refuse_unexplainable(network)
    size = len(inputs[f"{ready.modalities[0]}_present"])
    if size != 1:
        raise InputRejected("ONE_CASE", "one case is explained at a time", got=f"{size} samples", expected="1")
    with torch.no_grad():
        presence = ready.presence(inputs)
        tokens = ready.encode(inputs, presence)
    assert set(ready.modalities) == {name.value for name in spec.modalities.names}, "the spec is the model's own"
    return OpenCase(ready, target, inputs, presence, tokens, baselines)

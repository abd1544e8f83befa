"""The space that a trained film encoder sees films in, for comparing films that were read already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from monai_app.core.errors import InputRejected
from monai_app.engines.bundle import Workflow, find_bundle, open_workflow, system_overlays, typed_errors
from monai_app.transforms.film import LoadFilmd

_BATCH = 32


@dataclass(frozen=True)
class FilmEmbedding:
    """Films (N, S, S) in [0, 1] -> (N, d), the mean over the encoder's tokens.

    Attributes:
        encoder: of films (B, 1, S, S).
        transform: what the model's preprocessing does after loading.
        size_px: S.
    """

    encoder: torch.nn.Module
    transform: Callable[[Any], Any]
    size_px: int

    @torch.inference_mode()
    def __call__(self, films: NDArray[np.float32]) -> NDArray[np.float64]:
        """The tokens of films."""
        parts = [np.zeros((0, 0))]
        for start in range(0, len(films), _BATCH):
            samples = [
                self.transform({"film": torch.from_numpy(film)[None], "film_present": True})
                for film in films[start : start + _BATCH]
            ]
            batch = torch.stack([torch.as_tensor(sample["film"]) for sample in samples])
            parts.append(self.encoder(batch).mean(dim=1).double().numpy())
        return np.concatenate(parts[1:] or parts)


def film_embedding(bundle: str, *, model_dir: str | Path | None = None, system: str | None = None) -> FilmEmbedding:
    """The film encoder of a trained model with its preprocessing; ``model_dir`` None takes the bundle's own weights.

    Raises:
        InputRejected: ``NO_FILM_ENCODER`` where the model sees no films; those of the bundle.
    """
    folder = find_bundle(bundle)
    chosen = {} if model_dir is None else {"model_dir": str(model_dir)}
    opened = open_workflow(folder, Workflow.INFERENCE, overlays=system_overlays(folder, system), settings=chosen)
    with typed_errors():
        spec, network, preprocessing = (
            opened.parser.get_parsed_content(name) for name in ("spec", "network", "preprocessing")
        )
    film = spec.modalities.film
    if film is None:
        raise InputRejected("NO_FILM_ENCODER", "the model sees no films", expected="a model of films")
    steps = [step for step in preprocessing.flatten().transforms if not isinstance(step, LoadFilmd)]
    return FilmEmbedding(network.cpu().eval().encoders["film"], type(preprocessing)(steps), film.size_px)

"""What the configurations of generative bundles build by name: items, specs, features of our own trained encoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from monai.networks.nets import PatchDiscriminator
from monai.transforms import Compose
from torch import nn

from monai_app.cohort.condition_columns import with_ranges
from monai_app.cohort.spec import Modality, ModelSpec
from monai_app.core.errors import InputRejected
from monai_app.core.loading import load_weights
from monai_app.core.random import scoped_torch_seed
from monai_app.core.records import Record
from monai_app.core.resources import resource
from monai_app.engines.build import model_items
from monai_app.engines.generation.previous import with_previous_films
from monai_app.engines.model_folder import WEIGHTS_NAME
from monai_app.losses.perceptual import PerceptualDistance
from monai_app.networks.encoders.film import FilmEncoder
from monai_app.networks.generation.film_features import FilmFeatures
from monai_app.transforms.modality_dropout import RandModalityDropoutd

FEATURE_NETWORK = "cxr_classification, densenet_narrow"
"""The network whose features measure distances where no other is given."""

_PREFIX = "encoders.film."


def film_items(
    cohort_dir: str | Path, split: str | None, spec: ModelSpec, *, limit: int | None = None, previous: bool = False
) -> list[Mapping[str, Any]]:
    """The samples of a split that have a film, at most ``limit`` of them, in their order.

    Args:
        previous: look for the film before each, too.

    Raises:
        InputRejected: as :func:`monai_app.engines.build.model_items`; ``FILMS_MISSING``.
    """
    items = model_items(cohort_dir, split, spec)
    with_film = [item for item in items if item.get("film_present")]
    if not with_film:
        raise InputRejected(
            "FILMS_MISSING", "no sample has a film", got=f"{len(items)} samples", expected="a cohort with films"
        )
    chosen = with_film[:limit]
    return with_previous_films(chosen, cohort_dir, spec) if previous else chosen


def told_spec(spec: Any, items: Sequence[Mapping[str, Any]]) -> Record:
    """What stands beside a diffusion's weights: the spec and, where there is an EHR, the ranges it was trained in."""
    return with_ranges(spec, items) if isinstance(spec, ModelSpec) else spec


def modality_dropout(spec: Any, prob: float) -> Compose:
    """Forgetting of modalities beside the film; nothing for a spec of volumes, which has none."""
    names = (
        [name.value for name in spec.modalities.names if name is not Modality.FILM]
        if isinstance(spec, ModelSpec)
        else []
    )
    return Compose([RandModalityDropoutd(names, prob)] if names else [])


def film_features(folder: str | Path | None = None, *, stages: Sequence[int] = (1, 2, 3)) -> FilmFeatures:
    """The frozen film encoder of a model folder of cxr_classification (densenet_narrow); None takes the shipped one.

    Raises:
        InputRejected: ``MODEL_MISFIT``, and as :func:`monai_app.core.loading.load_weights`.
    """
    path = resource("bundles", "cxr_classification") / "models" if folder is None else Path(folder)
    weights = load_weights(path / WEIGHTS_NAME)
    mine = {name.removeprefix(_PREFIX): value for name, value in weights.items() if name.startswith(_PREFIX)}
    width = len(mine["project.bias"]) if "project.bias" in mine else 1
    encoder = FilmEncoder("densenet_narrow", width=width)
    try:
        encoder.load_state_dict(mine)
    except RuntimeError as error:
        raise InputRejected(
            "MODEL_MISFIT",
            "the features' weights do not fit the film encoder",
            expected="a model folder of cxr_classification with densenet_narrow",
        ) from error
    return FilmFeatures(encoder, stages)


def perceptual_distance(weight: float, folder: str | Path | None = None) -> nn.Module | None:
    """The perceptual distance of a loss; None where its weight is 0, as for volumes, which the encoder cannot see."""
    return PerceptualDistance(film_features(folder)) if weight else None


def adversary(weight: float, spatial_dims: int, *, seed: int = 0, channels: int = 32) -> nn.Module | None:
    """MONAI's PatchDiscriminator with seeded weights; None where its weight is 0."""
    if not weight:
        return None
    with scoped_torch_seed(seed, "discriminator"):
        return PatchDiscriminator(spatial_dims, channels, in_channels=1, num_layers_d=2, norm="INSTANCE")

"""Taking a pretrained film encoder into a training, and the score that a pretraining is judged by."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn

from monai_app.cohort.spec import FilmSpec, ModalitySpec, ModelSpec, TableField, TableSpec, TaskSpec
from monai_app.core.errors import InputRejected
from monai_app.engines.build import seeded_network
from monai_app.engines.model_folder import write_model
from monai_app.engines.pretraining import SizeScore, with_pretrained
from monai_app.engines.volumes.build import seeded
from monai_app.losses.film_masks import MASKS, root_sizes
from monai_app.networks import SampledFusion, default_encoders
from monai_app.networks.film_masks import FilmMaskNetwork, FilmMasks

TABLE = TableSpec(fields=(TableField(name="age", codes=("AGE",), unit="a"),))
SPEC = ModelSpec(
    modalities=ModalitySpec(film=FilmSpec(size_px=64), table=TABLE), tasks=(TaskSpec(name="death", kind="binary"),)
)


def encoders(spec: ModelSpec = SPEC, width: int = 8) -> partial[dict[str, nn.Module]]:
    return partial(default_encoders, spec, width=width, film="densenet_narrow")


def classifier(spec: ModelSpec = SPEC, width: int = 8) -> nn.Module:
    return seeded_network(spec, encoders(spec, width), partial(SampledFusion, spec, width=width), seed=1)


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, nn.Module]:
    folder = tmp_path_factory.mktemp("pretrained")
    network = seeded(partial(FilmMaskNetwork, encoders(), 2), seed=2)
    write_model(folder, network, SPEC)
    return folder, network


def same(one: nn.Module, other: nn.Module) -> bool:
    return all(torch.equal(value, other.state_dict()[name]) for name, value in one.state_dict().items())


def test_the_film_encoder_is_taken_and_nothing_else(pretrained: tuple[Path, nn.Module]) -> None:
    before, after = classifier(), with_pretrained(classifier(), pretrained[0])
    assert same(after.get_submodule("encoders.film"), pretrained[1].get_submodule("encoders.film"))
    assert not same(after.get_submodule("encoders.film"), before.get_submodule("encoders.film"))
    assert same(after.get_submodule("fusion"), before.get_submodule("fusion"))
    assert same(after.get_submodule("encoders.table"), before.get_submodule("encoders.table"))


def test_a_trained_classifier_can_be_started_from_too(tmp_path: Path) -> None:
    source = classifier()
    write_model(tmp_path, source, SPEC)
    fresh = seeded_network(SPEC, encoders(), partial(SampledFusion, SPEC, width=8), seed=9)
    assert same(with_pretrained(fresh, tmp_path).get_submodule("encoders.film"), source.get_submodule("encoders.film"))


def test_no_folder_and_a_control_without_films_change_nothing(tmp_path: Path) -> None:
    assert same(with_pretrained(classifier(), None), classifier())
    control = SPEC.model_copy(update={"modalities": ModalitySpec(table=TABLE)})
    assert same(with_pretrained(classifier(control), tmp_path / "none"), classifier(control))


def test_an_encoder_of_another_width_and_a_missing_folder_are_refused(
    pretrained: tuple[Path, nn.Module], tmp_path: Path
) -> None:
    with pytest.raises(InputRejected, match="MODEL_MISFIT"):
        with_pretrained(classifier(width=16), pretrained[0])
    with pytest.raises(InputRejected, match="MODEL_MISSING"):
        with_pretrained(classifier(), tmp_path)


def score(sizes: torch.Tensor, masks: torch.Tensor) -> float:
    metric = SizeScore()
    for part in (slice(0, 2), slice(2, None)):
        metric.update((FilmMasks(torch.zeros(1), sizes[part]), {MASKS: masks[part]}))
    return metric.compute()


def test_sizes_in_any_unit_score_one_and_unvarying_structures_do_not_count() -> None:
    masks = torch.rand(5, 2, 4, 4, generator=torch.Generator().manual_seed(0))
    masks[:, 1] = 0.5
    sizes = root_sizes({MASKS: masks})
    assert score(3 * sizes - 1, masks) == pytest.approx(1.0)
    assert score(torch.randn(5, 2, generator=torch.Generator().manual_seed(1)), masks) < 0.99
    with pytest.raises(InputRejected, match="VALIDATION_UNDEFINED"):
        score(sizes, masks[:, 1:].expand(-1, 2, -1, -1))

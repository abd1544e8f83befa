from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from monai.transforms import Compose, RandFlipd

from monai_app.cohort.spec import FilmSpec
from monai_app.core.errors import InputRejected
from monai_app.engines import build
from monai_app.engines.build import (
    adamw,
    bundle_root,
    cohort_spec,
    note_tokenizer,
    random_faults,
    row_weights,
    seeded_network,
    vocabulary_size,
    where_films,
    with_corruption,
)
from monai_app.losses import MultitaskLoss
from monai_app.networks import AttentionFusion
from monai_app.transforms.clahe import CLAHEd
from monai_app.transforms.film import LoadFilmd
from tests.engines.tiny import SPEC, WIDTH, tiny_encoders, tiny_items


def weights(seed: int) -> dict[str, torch.Tensor]:
    fusion = partial(AttentionFusion, SPEC, width=WIDTH, heads=2)
    return seeded_network(SPEC, partial(tiny_encoders, SPEC), fusion, seed=seed).state_dict()


def test_initial_weights_are_a_function_of_the_seed() -> None:
    state = torch.get_rng_state()
    one, same, other = weights(1), weights(1), weights(2)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, same[name]) for name, value in one.items())
    assert any(not torch.equal(value, other[name]) for name, value in one.items())


def test_every_parameter_is_optimised_once_and_vectors_are_not_decayed() -> None:
    network = seeded_network(
        SPEC, partial(tiny_encoders, SPEC), partial(AttentionFusion, SPEC, width=WIDTH, heads=2), seed=0
    )
    loss = MultitaskLoss(SPEC.tasks, weighting="uncertainty")
    groups = adamw(network, loss, learning_rate=0.1, weight_decay=0.2).param_groups
    listed = [parameter for group in groups for parameter in group["params"]]
    assert {id(p) for p in listed} == {id(p) for p in [*network.parameters(), *loss.parameters()]}
    assert len(listed) == len({id(p) for p in listed})
    assert all((p.ndim >= 2) == (group["weight_decay"] > 0) for group in groups for p in group["params"])


def test_the_film_size_of_the_configuration_travels_in_the_spec(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = SPEC.model_copy(update={"modalities": SPEC.modalities.model_copy(update={"film": FilmSpec()})})

    class Stored:
        def model_spec(self, tasks: object, modalities: object) -> object:
            return spec

    monkeypatch.setattr(build, "Cohort", lambda path: Stored())
    assert cohort_spec("x").modalities.film.size_px == 224
    assert cohort_spec("x", film_size_px=64).modalities.film.size_px == 64


def test_a_model_without_notes_needs_no_tokenizer(tmp_path: Path) -> None:
    silent = SPEC.model_copy(update={"modalities": SPEC.modalities.model_copy(update={"note": None})})
    assert note_tokenizer(silent, tmp_path) is None
    assert vocabulary_size(None) == 0


def test_a_shipped_bundle_is_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert (Path(bundle_root("multimodal_diagnosis")) / "configs" / "metadata.json").is_file()


def test_balanced_rows_draw_both_outcomes_equally_often() -> None:
    items = tiny_items(40)
    weights = row_weights(items, SPEC, "balanced")
    label = np.array([item["label_death"][0] for item in items])
    assert np.sum(np.array(weights)[label == 1]) == pytest.approx(np.sum(np.array(weights)[label == 0]))
    assert row_weights(items, SPEC, "shuffled") is None
    with pytest.raises(InputRejected, match="CANNOT_BALANCE"):
        row_weights([item for item in items if item["label_death"][0] == 0], SPEC, "balanced")


def test_a_cohort_without_tasks_cannot_be_trained_on(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stored:
        def model_spec(self, tasks: object, modalities: object) -> object:
            return SPEC.model_copy(update={"tasks": ()})

    monkeypatch.setattr(build, "Cohort", lambda path: Stored())
    with pytest.raises(InputRejected, match="NO_TASKS"):
        cohort_spec("x")


def test_faults_come_after_loading_and_before_enhancement() -> None:
    load, enhance = LoadFilmd("film", size_px=64), CLAHEd("film")
    faults = random_faults(SPEC, 0.5)
    assert faults is not None
    assert with_corruption(Compose([load, enhance]), faults).transforms == (load, faults, enhance)
    assert with_corruption(Compose([enhance]), faults).transforms == (faults, enhance)


def test_faults_of_probability_zero_leave_the_preprocessing_itself() -> None:
    plain = Compose([LoadFilmd("film", size_px=64)])
    assert with_corruption(plain, random_faults(SPEC, 0.0)) is plain


def test_faults_that_this_cohort_cannot_have_are_not_drawn() -> None:
    faults = random_faults(SPEC, 0.5)
    assert faults is not None
    assert {name for kinds in faults.corruptions["series"] for name in [kinds[0].name]} >= {"feature_mask"}
    assert "noise" not in {kinds[0].name for kinds in faults.corruptions["series"]}


def test_augmentation_of_films_is_left_out_where_there_are_none() -> None:
    mirror = RandFlipd("film", prob=1.0)
    for film, kept in ((FilmSpec(), (mirror,)), (None, ())):
        spec = SPEC.model_copy(update={"modalities": SPEC.modalities.model_copy(update={"film": film})})
        assert tuple(where_films(spec, [mirror]).transforms) == kept

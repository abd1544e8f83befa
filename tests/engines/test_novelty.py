"""Novelty: unfamiliar inputs are flagged and get no label, familiar ones seldom; kept with its weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from monai_app.core.errors import AppError, InputRejected
from monai_app.core.loading import save_weights, write_checked_text
from monai_app.core.random import numpy_generator
from monai_app.engines.novelty import (
    FEWEST,
    Novelty,
    WatchState,
    fit_novelty,
    flagged,
    novelty_of,
    stored_novelty,
    with_novelty,
)
from monai_app.engines.observation import Sight, Sights
from monai_app.engines.predictions import Predictions
from tests.engines.simulated import simulated

TEST = simulated(80)


def sights(samples: int, seed: int, *, present: np.ndarray | None = None, shift: float = 0.0) -> dict[str, Sight]:
    """Of a film, whose tokens are shifted, and of a note of known words."""
    random = numpy_generator("tests/novelty", seed)
    there = np.ones(samples, bool) if present is None else present
    tokens, inputs = random.normal(size=(2, there.sum(), 4))
    film = Sight(there, tokens + shift, inputs)
    return {"film": film, "series": Sight(np.ones(samples, bool), *random.normal(size=(2, samples, 3)))}


class Seen:
    """What an observer of a cohort would see."""

    def __init__(self, test: Sights) -> None:
        self.test, self.read = test, list[str]()

    def samples(self) -> Sights:
        return self.test

    def split(self, name: str) -> Sights:
        self.read.append(name)
        return {"train": sights(300, 1), "tuning": sights(200, 2)}[name]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_checked_text(tmp_path / "model.safetensors", "weights")
    return tmp_path


def of_test(shift: float = 0.0) -> Seen:
    return Seen(sights(len(TEST), 3, present=TEST.present[:, 0], shift=shift))


def applied(folder: Path, seen: Seen) -> Predictions:
    fitted = novelty_of(seen, folder, 0.99, may_fit=True)
    return with_novelty(TEST, fitted, seen, folder)


def test_familiar_samples_are_seldom_flagged_and_absent_ones_never() -> None:
    fitted, tensors = fit_novelty(sights(1000, 1), sights(2000, 2), 0.9, {"model": "0"})
    flags = fitted.flags(sights(2000, 4), tensors)
    assert fitted.modalities["film"].familiar_flagged == pytest.approx(0.1, abs=0.002)
    assert ((flags.mean(axis=0) > 0.06) & (flags.mean(axis=0) < 0.13)).all()
    absent = sights(50, 5, present=np.arange(50) % 2 == 0, shift=99)
    assert fitted.flags(absent, tensors)[:, 0].tolist() == (np.arange(50) % 2 == 0).tolist()


@pytest.mark.parametrize("kind", ["tokens", "inputs"])
def test_either_distance_flags(kind: str) -> None:
    fitted, tensors = fit_novelty(sights(300, 1), sights(200, 2), 0.99, {"model": "0"})
    odd = sights(40, 3)
    odd["film"] = replace(odd["film"], **{kind: getattr(odd["film"], kind) + 20})
    assert fitted.flags(odd, tensors)[:, 0].all() and fitted.flags(odd, tensors)[:, 1].mean() < 0.2


def test_flagged_sample_gets_no_label_and_others_keep_theirs(folder: Path) -> None:
    clean, odd = applied(folder, of_test()), applied(folder, of_test(shift=30))
    np.testing.assert_array_equal(odd.out_of_distribution[:, 0], TEST.present[:, 0])
    for name, task in odd.tasks.items():
        assert task.abstained[TEST.present[:, 0]].all()
        assert (task.abstained.all(axis=1) == odd.out_of_distribution.any(axis=1)).all()
        np.testing.assert_array_equal(task.score, TEST.tasks[name].score)
    assert clean.tasks["mortality"].abstained.mean() < 0.2


def test_decision_that_was_abstained_from_stays_so() -> None:
    silent = np.arange(len(TEST))[:, None] < 5
    task = replace(TEST.tasks["mortality"], abstained=silent)
    after = flagged(replace(TEST, tasks={"mortality": task}), np.zeros((len(TEST), 2), dtype=bool))
    np.testing.assert_array_equal(after.tasks["mortality"].abstained, silent)


def test_notes_of_unread_words_are_flagged() -> None:
    random = numpy_generator("tests/novelty notes")

    def notes(samples: int, low: int, high: int) -> dict[str, Sight]:
        ids = random.integers(low, high, (samples, 6)).astype(float)
        return {"note": Sight(np.ones(samples, bool), np.zeros((samples, 2)), ids)}

    fitted, tensors = fit_novelty(notes(200, 1, 50), notes(200, 1, 50), 0.99, {"model": "0"})
    assert fitted.flags(notes(20, 60, 90), tensors).all()
    assert fitted.flags(notes(200, 1, 50), tensors).mean() < 0.05


def test_modality_of_too_few_samples_is_not_watched_and_is_recorded(folder: Path) -> None:
    few = np.arange(200) < FEWEST - 1
    fitted, tensors = fit_novelty(sights(300, 1), sights(200, 2, present=few), 0.99, {"model": "0"})
    assert fitted.modalities["film"].state is WatchState.TOO_FEW
    flags = fitted.flags(sights(30, 3, shift=99), tensors)
    assert not flags[:, 0].any()
    said = fitted.summary(["film", "series"], flags)
    assert said["modalities"]["film"]["flagged"] == 0 and "nothing is flagged" in said["modalities"]["film"]["state"]
    assert said["samples_flagged"] == flags.any(axis=1).sum()


def test_stored_record_is_taken_again_until_the_quantile_or_weights_change(folder: Path) -> None:
    seen = of_test()
    first = novelty_of(seen, folder, 0.99, may_fit=True)
    assert seen.read == ["train", "tuning"]
    assert novelty_of(seen, folder, 0.99, may_fit=False) == stored_novelty(seen, folder, 0.99) == first
    assert len(seen.read) == 2
    with pytest.raises(InputRejected, match=r"NOVELTY_MISSING.*got 0\.99.*0\.95"):
        stored_novelty(seen, folder, 0.95)
    with pytest.raises(InputRejected, match="TUNING_MISSING"):
        novelty_of(seen, folder, 0.95, may_fit=False)
    novelty_of(seen, folder, 0.99, may_fit=True, refit=True)
    assert len(seen.read) == 4
    write_checked_text(folder / "model.safetensors", "trained again")
    with pytest.raises(InputRejected, match=r"NOVELTY_MISSING.*got none"):
        stored_novelty(seen, folder, 0.99)


def test_what_is_stored_flags_the_same(folder: Path) -> None:
    seen = of_test(shift=1.5)
    made = applied(folder, seen)
    read = with_novelty(TEST, stored_novelty(seen, folder, 0.99), seen, folder)
    np.testing.assert_array_equal(read.out_of_distribution, made.out_of_distribution)
    assert 0 < made.out_of_distribution.mean() < 1


def test_gaussians_of_another_record_are_refused(folder: Path) -> None:
    seen = of_test()
    fitted = novelty_of(seen, folder, 0.99, may_fit=True)
    _, tensors = fit_novelty(sights(300, 8), sights(200, 9), 0.99, {"model": "0"})
    save_weights(folder / "novelty.safetensors", tensors)
    with pytest.raises(InputRejected, match="HASH_MISMATCH"):
        with_novelty(TEST, fitted, seen, folder)


def test_observer_of_other_samples_is_refused(folder: Path) -> None:
    fitted = novelty_of(of_test(), folder, 0.99, may_fit=True)
    with pytest.raises(AppError, match="SAMPLES_DIFFER"):
        with_novelty(TEST, fitted, Seen(sights(len(TEST), 3)), folder)


def test_modality_that_it_was_not_fitted_for_is_refused() -> None:
    fitted, tensors = fit_novelty(sights(300, 1), sights(200, 2), 0.99, {"model": "0"})
    with pytest.raises(InputRejected, match=r"NOVELTY_MISFIT.*table"):
        fitted.flags({"table": sights(3, 3)["film"]}, tensors)


@pytest.mark.parametrize("ask", [lambda o, f, at: novelty_of(o, f, at, may_fit=True), stored_novelty])
def test_nothing_wanted_is_nothing_trees_and_other_quantiles_are_refused(
    ask: Callable[..., Novelty | None], folder: Path
) -> None:
    assert ask(None, folder, None) is None and ask(of_test(), folder, None) is None
    with pytest.raises(InputRejected, match=r"NOVELTY_NEEDS_NETWORK.*boosted trees"):
        ask(None, folder, 0.99)
    for at in (0.0, 1.0, 99.0, float("nan")):
        with pytest.raises(InputRejected, match="NOVELTY_INVALID"):
            ask(of_test(), folder, at)
    assert not (folder / "novelty.json").exists()

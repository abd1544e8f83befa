from __future__ import annotations

from pathlib import Path

import pytest
import torch

from monai_app.core.errors import InputRejected
from monai_app.generate.privacy.small_films import canary_samples, film_samples
from monai_app.phantom.cohort import write_phantom


def test_films_of_a_split_become_statistics_with_their_labels(tmp_path: Path) -> None:
    write_phantom(tmp_path / "cohort", patients=12, seed=0, pixel_scale=6)
    told: list[tuple[int, int]] = []
    samples, names = film_samples(tmp_path / "cohort", "train", on_film=lambda done, of: told.append((done, of)))
    assert samples.features.shape == (len(samples.subject_id), 778) and samples.labels.shape[1] == len(names)
    assert "pneumonia" in names and "mortality" in names and told[-1] == (len(samples.features),) * 2
    assert len(film_samples(tmp_path / "cohort", "train", most=1)[0].features) == 1


def test_a_split_without_films_is_refused(tmp_path: Path) -> None:
    write_phantom(tmp_path / "cohort", patients=12, seed=0, pixel_scale=6)
    with pytest.raises(InputRejected, match="NO_FILMS"):
        film_samples(tmp_path / "cohort", "train", most=0)


def test_canaries_differ_are_of_different_patients_and_a_function_of_the_seed() -> None:
    one, same, other = (canary_samples(20, 3, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(one.features, same.features) and not torch.equal(one.features, other.features)
    assert len(set(one.subject_id.tolist())) == 20 and max(one.subject_id) < 0
    assert float(torch.pdist(one.features).min()) > 1

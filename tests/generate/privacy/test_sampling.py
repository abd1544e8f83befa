from __future__ import annotations

import numpy as np
import torch

from monai_app.core.random import torch_generator
from monai_app.generate.privacy.sampling import NoiseSeed, poisson_rows, rows_by_patient

IDS = [7] * 100 + list(range(100, 140))
"""One patient with a hundred films, forty with one."""


def drawn(rate: float, times: int) -> list[list[int]]:
    generator = torch_generator("test")
    patients = rows_by_patient(IDS)
    return [poisson_rows(patients, rate, generator) for _ in range(times)]


def test_rows_are_grouped_by_patient_whatever_their_order() -> None:
    assert [rows.tolist() for rows in rows_by_patient([5, 3, 5, 9, 3])] == [[1, 4], [0, 2], [3]]
    assert rows_by_patient([]) == []


def test_a_patient_with_a_hundred_films_is_in_a_step_once_and_as_often_as_the_others() -> None:
    batches = drawn(0.25, 800)
    films = [sum(row < 100 for row in batch) for batch in batches]
    assert set(films) == {0, 1}
    assert abs(np.mean(films) - 0.25) < 4 * np.sqrt(0.25 * 0.75 / 800)
    assert len({row for batch in batches for row in batch if row < 100}) > 50  # any of the films


def test_batch_sizes_vary_as_of_independent_patients() -> None:
    sizes = np.array([len(batch) for batch in drawn(0.25, 800)])
    assert abs(sizes.mean() - 41 * 0.25) < 0.5 and abs(sizes.var() - 41 * 0.25 * 0.75) < 1.5


def test_rates_at_the_ends() -> None:
    assert drawn(0.0, 1) == [[]]
    assert len(drawn(1.0, 1)[0]) == 41


def test_draws_come_from_the_generator_alone() -> None:
    before = torch.get_rng_state()
    assert drawn(0.3, 5) == drawn(0.3, 5)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_secret_seed_is_drawn_anew_and_a_given_one_is_kept() -> None:
    secret, given = NoiseSeed(), NoiseSeed(3)
    first = secret.seed
    secret.redraw()
    given.redraw()
    assert NoiseSeed().seed != NoiseSeed().seed != first != secret.seed and given.seed == 3 and given.given

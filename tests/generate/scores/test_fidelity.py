"""Fidelity: images that show their condition reach the ceiling, images of nothing and exchanged conditions do not."""

from __future__ import annotations

import numpy as np
import pytest

from monai_app.generate.scores.fidelity import feature_space, fidelity


def images(n: int, seed: int, *, shown: bool = True) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    generator = np.random.default_rng(seed)
    truth = generator.normal(size=n)
    features = generator.normal(size=(n, 8))
    features[:, 0] += 2 * truth if shown else 0
    return features, {"severity": truth, "sex": (truth > 0).astype(float), "hidden": generator.normal(size=n)}


def test_what_images_show_is_read_back_and_what_they_do_not_is_not() -> None:
    found = fidelity(images(400, 0), images(200, 1), images(200, 2), resamples=50)
    assert found["severity"].ceiling > 0.8 and found["severity"].share == pytest.approx(1.0, abs=0.1)
    assert found["sex"].generated > 0.5 and abs(found["hidden"].ceiling) < 0.2
    assert abs(found["severity"].shuffled) < 0.2
    assert found["severity"].low < found["severity"].generated < found["severity"].high


def test_images_that_ignore_their_condition_score_near_zero() -> None:
    found = fidelity(images(400, 0), images(200, 1), images(200, 2, shown=False), resamples=0)
    assert found["severity"].ceiling > 0.8 and abs(found["severity"].generated) < 0.2


def test_unknown_values_do_not_count_and_constant_targets_are_left_out() -> None:
    features, targets = images(100, 3)
    targets["severity"][50:] = np.nan
    targets["sex"][:] = 1.0
    found = fidelity(images(400, 0), images(200, 1), (features, targets), resamples=0)
    assert found["severity"].n == 50 and "sex" not in found


def test_the_space_has_unit_variance_and_no_more_directions_than_vectors() -> None:
    features, _ = images(40, 0)
    space = feature_space(features)
    assert space.transform(features).shape == (40, 8) and feature_space(features[:12]).transform(features).shape[1] == 3
    assert np.allclose(space.transform(features).std(axis=0, ddof=1), 1.0)

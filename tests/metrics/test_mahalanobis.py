"""Distances: of correlated features, of features that never varied, unknown or infinite; the same after reading."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis

from monai_app.core.random import numpy_generator
from monai_app.metrics.mahalanobis import Gaussian


def correlated(rows: int = 4000) -> np.ndarray:
    first = numpy_generator("tests/mahalanobis").normal(size=(rows, 2))
    return np.stack([first[:, 0], 10 * (first[:, 0] + 0.2 * first[:, 1])], axis=1) + 3


def test_distance_is_scipys_where_shrinkage_is_small() -> None:
    features = correlated()
    point = np.array([4.0, 1.0])
    inverse = np.linalg.inv(np.cov(features.T))
    expected = mahalanobis(point, features.mean(axis=0), inverse)
    assert Gaussian.fit(features).distance(point[None])[0] == pytest.approx(expected, rel=0.05)


def test_units_change_no_distance() -> None:
    features = correlated(200)
    scale, shift = np.array([1000.0, 0.01]), np.array([5.0, -7.0])
    plain = Gaussian.fit(features).distance(features)
    np.testing.assert_allclose(Gaussian.fit(features * scale + shift).distance(features * scale + shift), plain, 1e-4)


def test_a_feature_that_never_varied_is_news_when_it_does() -> None:
    features = np.column_stack([correlated(50), np.full(50, 7.0)])
    fitted = Gaussian.fit(features)
    same, changed = fitted.distance(np.array([[3.0, 3.0, 7.0], [3.0, 3.0, 8.0]]))
    assert changed > same + 1


@pytest.mark.parametrize("rows", [2, 30])
def test_constant_features_alone_give_finite_distances(rows: int) -> None:
    assert np.isfinite(Gaussian.fit(np.ones((rows, 3))).distance(np.array([[1.0, 2.0, 3.0]]))).all()


def test_unknown_is_no_news_and_infinite_is_far() -> None:
    features = correlated(100)
    features[0, 0] = np.nan
    fitted = Gaussian.fit(features)
    at_mean, unknown, infinite = fitted.distance(
        np.array([fitted.mean, [np.nan, fitted.mean[1]], [np.inf, fitted.mean[1]]])
    )
    assert at_mean == unknown == 0 and infinite > 1e5


def test_what_is_read_measures_the_same() -> None:
    fitted = Gaussian.fit(correlated(60))
    read = Gaussian.from_tensors(fitted.tensors("film.tokens"), "film.tokens")
    np.testing.assert_array_equal(read.distance(correlated(60)), fitted.distance(correlated(60)))


def test_a_feature_that_hardly_varies_is_no_news_among_features_of_one_unit() -> None:
    features = np.column_stack([correlated(200), np.zeros(200)])
    features[0, 2] = 0.01
    alone, together = (Gaussian.fit(features, one_unit=alike).distance(features)[0] for alike in (False, True))
    assert alone > 3 * together

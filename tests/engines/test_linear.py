from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from monai_app.engines.linear import LinearPart, Standardiser


def _data(n=200):
    random = np.random.default_rng(0)
    features = random.normal(size=(n, 4)).astype(np.float32) * [1, 100, 1, 0] + [0, 7, 0, 5]
    label = (features[:, 0] + 0.3 * random.normal(size=n) > 0).astype(float)
    features = features.astype(np.float32)
    features[random.random((n, 4)) < 0.1] = np.nan
    return features, label


def test_standardised_features_have_no_gaps_mean_0_and_deviation_1():
    features, _ = _data()
    made = Standardiser.fit(features)(features)
    assert made.mean(axis=0) == pytest.approx(0, abs=1e-6)
    assert made.std(axis=0) == pytest.approx([1, 1, 1, 0], abs=1e-6)


def test_a_feature_that_is_never_there_counts_nothing():
    features, _ = _data()
    features[:, 2] = np.nan
    other = features.copy()
    other[:, 2] = 9
    fitted = Standardiser.fit(features)
    assert np.array_equal(fitted(features), fitted(other))


def test_implausible_values_count_as_the_train_percentiles():
    features, label = _data()
    part = LinearPart.fit(features, label, inverse_penalty=1.0)
    wild = features[:1].copy()
    wild[0, 0] = 1e30
    assert part.raw(wild) < part.standardiser.high[0] * 100


def test_it_ranks_by_what_it_learnt():
    features, label = _data()
    raw = LinearPart.fit(features, label, inverse_penalty=1.0).raw(features)
    assert ((raw > 0) == (label > 0.5)).mean() > 0.8


@pytest.mark.parametrize("sparse", [False, True])
def test_tensors_give_the_same_regression(sparse):
    features, label = _data()
    read = csr_matrix(np.nan_to_num(features)) if sparse else features
    part = LinearPart.fit(read, label, inverse_penalty=0.1)
    again = LinearPart.from_tensors(part.tensors("task/0") | part.tensors("task/01"), "task/0")
    assert (again.standardiser is None) == sparse
    assert np.array_equal(again.raw(read), part.raw(read))

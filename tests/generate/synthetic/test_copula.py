from __future__ import annotations

import numpy as np
import pytest

from monai_app.generate.synthetic.copula import Copula, Table


@pytest.fixture(scope="module")
def table() -> Table:
    """Two correlated numbers, a label that depends on them, a category of three, a number that some patients lack."""
    generator = np.random.default_rng(1)
    latent = generator.standard_normal((2000, 2)) @ np.linalg.cholesky([[1, 0.8], [0.8, 1]]).T
    label = (latent[:, 0] + generator.normal(0, 0.7, 2000) > 1).astype(float)
    category = np.eye(3)[np.digitize(latent[:, 1] + generator.normal(0, 1, 2000), [-0.5, 1.5])]
    lacking = np.where(label == 1, np.nan, np.exp(latent[:, 0]))
    lacking[generator.random(2000) < 0.2] = np.nan
    values = np.column_stack([latent[:, 0], np.exp(latent[:, 1]), label, category, lacking])
    return Table(tuple("abcdefg"), values, ((3, 4, 5),), np.zeros(7, np.bool_))


@pytest.fixture(scope="module")
def drawn(table: Table) -> np.ndarray:
    return Copula.fit(table).draw(4000, np.random.default_rng(2))


def test_the_same_generator_draws_the_same_records(table: Table, drawn: np.ndarray) -> None:
    np.testing.assert_array_equal(Copula.fit(table).draw(4000, np.random.default_rng(2)), drawn)


def test_means_and_shares_are_kept(table: Table, drawn: np.ndarray) -> None:
    np.testing.assert_allclose(drawn[:, 2:6].mean(axis=0), table.values[:, 2:6].mean(axis=0), atol=0.03)
    np.testing.assert_allclose(
        np.quantile(drawn[:, 1], [0.1, 0.5, 0.9]), np.quantile(table.values[:, 1], [0.1, 0.5, 0.9]), rtol=0.1
    )


@pytest.mark.parametrize(("first", "second", "off"), [(0, 1, 0.05), (0, 2, 0.12), (1, 3, 0.18), (1, 5, 0.18)])
def test_dependence_is_kept_and_roughly_that_of_categories(
    table: Table, drawn: np.ndarray, first: int, second: int, off: float
) -> None:
    real, made = (np.corrcoef(values[:, first], values[:, second])[0, 1] for values in (table.values, drawn))
    assert made == pytest.approx(real, abs=off) and abs(made) > 0.25


def test_one_class_of_a_group_is_drawn(drawn: np.ndarray) -> None:
    np.testing.assert_array_equal(drawn[:, 3:6].sum(axis=1), 1.0)


def test_the_unknown_stay_as_frequent_and_as_dependent(table: Table, drawn: np.ndarray) -> None:
    unknown = [np.isnan(values[:, 6]) for values in (table.values, drawn)]
    assert unknown[1].mean() == pytest.approx(unknown[0].mean(), abs=0.03)
    assert unknown[1][drawn[:, 2] == 1].mean() > 0.6 > 0.4 > unknown[1][drawn[:, 2] == 0].mean()


def test_no_real_number_beyond_the_fifth_largest_is_drawn(table: Table, drawn: np.ndarray) -> None:
    assert drawn[:, 1].max() <= np.sort(table.values[:, 1])[-5] + 1e-4


def test_the_order_of_patients_does_not_matter(table: Table) -> None:
    turned = Table(table.keys, table.values[::-1], table.groups, table.always)
    np.testing.assert_allclose(
        (lambda f: f @ f.T)(Copula.fit(turned).factor), (lambda f: f @ f.T)(Copula.fit(table).factor), atol=1e-9
    )

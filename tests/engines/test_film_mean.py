from __future__ import annotations

import numpy as np
import pytest

from monai_app.core.errors import InputRejected
from monai_app.engines.data import SampleDataset
from monai_app.engines.film_mean import mean_film


def _items(*levels: float | None) -> list[dict[str, object]]:
    return [{"film_present": v is not None, "film": np.full((1, 4, 4), v or 0, np.float32)} for v in levels]


def test_mean_is_over_films_that_are_there() -> None:
    np.testing.assert_allclose(mean_film(SampleDataset(_items(0.2, None, 0.6))), 0.4, rtol=1e-6)


def test_as_many_films_as_asked_for() -> None:
    np.testing.assert_allclose(mean_film(SampleDataset(_items(0.2, 0.6, 0.9)), films=2), 0.4, rtol=1e-6)


def test_no_films_are_refused() -> None:
    with pytest.raises(InputRejected, match="NO_FILMS"):
        mean_film(SampleDataset(_items(None, None)))

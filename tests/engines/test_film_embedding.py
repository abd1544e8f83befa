from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from monai_app.core.errors import InputRejected
from monai_app.engines.film_embedding import film_embedding


def test_an_embedding_is_the_same_one_by_one_and_tells_films_apart() -> None:
    embed = film_embedding("cxr_classification", system="densenet_narrow")
    films = np.random.default_rng(0).random((3, embed.size_px, embed.size_px)).astype(np.float32)
    together = embed(films)
    assert together.shape[0] == 3 and np.abs(together[0] - together[1]).max() > 1e-3
    np.testing.assert_allclose(embed(films[1:2])[0], together[1], atol=1e-4)


def test_a_model_that_sees_no_films_has_no_embedding() -> None:
    with pytest.raises(InputRejected, match="MODEL_MISSING|NO_FILM_ENCODER"):
        film_embedding("multimodal_diagnosis", model_dir=Path("nowhere"))

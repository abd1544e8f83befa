"""The film and its map lie on each other, pixel by pixel."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace

import numpy as np
from PIL import Image
from torch import Tensor

from monai_app.cohort.spec import ModelSpec
from monai_app.core.page import Section
from monai_app.explain.baselines import Baselines
from monai_app.explain.film_panel import LONGEST_SIDE_PX, add_film
from monai_app.explain.material import FilmMaterial
from monai_app.networks import MultimodalNetwork
from tests.explain.presented import explained, material


def test_both_pictures_have_the_films_shape_and_large_ones_are_reduced(
    network: MultimodalNetwork, spec: ModelSpec, inputs: dict[str, Tensor], baselines: Baselines
) -> None:
    found = explained(network, spec, inputs, baselines)
    large = FilmMaterial(np.random.default_rng(0).random((1800, 1200)).astype(np.float32), None)
    for film, size in ((material(spec).film, (40, 60)), (large, (600, LONGEST_SIDE_PX))):
        section = Section("Film")
        add_film(section, found, found.maps["film"], replace(material(spec), film=film))
        pictures = re.findall(r"base64,([^\"]+)", "".join(section.blocks))
        assert [Image.open(io.BytesIO(base64.b64decode(text))).size for text in pictures] == [size, size]
        assert any("blurred" in block for block in section.blocks)


def test_letters_stand_at_the_edges_where_the_file_says_them(
    network: MultimodalNetwork, spec: ModelSpec, inputs: dict[str, Tensor], baselines: Baselines
) -> None:
    found, plain = explained(network, spec, inputs, baselines), material(spec)
    assert plain.film is not None
    turned = replace(plain, film=replace(plain.film, letters=("R", "L", "S", "I")))
    for shown, count in ((plain, 0), (turned, 1)):
        section = Section("Film")
        add_film(section, found, found.maps["film"], shown)
        text = "".join(section.blocks)
        assert [text.count(f">{letter}</span>") for letter in "RLSI"] == [count] * 4

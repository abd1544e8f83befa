"""What the pages of the tests are made of: an explanation of the tiny network, with its scores and its material."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from torch import Tensor, nn

from monai_app.cohort.spec import ModelSpec
from monai_app.explain.baselines import Baselines
from monai_app.explain.believability import Believability
from monai_app.explain.explanation import Explanation, explain
from monai_app.explain.faithfulness import Faithfulness
from monai_app.explain.localisation import Localisation, RegionScores
from monai_app.explain.material import FilmMaterial, Material
from monai_app.explain.stability import Stability

NOTE = "Cough, no <b>fever</b> at all."
OFFSETS = np.array([[-1, -1], [0, 5], [5, 6], [7, 9], [13, 18], [23, 25], *[[-1, -1]] * 4])
FILM = FilmMaterial(np.linspace(0, 1, 60 * 40, dtype=np.float32).reshape(60, 40), (0.2, 0.3))
GOOD = Believability(
    Faithfulness(0.2, 0.5, 0.8, 0.5, None, None, 0.81, 0.32, 0.79),
    Stability(0.1, 0.05, 0.02),
    (RegionScores("effusion", 0.05, Localisation(True, 0.6, 0.9, 0.5), Localisation(False, 0.1, 0.6, 0.1)),),
)
BAD = Believability(Faithfulness(0.6, 0.5, 0.4, 0.5, None, None, 0.81, 0.80, 0.79), Stability(0.95, 0.9, 0.8))


def explained(
    network: nn.Module, spec: ModelSpec, inputs: Mapping[str, Tensor], baselines: Baselines, label: str = "death"
) -> Explanation:
    return explain(network, spec, inputs, label, baselines=baselines)


def material(spec: ModelSpec) -> Material:
    return Material(spec, FILM, NOTE, OFFSETS, {"cohort": "tiny"})

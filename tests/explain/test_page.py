"""The page says what counted, shows every modality or its absence, and never runs what a note contains."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from monai_app.cohort.spec import FilmSpec, ModalitySpec, ModelSpec
from monai_app.core.random import scoped_torch_seed
from monai_app.explain.baselines import Baselines
from monai_app.explain.explanation import explain
from monai_app.explain.methods import Method
from monai_app.explain.page import case_page
from monai_app.networks import MultimodalNetwork, SampledFusion
from monai_app.networks.encoders import FilmEncoder
from tests.explain.presented import BAD, GOOD, explained, material


@pytest.mark.parametrize("label", ["findings/a", "stay"])
def test_every_modality_has_its_panel(
    label: str, network: MultimodalNetwork, spec: ModelSpec, inputs: dict[str, Tensor], baselines: Baselines
) -> None:
    found = explained(network, spec, inputs, baselines, label)
    html = case_page(found, dict.fromkeys(found.maps, GOOD), material(spec)).render()
    for title in ("In short", "Film", "Time course", "Patient data", "Notes", "Can these maps be believed?"):
        assert f"<h2>{title}</h2>" in html
    assert html.count("<svg") == 2 + 3 + 1 and html.count('class="heat"') == 1 and 'type="range"' in html
    assert "c0 [mmHg]" in html and "&lt;b&gt;" in html and "<b>fever" not in html
    assert ("log-odds" in html) == (label == "findings/a") and "Not for diagnosis" in html


def test_absent_modality_says_so(
    network: MultimodalNetwork, spec: ModelSpec, inputs: dict[str, Tensor], baselines: Baselines
) -> None:
    inputs |= {f"{name}_present": torch.zeros(1, dtype=torch.bool) for name in ("film", "note")}
    found = explained(network, spec, inputs, baselines)
    html = case_page(found, dict.fromkeys(found.maps, GOOD), material(spec)).render()
    assert html.count("Absent: this case has none") == 2 and 'class="heat"' not in html


def test_map_that_fails_is_named_at_the_top(
    network: MultimodalNetwork, spec: ModelSpec, inputs: dict[str, Tensor], baselines: Baselines
) -> None:
    found = explained(network, spec, inputs, baselines)
    html = case_page(found, {"film": GOOD, "note": BAD}, material(spec)).render()
    assert "Do not read the map of the notes" in html and "Do not read the map of the film" not in html


def test_film_classifier_has_its_page_too(spec: ModelSpec) -> None:
    """As cxr_classification: one modality, Monte Carlo heads, Grad-CAM."""
    modalities = ModalitySpec(film=FilmSpec(size_px=64))
    alone = spec.model_copy(update={"modalities": modalities})
    with scoped_torch_seed(0, "film"):
        encoder = FilmEncoder("densenet_narrow", width=8)
        network = MultimodalNetwork(alone, {"film": encoder}, SampledFusion(alone, width=8, hidden=8)).eval()
    case = {"film": torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))}
    case["film_present"] = torch.ones(1, dtype=torch.bool)
    found = explain(network, alone, case, "findings/a", method=Method.GRAD_CAM)
    assert found.shares.names == ("film",) and found.shares.shares.tolist() == [1.0]
    html = case_page(found, {"film": GOOD}, material(alone)).render()
    assert (
        "nothing to combine" in html
        and "20 draws" in html
        and "Grad-CAM is coarse" in html
        and "no prediction" in html
        and "Time course" not in html
    )

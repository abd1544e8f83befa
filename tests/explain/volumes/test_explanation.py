from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from monai_app.core.errors import InputRejected
from monai_app.explain.methods import Method
from monai_app.explain.volumes.explanation import explain_volume, volume_believability
from tests.explain.volumes.tiny import CLASSIFIES, SEGMENTS, FindsBright, ball, classifier, explained, seen


@pytest.mark.parametrize("method", [Method.INTEGRATED_GRADIENTS, Method.GRADIENT_SHAP, Method.OCCLUSION])
def test_every_sequence_has_a_map_and_it_lies_on_what_the_network_looks_at(method: Method) -> None:
    found = explained(method)
    assert list(found.maps) == ["T1", "FLAIR"]
    assert abs(found.maps["T1"].change) > 5 * abs(found.maps["FLAIR"].change)
    values = found.maps["T1"].values
    assert values.shape == found.seen.shape == (16, 16, 16)
    assert values[ball()].mean() > 10 * abs(values[~ball(radius=5.5)].mean())
    if method is Method.INTEGRATED_GRADIENTS:
        assert found.maps["T1"].gap < 0.01 and not found.warnings


def test_the_maps_of_a_window_are_those_of_a_volume_that_is_the_window() -> None:
    large = seen((40, 40, 40))
    whole = explain_volume(FindsBright().eval(), SEGMENTS, large, "ball", method=Method.GRADIENT_SHAP)
    alone = explain_volume(FindsBright().eval(), SEGMENTS, whole.seen, "ball", method=Method.GRADIENT_SHAP)
    assert whole.seen.shape == (16, 16, 16) and "one window around the structure" in whole.computed_at
    assert whole.maps["T1"].values == pytest.approx(alone.maps["T1"].values, abs=1e-6)


def test_nothing_is_attributed_to_padding() -> None:
    found = explain_volume(FindsBright().eval(), SEGMENTS, seen((15, 14, 16)), "ball", method=Method.OCCLUSION)
    assert found.seen.shape == (16, 16, 16) and not found.maps["T1"].values[~found.seen.filled].any()
    assert "the whole volume" in found.computed_at and found.resolution == "windows of 8 × 8 × 12 mm"


@pytest.mark.parametrize("label", ["lesion", "size/over 2 mL", "1 to 2 mL"])
@pytest.mark.parametrize("method", [Method.GRADIENT_SHAP, Method.GRAD_CAM])
def test_a_classification_is_explained_by_label(label: str, method: Method) -> None:
    found = explain_volume(classifier(), CLASSIFIES, seen(sequences=1), label, method=method)
    assert list(found.maps) == ["CT"] and found.structure is None
    assert np.isfinite(found.maps["CT"].values).all() and "network's own grid" in found.computed_at
    if method is Method.GRAD_CAM:
        assert found.resolution.startswith("cells of")


def test_activations_in_place_change_nothing() -> None:
    plain, in_place = (
        explain_volume(network.eval(), SEGMENTS, seen(), "ball", feature_layer="act", method=Method.GRAD_CAM)
        for network in (FindsBright(), FindsBright(in_place=True))
    )
    assert in_place.maps["T1"].values == pytest.approx(plain.maps["T1"].values)
    assert in_place.cases["T1"].network.act.inplace


def test_scores_ship_with_the_map_of_every_sequence() -> None:
    found = explained(Method.INTEGRATED_GRADIENTS)
    scores = volume_believability(found)
    t1 = scores["T1"]
    assert set(scores) == {"T1", "FLAIR"} and t1.faithfulness.beats_chance
    assert t1.regions[0].region == "ball" and t1.regions[0].of_map.hit and t1.regions[0].of_map.auroc > 0.95
    assert t1.stability.infidelity is not None and t1.stability.infidelity < 0.5


def test_a_region_that_the_window_does_not_show_is_told_and_not_scored() -> None:
    nothing = np.zeros((16, 16, 16), np.bool_)
    found = explain_volume(
        FindsBright().eval(), SEGMENTS, seen(), "ball", method=Method.GRADIENT_SHAP, regions={"other": nothing}
    )
    assert not found.regions and any("has no other" in text for text in found.warnings)


def test_what_cannot_be_explained_is_refused_with_a_code() -> None:
    volume, network = seen(), FindsBright().eval()
    with pytest.raises(InputRejected, match="LABEL_UNKNOWN.*ball, other"):
        explain_volume(network, SEGMENTS, volume, "spleen")
    with pytest.raises(InputRejected, match="LABEL_UNKNOWN.*lesion"):
        explain_volume(classifier(), CLASSIFIES, seen(sequences=1), "spleen")
    with pytest.raises(InputRejected, match="TRAIN_MODE"):
        explain_volume(FindsBright().train(), SEGMENTS, volume, "ball")
    with pytest.raises(InputRejected, match="SEQUENCES_MISMATCH"):
        explain_volume(network, SEGMENTS, seen(sequences=1), "ball")
    with pytest.raises(InputRejected, match="NO_FEATURE_MAP"):
        explain_volume(network, SEGMENTS, volume, "ball", method=Method.GRAD_CAM, feature_layer="missing")


class _Broken(torch.autograd.Function):
    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx: object, gradient: Tensor) -> Tensor:
        return gradient * torch.nan


class _NoGradient(nn.Module):
    def __init__(self, spoilt: str) -> None:
        super().__init__()
        self.inner, self.spoilt = FindsBright(), spoilt

    def forward(self, image: Tensor) -> Tensor:
        scores: Tensor = self.inner(image)
        return _Broken.apply(scores) if self.spoilt == "nan" else scores.detach()


@pytest.mark.parametrize(("spoilt", "code"), [("nan", "GRADIENT_NOT_FINITE"), ("detached", "NOT_DIFFERENTIABLE")])
def test_gradients_that_are_none_are_refused(spoilt: str, code: str) -> None:
    with pytest.raises(InputRejected, match=code):
        explain_volume(_NoGradient(spoilt).eval(), SEGMENTS, seen(), "ball")
    assert explain_volume(_NoGradient(spoilt).eval(), SEGMENTS, seen(), "ball", method=Method.OCCLUSION).maps


def test_a_baseline_that_has_the_label_itself_is_warned_of() -> None:
    found = explained()
    made = found.maps["T1"]
    for score, away, warned in ((2.0, 1.0, True), (2.0, -1.0, False), (-1.0, 1.0, False)):
        alone = replace(found, maps={"T1": replace(made, score=score, baseline_score=away)})
        assert any("compared with is itself" in text for text in alone.warnings) is warned

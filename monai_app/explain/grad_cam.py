"""Grad-CAM: the last feature map, weighted by what the score gains from it (Selvaraju et al., ICCV 2017).

Of seven saliency methods it was the best at finding what radiologists had outlined, and still worse than they
(Saporta et al., Nature Machine Intelligence 2022). MONAI's GradCAM fails on DenseNet's last norm; Captum's does not.
"""

from __future__ import annotations

from captum.attr import LayerAttribution, LayerGradCam
from torch import nn

from monai_app.core.errors import InputRejected
from monai_app.explain.gradients import Attributed, gradients_or_refusal
from monai_app.explain.scored import ScoredCase
from monai_app.explain.views import View

SMOOTH = {2: "bilinear", 3: "trilinear"}
"""How a coarse map is enlarged, by the number of its axes."""


def grad_cam(case: ScoredCase, view: View) -> Attributed:
    """The map, enlarged to the image; positive where the region speaks for the label. It adds up to nothing.

    Raises:
        InputRejected: ``NO_FEATURE_MAP``, ``NOT_DIFFERENTIABLE``.
    """
    layer = feature_map_of(case, view, "Grad-CAM")
    score = case.scorer(view.name)
    with gradients_or_refusal():
        found = LayerGradCam(lambda x: score(view.assemble(x)), layer).attribute(view.original)
    enlarged = LayerAttribution.interpolate(found.detach(), view.shape, interpolate_mode=SMOOTH[len(view.shape)])
    return Attributed(enlarged[0, 0].float(), 1)


def feature_map_of(case: ScoredCase, view: View, method: str) -> nn.Module:
    """The layer of the last feature map.

    Raises:
        InputRejected: ``NO_FEATURE_MAP``.
    """
    layer = case.feature_map(view.name)
    if layer is None:
        raise InputRejected(
            "NO_FEATURE_MAP",
            f"this model has no feature map for {method}",
            got=type(case.encoder(view.name)).__name__,
            expected="a convolutional encoder",
            remedy="Use integrated_gradients or occlusion.",
        )
    return layer

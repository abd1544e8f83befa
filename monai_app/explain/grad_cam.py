"""Grad-CAM of a film: the last feature map, weighted by what the score gains from it (Selvaraju et al., ICCV 2017).

Of seven saliency methods it was the best at finding what radiologists had outlined, and still worse than they
(Saporta et al., Nature Machine Intelligence 2022). MONAI's GradCAM fails on DenseNet's last norm; Captum's does not.
"""

from __future__ import annotations

from captum.attr import LayerAttribution, LayerGradCam

from monai_app.core.errors import InputRejected
from monai_app.explain.case import OpenCase
from monai_app.explain.gradients import Attributed, gradients_or_refusal
from monai_app.explain.views import View
from monai_app.networks.encoders import FilmEncoder


def grad_cam(case: OpenCase, view: View) -> Attributed:
    """The map, enlarged to the film; positive where the region speaks for the label. It adds up to nothing.

    Raises:
        InputRejected: ``NO_FEATURE_MAP``, ``NOT_DIFFERENTIABLE``.
    """
    encoder = case.encoder("film")
    if not isinstance(encoder, FilmEncoder):
        raise InputRejected(
            "NO_FEATURE_MAP",
            "this film encoder has no feature map for Grad-CAM",
            got=type(encoder).__name__,
            expected="a convolutional film encoder",
            remedy="Use integrated_gradients or occlusion.",
        )
    score = case.scorer("film")
    with gradients_or_refusal():
        found = LayerGradCam(lambda x: score(view.assemble(x)), encoder.features).attribute(view.original)
    enlarged = LayerAttribution.interpolate(found.detach(), view.shape, interpolate_mode="bilinear")
    return Attributed(enlarged[0, 0].float(), 1)

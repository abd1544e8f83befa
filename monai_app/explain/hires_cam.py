"""HiResCAM of an image, at the resolution above the last feature map's.

Draelos and Carin, arXiv 2011.08891: the feature map times its own gradient, place by place, where Grad-CAM averages the
gradient over the image first and so may point at what the model did not use. The last feature map of a film of 96
pixels has 3 x 3 cells, in which nothing of a finding's size can be pointed at; the first one of twice that side is
taken, where most of the network is still ahead of it.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from captum.attr import LayerAttribution, LayerGradientXActivation
from torch import Tensor, nn

from monai_app.explain.grad_cam import SMOOTH, feature_map_of
from monai_app.explain.gradients import Attributed, gradients_or_refusal
from monai_app.explain.scored import ScoredCase
from monai_app.explain.views import View


def hires_cam(case: ScoredCase, view: View) -> Attributed:
    """The map, enlarged to the image; positive where the region speaks for the label. It adds up to nothing.

    Raises:
        InputRejected: ``NO_FEATURE_MAP``, ``NOT_DIFFERENTIABLE``.
    """
    last = feature_map_of(case, view, "HiResCAM")
    score = case.scorer(view.name)
    layer = finer_layer(last, lambda: score(view.assemble(view.original)))
    with gradients_or_refusal():
        found = LayerGradientXActivation(lambda x: score(view.assemble(x)), layer).attribute(view.original)
    cells = found.detach().sum(dim=1, keepdim=True)
    enlarged = LayerAttribution.interpolate(cells, view.shape, interpolate_mode=SMOOTH[len(view.shape)])
    return Attributed(enlarged[0, 0].float(), 1)


def finer_layer(features: nn.Module, forward: Callable[[], Tensor]) -> nn.Module:
    """The first of the stages of a trunk whose output has twice the side of the last one's; else the trunk.

    Args:
        features: the trunk, whose output is the last feature map.
        forward: runs the network once.
    """
    stages = list(features.children())
    while len(stages) == 1:
        stages = list(stages[0].children())
    sides: dict[nn.Module, int] = {}

    def seen(stage: nn.Module, _: object, output: object) -> None:
        if isinstance(output, Tensor):
            sides.setdefault(stage, output.shape[-1])

    hooks = [stage.register_forward_hook(seen) for stage in (*stages, features)]
    try:
        with torch.no_grad():
            forward()
    finally:
        for hook in hooks:
            hook.remove()
    wanted = 2 * sides.get(features, 0)
    fits = [stage for stage in stages if sides.get(stage) == wanted]
    return fits[0] if fits else features

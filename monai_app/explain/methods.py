"""The methods of attribution, and which of them makes the map of which modality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

import numpy as np
import torch

from monai_app.core.errors import InputRejected
from monai_app.explain.ablation import Groups, measurement_groups, occlusion
from monai_app.explain.attribution_map import AttributionMap
from monai_app.explain.grad_cam import grad_cam
from monai_app.explain.gradients import TOLERANCE, Attributed, gradient_shap, integrated_gradients
from monai_app.explain.hires_cam import hires_cam
from monai_app.explain.scored import ScoredCase
from monai_app.explain.views import View

MUCH_IMPUTED = 0.2
"""Share of the absolute attribution on imputed values from which a map carries a warning."""


class Method(StrEnum):
    """How a map is made. Grad-CAM and HiResCAM map images; others then get integrated gradients, and say so."""

    INTEGRATED_GRADIENTS = "integrated_gradients"
    GRADIENT_SHAP = "gradient_shap"
    GRAD_CAM = "grad_cam"
    HIRES_CAM = "hires_cam"
    OCCLUSION = "occlusion"

    @property
    def needs_feature_map(self) -> bool:
        """Whether it works on a layer of a convolutional encoder, which not every model has."""
        return self in (Method.GRAD_CAM, Method.HIRES_CAM)

    def of(self, modality: str) -> Method:
        """The method that maps this modality."""
        if self.needs_feature_map and modality not in ("film", "volume"):
            return Method.INTEGRATED_GRADIENTS
        return self


def find_method(name: str) -> Method:
    """A method by its name.

    Raises:
        InputRejected: ``METHOD_UNKNOWN``.
    """
    if not isinstance(name, str) or name not in set(Method):  # a list, where a bundle takes one
        raise InputRejected(
            "METHOD_UNKNOWN", "there is no such method of attribution", expected=", ".join(Method), remedy="Name one."
        )
    return Method(name)


EVERY = "all"


def find_methods(names: str | Sequence[str]) -> list[Method]:
    """Methods by name, each once; ``all`` stands for every one.

    Raises:
        InputRejected: ``METHOD_UNKNOWN``.
    """
    asked = [names] if isinstance(names, str) else list(names)
    found = [method for name in asked for method in (list(Method) if name == EVERY else [find_method(name)])]
    return list(dict.fromkeys(found)) or [Method.INTEGRATED_GRADIENTS]


def attribute(
    case: ScoredCase, view: View, method: Method, *, groups: Groups | None = None, steps: int | None = None
) -> AttributionMap:
    """The map of one present modality.

    Args:
        groups: columns or tokens that occlusion removes together; series go by measurement.
        steps: of integrated gradients, instead of as many as the gap asks for; of the occlusion of a film or volume,
            half windows a side.

    Raises:
        InputRejected: ``GRADIENT_NOT_FINITE``, ``NOT_DIFFERENTIABLE``, ``NO_FEATURE_MAP``, ``NO_EMBEDDING``.
    """
    chosen = method.of(view.name)
    with torch.no_grad():
        away, score = case.scorer(view.name)(view.assemble(torch.cat([view.baseline, view.original]))).tolist()
    found = _attributed(case, view, chosen, score - away, groups, steps)
    values = found.values.cpu().numpy().astype(np.float32)
    if not np.isfinite(values).all():
        raise InputRejected(
            "GRADIENT_NOT_FINITE",
            f"the attribution of the {view.name} is not finite",
            got=f"{int((~np.isfinite(values)).sum())} of {values.size} entries",
            expected="numbers",
            remedy="Use occlusion, which needs no gradients; a model with such gradients deserves a look.",
        )
    made = AttributionMap(
        view.name,
        chosen.value,
        values,
        score,
        away,
        view.baseline_text,
        found.evaluations,
        view.features,
        view.imputed,
        complete=chosen in (Method.INTEGRATED_GRADIENTS, Method.GRADIENT_SHAP),
        precision=found.precision,
        rounding_cosine=found.rounding_cosine,
    )
    return replace(made, warnings=_warnings(made, method))


def _attributed(
    case: ScoredCase, view: View, method: Method, change: float, groups: Groups | None, steps: int | None
) -> Attributed:
    if method is Method.INTEGRATED_GRADIENTS:
        return integrated_gradients(case, view, change, steps=steps)
    if method is Method.GRADIENT_SHAP:
        return gradient_shap(case, view)
    if method is Method.GRAD_CAM:
        return grad_cam(case, view)
    if method is Method.HIRES_CAM:
        return hires_cam(case, view)
    return occlusion(case, view, measurement_groups(view) if view.name == "series" else groups, patches=steps)


def _warnings(made: AttributionMap, asked: Method) -> tuple[str, ...]:
    found = []
    if made.method != asked.value:
        found.append(f"{asked.value} maps images only; this map was made by {made.method}.")
    if made.complete and made.gap >= TOLERANCE:
        why = (
            "its points are drawn at random. Integrated gradients close the gap where it can be closed."
            if made.method == Method.GRADIENT_SHAP.value
            else "the model jumps on the way from the baseline, and no gradient shows a jump. Occlusion needs none."
        )
        found.append(
            f"The map adds up to the change of the score only within {made.gap:.0%} after {made.evaluations} passes:"
            f" {why}"
        )
    if made.imputed_share >= MUCH_IMPUTED:
        found.append(
            f"{made.imputed_share:.0%} of this attribution lies on values that were carried forward from an earlier"
            " measurement, not measured at that time."
        )
    unknown = made.values.size - int(made.features.sum())
    if made.modality == "table" and unknown:
        found.append(f"{unknown} of {made.values.size} columns are unknown; the model saw a stand-in, no map shows it.")
    return tuple(found)

"""The one call: a network, a case and a label -> a map of every input and the worth of every modality."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from monai_app.cohort.spec import ModelSpec
from monai_app.explain.ablation import Groups
from monai_app.explain.attribution_map import AttributionMap
from monai_app.explain.baselines import Baselines, completed
from monai_app.explain.case import OpenCase, open_case
from monai_app.explain.methods import Method, attribute
from monai_app.explain.modality_shares import ModalityShares, Prior, modality_shares
from monai_app.explain.prepared import prepared, refuse_unexplainable
from monai_app.explain.target import Target, find_target

EVEN_ODDS = Prior(0.0, "even odds: no prevalence is known")


@dataclass(frozen=True, eq=False)
class Explanation:
    """What a prediction rests on.

    Attributes:
        target: the label.
        method: as asked for; each map carries its own.
        case: the case, open for further questions.
        maps: per present modality.
        absent: modalities that the case lacks; they have no map, and a page says so.
        shares: worth of the present modalities.
    """

    target: Target
    method: Method
    case: OpenCase
    maps: dict[str, AttributionMap]
    absent: tuple[str, ...]
    shares: ModalityShares

    @property
    def warnings(self) -> tuple[str, ...]:
        """All that a reader must know, by modality."""
        return tuple(f"{name}: {text}" for name, made in self.maps.items() for text in made.warnings)


def explain(
    network: nn.Module,
    spec: ModelSpec,
    inputs: Mapping[str, Tensor],
    label: str,
    *,
    method: Method = Method.INTEGRATED_GRADIENTS,
    baselines: Baselines | None = None,
    prior: Prior = EVEN_ODDS,
    groups: Mapping[str, Groups] | None = None,
) -> Explanation:
    """Explain one case.

    Args:
        network: a multimodal network in evaluation mode.
        spec: what it was built for.
        inputs: a batch of one sample, as the network takes it.
        label: see :func:`monai_app.explain.target.find_target`.
        baselines: of values and words; unknown ones are the model's train means.
        prior: the value of knowing nothing.
        groups: per modality entries that occlusion removes together (words of several tokens, columns of a field).

    Raises:
        InputRejected: ``EXPLAIN_UNSUPPORTED``, ``TRAIN_MODE``, ``LABEL_UNKNOWN``, ``ONE_CASE``,
            ``ALL_MODALITIES_MISSING``, ``GRADIENT_NOT_FINITE``, ``NOT_DIFFERENTIABLE``, ``NO_FEATURE_MAP``,
            ``NO_EMBEDDING``, ``NO_MASK_TOKEN``.
    """
    ready = refuse_unexplainable(network)
    target = find_target(spec, label)
    with prepared(ready):  # from the first pass on: an activation in place would change the case itself
        case = open_case(ready, spec, inputs, target, completed(baselines or Baselines(), ready))
        together = groups or {}
        maps = {name: attribute(case, case.view(name), method, groups=together.get(name)) for name in case.present}
        shares = modality_shares(case, prior)
    return Explanation(target, method, case, maps, case.absent, shares)

"""What a fusion system returns: everything beside the logits is optional, and none of it is shared between outputs."""

from __future__ import annotations

import torch

from monai_app.engines.precision import as_float32
from monai_app.networks.output import Branches, FusionOutput


def test_output_without_notions_of_its_own_has_none() -> None:
    output = FusionOutput({"death": torch.zeros(1, 1)})
    assert output.weights is None and output.branches is None
    assert not (output.modality_logits or output.auxiliary or output.extras)


def test_outputs_share_nothing() -> None:
    one, other = FusionOutput({}), FusionOutput({})
    one.auxiliary["overlap"] = torch.zeros(1)
    assert other.auxiliary == {}


def test_branches_become_float32_and_presence_stays_what_it_is() -> None:
    half = {"death": torch.zeros(1, 1, dtype=torch.bfloat16)}
    output = as_float32(FusionOutput(half, branches=Branches({"shared": half}, torch.ones(1, 1).bool())))
    assert output.branches.logits["shared"]["death"].dtype == torch.float32
    assert output.branches.present.dtype == torch.bool

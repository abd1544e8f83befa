"""Detectors read each modality by itself, and pass on the share of the gradient that they are told to."""

from __future__ import annotations

import pytest
import torch

from monai_app.networks.fusion.detector import CorruptionDetectors

READ = torch.randn(5, 2, 8, generator=torch.Generator().manual_seed(0))


def built(**options: object) -> CorruptionDetectors:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return CorruptionDetectors(("film", "note"), 8, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["perceptron", "linear"])
def test_a_modality_is_judged_by_its_own_features(kind: str) -> None:
    detectors = built(kind=kind)
    changed = READ.clone()
    changed[:, 1] += 1
    assert torch.equal(detectors(READ)[:, 0], detectors(changed)[:, 0])
    assert not torch.allclose(detectors(READ)[:, 1], detectors(changed)[:, 1])


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_share_scales_the_gradient_and_not_the_output(share: float) -> None:
    gradients = []
    for detectors in (built(gradient=share), built()):
        read = READ.clone().requires_grad_()
        detectors(read).sum().backward()
        assert read.grad is not None
        gradients.append(read.grad)
    torch.testing.assert_close(gradients[0], share * gradients[1])
    torch.testing.assert_close(built(gradient=share)(READ), built()(READ))


def test_a_share_above_one_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        built(gradient=1.1)

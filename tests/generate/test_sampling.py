"""Drawing: the same seed draws the same, nothing told is unconditional, guidance and steps are checked."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from monai_app.core.errors import InputRejected
from monai_app.generate.sampling import Drawing, draw_latents
from monai_app.networks.generation import DiffusionProcess
from tests.networks.generation.conftest import SHAPE, make_diffusion, make_inputs

__all__ = ["make_diffusion", "make_inputs"]


def condition(inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {key: value for key, value in inputs.items() if key.startswith(("table", "label_"))}


def test_the_same_seed_draws_the_same_whatever_the_batch_and_leaves_the_global_state(
    make_diffusion: Any, make_inputs: Any
) -> None:
    network, told = make_diffusion(), condition(make_inputs())
    before = torch.get_rng_state()
    drawn = draw_latents(network, told, SHAPE, [1, 2, 3, 4], Drawing(steps=3))
    assert torch.equal(torch.get_rng_state(), before)
    alone = draw_latents(network, {key: value[2:3] for key, value in told.items()}, SHAPE, [3], Drawing(steps=3))
    assert drawn.shape == (4, *SHAPE) and torch.allclose(alone, drawn[2:3], atol=1e-4)
    assert torch.equal(draw_latents(network, told, SHAPE, [1, 2, 3, 4], Drawing(steps=3)), drawn)
    assert not torch.allclose(draw_latents(network, told, SHAPE, [5, 2, 3, 4], Drawing(steps=3))[0], drawn[0])


def test_a_condition_without_anything_told_is_the_unconditional_draw(make_diffusion: Any, make_inputs: Any) -> None:
    network, told = make_diffusion(), condition(make_inputs())
    free = draw_latents(network, {"image_dropped": torch.ones(4, dtype=torch.bool)}, SHAPE, [1] * 4, Drawing(steps=2))
    missing = {key: torch.full_like(value, torch.nan) for key, value in told.items() if value.is_floating_point()}
    missing["table_present"] = torch.zeros(4, dtype=torch.bool)
    assert torch.allclose(draw_latents(network, missing, SHAPE, [1] * 4, Drawing(steps=2)), free, atol=1e-5)
    assert torch.allclose(draw_latents(network, missing, SHAPE, [1] * 4, Drawing(steps=2, guidance=9)), free, atol=1e-3)
    assert not torch.allclose(draw_latents(network, told, SHAPE, [1] * 4, Drawing(steps=2)), free, atol=1e-4)


def test_guidance_moves_away_from_the_unconditional_draw(make_diffusion: Any, make_inputs: Any) -> None:
    network, told = make_diffusion(), condition(make_inputs())
    seeds, step = [1] * 4, {"steps": 1}
    free = draw_latents(network, {"image_dropped": torch.ones(4, dtype=torch.bool)}, SHAPE, seeds, Drawing(**step))
    learned = draw_latents(network, told, SHAPE, seeds, Drawing(**step))
    guided = draw_latents(network, told, SHAPE, seeds, Drawing(guidance=2.0, **step))
    assert torch.allclose(guided, learned + 2.0 * (learned - free), atol=1e-4)
    assert bool(torch.isfinite(draw_latents(network, told, SHAPE, seeds, Drawing(guidance=50.0))).all())


def test_a_diffusion_is_drawn_by_its_own_samplers(make_diffusion: Any, make_inputs: Any) -> None:
    network, told = make_diffusion(process=DiffusionProcess()), condition(make_inputs())
    drawn = draw_latents(network, told, SHAPE, [1, 2, 3, 4], Drawing(steps=4, sampler="ddim"))
    assert torch.equal(draw_latents(network, told, SHAPE, [1, 2, 3, 4], Drawing(steps=4, sampler="ddim")), drawn)
    with pytest.raises(InputRejected, match=r"STEPS_INVALID.*1000"):
        draw_latents(network, told, SHAPE, [1, 2, 3, 4], Drawing(steps=4, sampler="ddpm"))
    with pytest.raises(InputRejected, match=r"SAMPLER_MISFIT.*ddim"):
        draw_latents(network, told, SHAPE, [1, 2, 3, 4], Drawing())


@pytest.mark.parametrize("guidance", [float("nan"), float("inf"), -0.1, 50.1])
def test_guidance_that_is_no_such_number_is_refused(guidance: float) -> None:
    with pytest.raises(InputRejected, match="GUIDANCE_INVALID"):
        Drawing(guidance=guidance)


def test_steps_and_samplers_are_checked() -> None:
    with pytest.raises(InputRejected, match="STEPS_INVALID"):
        Drawing(steps=0)
    with pytest.raises(InputRejected, match=r"SAMPLER_UNKNOWN.*flow"):
        Drawing(sampler="luck")

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from opacus.grad_sample import GradSampleModule
from opacus.optimizers import DPOptimizer
from torch import Tensor, nn

from monai_app.core.errors import AppError, InputRejected
from monai_app.core.random import scoped_torch_seed, torch_generator
from monai_app.generate.privacy.step import PrivateStep, check_network


def network() -> nn.Sequential:
    with scoped_torch_seed("dp step"):
        return nn.Sequential(nn.Conv2d(1, 4, 3), nn.GroupNorm(2, 4), nn.ReLU(), nn.Flatten(), nn.Linear(64, 1))


def films(count: int, scale: float = 1.0) -> Tensor:
    return scale * torch.randn(count, 1, 6, 6, generator=torch_generator("dp films"))


def losses(model: nn.Module, batch: Tensor) -> list[Callable[[], Tensor]]:
    return [lambda row=row: model(batch[row : row + 1]).square().sum() for row in range(len(batch))]


def gradient(model: nn.Module) -> Tensor:
    return torch.cat([parameter.grad.flatten() for parameter in model.parameters() if parameter.grad is not None])


def stepped(batch: Tensor, clip: float | None = 0.5, noise: float = 0.0, seed: int = 0, model: nn.Module | None = None):
    model = network() if model is None else model
    step = PrivateStep(model.parameters(), clip_norm=clip, noise_multiplier=noise, expected_patients=4)
    report = step(losses(model, batch), torch_generator("noise", seed))
    return gradient(model), report


@pytest.mark.filterwarnings("ignore:Full backward hook:UserWarning")
def test_without_noise_it_is_the_step_of_opacus() -> None:
    model = network()
    wrapped = GradSampleModule(network(), loss_reduction="sum")
    optimizer = DPOptimizer(
        torch.optim.SGD(wrapped.parameters(), lr=0.1),
        noise_multiplier=0.0,
        max_grad_norm=0.5,
        expected_batch_size=4,
        loss_reduction="mean",
    )
    wrapped(films(5)).square().sum().backward()
    optimizer.pre_step()
    ours, report = stepped(films(5), model=model)
    torch.testing.assert_close(ours, gradient(wrapped), rtol=1e-4, atol=1e-6)
    assert report.patients == 5 and report.clipped > 0


def test_a_patient_moves_the_sum_by_the_clipping_norm_at_most() -> None:
    batch = films(6, scale=30.0)
    apart = 4 * (stepped(batch)[0] - stepped(batch[:-1])[0])
    assert float(apart.norm()) <= 0.5 + 1e-5
    assert float(4 * (stepped(batch, clip=None)[0] - stepped(batch[:-1], clip=None)[0]).norm()) > 2 * 0.5


def test_noise_has_the_spread_that_is_accounted_and_does_not_depend_on_the_patients() -> None:
    noise = stepped(films(0), noise=2.0)[0] * 4
    assert abs(float(noise.std()) / (2.0 * 0.5) - 1) < 0.2
    difference = stepped(films(3), noise=2.0)[0] - stepped(films(3))[0]
    torch.testing.assert_close(4 * difference, noise, rtol=1e-4, atol=1e-5)


def test_noise_is_a_function_of_the_generator() -> None:
    assert torch.equal(stepped(films(2), noise=1.0)[0], stepped(films(2), noise=1.0)[0])
    assert not torch.equal(stepped(films(2), noise=1.0)[0], stepped(films(2), noise=1.0, seed=1)[0])


def test_nobody_in_a_step_leaves_the_noise_alone() -> None:
    assert stepped(films(0))[0].abs().sum() == 0 and stepped(films(0))[1].patients == 0


def test_the_order_of_patients_does_not_count() -> None:
    batch = films(5)
    torch.testing.assert_close(stepped(batch)[0], stepped(batch.flip(0))[0], rtol=1e-5, atol=1e-7)


def test_parameters_that_a_loss_does_not_use_still_get_noise() -> None:
    model = nn.ModuleDict({"used": nn.Linear(2, 1), "unused": nn.Linear(2, 1)})
    step = PrivateStep(model.parameters(), clip_norm=1.0, noise_multiplier=1.0, expected_patients=1)
    step([lambda: model["used"](torch.ones(1, 2)).sum()], torch_generator(0))
    assert all(bool((parameter.grad != 0).all()) for parameter in model.parameters())


def test_a_gradient_that_is_no_number_stops() -> None:
    model = network()
    step = PrivateStep(model.parameters(), clip_norm=1.0, noise_multiplier=0.0, expected_patients=1)
    with pytest.raises(AppError, match="GRADIENT_NOT_FINITE"):
        step([lambda: model(films(1)).sum() * float("nan")], torch_generator(0))


def test_noise_without_clipping_has_no_scale() -> None:
    with pytest.raises(ValueError, match="without clipping"):
        PrivateStep(network().parameters(), clip_norm=None, noise_multiplier=1.0, expected_patients=1)


@pytest.mark.parametrize("layer", [nn.BatchNorm2d(3), nn.InstanceNorm2d(3, track_running_stats=True)])
def test_layers_that_mix_patients_are_refused(layer: nn.Module) -> None:
    with pytest.raises(InputRejected, match="DP_BATCH_STATISTICS"):
        check_network(nn.Sequential(nn.Conv2d(1, 3, 3), layer))


def test_layers_of_one_patient_and_a_fixed_loss_pass() -> None:
    check_network(nn.Sequential(nn.GroupNorm(1, 3), nn.InstanceNorm2d(3), nn.LayerNorm(3)), nn.BCELoss())


def test_a_loss_that_learns_is_refused() -> None:
    with pytest.raises(InputRejected, match="DP_LOSS_LEARNS"):
        check_network(nn.Linear(1, 1), nn.PReLU())

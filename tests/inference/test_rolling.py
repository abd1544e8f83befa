from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from monai.inferers import sliding_window_inference

from monai_app.core.random import torch_generator
from monai_app.inference.rolling import ROWS_AT_ONCE, stream_probabilities
from monai_app.inference.windows import WindowPlan, plan_windows
from monai_app.transforms.volume.body import everything
from tests.inference.tiny import CLASSES, Smooth

SHAPE = (30, 22, 27)
IMAGE = torch.randn(1, *SHAPE, generator=torch_generator("rolling image"))
NETWORK = Smooth().eval()


def whole(plan: WindowPlan, blend: str = "gaussian") -> torch.Tensor:
    with torch.inference_mode():
        slabs = list(stream_probabilities(IMAGE, NETWORK, plan, channels=len(CLASSES), blend=blend))
    firsts = [first for first, _ in slabs]
    assert firsts == [sum(slab.shape[1] for _, slab in slabs[:index]) for index in range(len(slabs))]
    assert max(slab.shape[1] for _, slab in slabs) <= ROWS_AT_ONCE
    joined = torch.cat([slab for _, slab in slabs], dim=1)
    return joined.permute(0, *(plan.order.index(axis) + 1 for axis in range(3)))


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
@pytest.mark.parametrize("blend", ["gaussian", "constant"])
def test_probabilities_are_those_of_monai(order: tuple[int, int, int], blend: str) -> None:
    plan = plan_windows(SHAPE, (16, 16, 16), overlap=0.5, order=order, box=everything(SHAPE))
    with torch.inference_mode():
        scores = sliding_window_inference(IMAGE[None], (16, 16, 16), 1, NETWORK, overlap=0.5, mode=blend)[0]
    torch.testing.assert_close(whole(plan, blend), torch.softmax(scores, dim=0), atol=1e-5, rtol=1e-4)


def test_order_of_windows_in_a_row_changes_nothing() -> None:
    plan = plan_windows(SHAPE, (16, 16, 16), overlap=0.5, order=(0, 1, 2), box=everything(SHAPE))
    shuffled = replace(plan, starts=tuple(sorted(plan.starts, key=lambda start: (start[0], -start[2], start[1]))))
    assert shuffled.starts != plan.starts
    torch.testing.assert_close(whole(shuffled), whole(plan), atol=1e-6, rtol=1e-5)


def test_where_no_window_has_been_is_background() -> None:
    plan = plan_windows(SHAPE, (16, 16, 16), overlap=0.0, order=(0, 1, 2), box=everything(SHAPE))
    last = replace(plan, starts=plan.starts[-1:])
    found = whole(last)
    at = last.starts[0]
    assert torch.all(found[0, : at[0]] == 1)
    assert torch.all(found[1:, : at[0]] == 0)
    torch.testing.assert_close(found.sum(0), torch.ones(SHAPE))
    assert bool((found[1:, at[0] :, at[1] :, at[2] :] > 0).any())

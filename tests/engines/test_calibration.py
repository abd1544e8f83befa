"""The calibrated fallback finds the modality that knows and leaves the rest of the network alone."""

from __future__ import annotations

import torch

from monai_app.cohort.spec import Channel, ModalitySpec, ModelSpec, SeriesSpec, TableField, TableSpec, TaskSpec
from monai_app.engines.calibration import fit_late_fusion
from monai_app.losses import MultitaskLoss
from monai_app.networks import LateFusion

SPEC = ModelSpec(
    modalities=ModalitySpec(
        series=SeriesSpec(channels=(Channel(name="a", codes=("A",), unit="1"),)),
        table=TableSpec(fields=(TableField(name="b", codes=("B",)),)),
    ),
    tasks=(TaskSpec(name="death", kind="binary"),),
)


def test_weight_goes_to_the_modality_that_knows_and_overconfidence_is_cooled() -> None:
    generator = torch.Generator().manual_seed(0)
    truth = torch.randn(2000, 1, generator=generator)
    label = (torch.rand(2000, 1, generator=generator) < truth.sigmoid()).float()
    logits = {"series": {"death": 5 * truth}, "table": {"death": torch.randn(2000, 1, generator=generator)}}
    present = torch.ones(2000, 2, dtype=torch.bool)
    fusion, loss = LateFusion(SPEC, width=4), MultitaskLoss(SPEC.tasks)
    before = {name: value.clone() for name, value in fusion.named_parameters()}
    reached = fit_late_fusion(fusion, loss, logits, present, {"label_death": label})
    plain = fusion.combine(logits, present, torch.zeros(2), torch.zeros(2))
    assert reached < float(loss(plain, {"label_death": label})) - 0.04
    assert fusion.score.softmax(0)[0] > 0.9
    assert 3 < fusion.log_temperature[0].exp() < 8
    assert all(torch.equal(value, before[name]) for name, value in fusion.named_parameters())


def test_a_fit_on_one_present_modality_still_leaves_single_weights_at_one() -> None:
    fusion = LateFusion(SPEC, width=4)
    fusion.score.copy_(torch.tensor([3.0, -3.0]))
    only_table = torch.tensor([[False, True]])
    logits = {"series": {"death": torch.full((1, 1), torch.nan)}, "table": {"death": torch.tensor([[0.4]])}}
    output = fusion.combine(logits, only_table, torch.zeros(2), fusion.score)
    assert output.weights is not None
    assert output.weights.tolist() == [[0.0, 1.0]]
    torch.testing.assert_close(output.logits["death"], torch.tensor([[0.4]]))

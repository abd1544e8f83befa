"""MR normalisation: no unit, no gain, no padding counts; every sequence for itself."""

from __future__ import annotations

import pytest
import torch
from monai.data import MetaTensor

from monai_app.core.errors import InputRejected
from monai_app.transforms.volume.mr_intensity import NormaliseMRd, Scale


def image(channels: int = 1) -> torch.Tensor:
    return 50 + 200 * torch.rand(channels, 12, 11, 10, generator=torch.Generator().manual_seed(0))


def normalised(given: torch.Tensor, scale: str = "percentile", **more: object) -> torch.Tensor:
    return NormaliseMRd("image", scale)({"image": given, **more})["image"]


@pytest.mark.parametrize("scale", list(Scale))
def test_gain_and_offset_of_the_scanner_do_not_matter(scale: Scale) -> None:
    torch.testing.assert_close(normalised(3 * image() + 17, scale), normalised(image(), scale), atol=1e-4, rtol=1e-4)


def test_percentiles_are_0_and_1_and_z_scores_centred() -> None:
    spread = normalised(image())
    assert spread.min() == 0 and spread.max() == 1 and 0.005 < (spread == 0).float().mean() < 0.015
    scores = NormaliseMRd("image", "zscore", lower=0, upper=100)({"image": image()})["image"]
    assert abs(float(scores.mean())) < 1e-5 and abs(float(scores.std()) - 1) < 1e-4


@pytest.mark.parametrize("scale", list(Scale))
def test_each_sequence_is_normalised_by_itself(scale: Scale) -> None:
    both = torch.cat([image(), 1000 * image()[:, :, :, :].flip(1)])
    torch.testing.assert_close(normalised(both, scale)[:1], normalised(image(), scale))


@pytest.mark.parametrize("scale", list(Scale))
def test_padding_has_no_say_and_becomes_the_least_value(scale: Scale) -> None:
    valid = torch.ones(1, 12, 11, 10, dtype=torch.bool)
    valid[:, :4] = False
    results = []
    for padding in (-2000.0, 1e6, float("nan")):
        given = torch.where(valid, image(), torch.tensor(padding))
        sample = NormaliseMRd("image", scale)({"image": given, "image_valid": valid})
        assert "image_valid" not in sample
        results.append(sample["image"])
    for result in results[1:]:
        torch.testing.assert_close(result, results[0])
    torch.testing.assert_close(results[0][:, 4:], normalised(image()[:, 4:], scale))
    assert (results[0][:, :4] == results[0].min()).all()


def test_grid_stays_and_input_is_left_alone() -> None:
    given = MetaTensor(image(), affine=torch.diag(torch.tensor([2.0, 3, 4, 1])))
    result = normalised(given)
    assert torch.equal(result.affine, given.affine) and torch.equal(given.as_tensor(), image())


def test_mostly_black_image_keeps_its_contrast() -> None:
    given = torch.zeros(1, 20, 20, 20)
    given[0, 3, 3, 3] = 7.0
    assert normalised(given).max() == 1


@pytest.mark.parametrize("scale", list(Scale))
@pytest.mark.parametrize(("value", "code"), [(float("nan"), "NOT_FINITE"), (5.0, "NO_CONTENT")])
def test_row_28_meaningless_values_are_refused(scale: Scale, value: float, code: str) -> None:
    with pytest.raises(InputRejected, match=code):
        normalised(torch.full((1, 4, 4, 4), value), scale)


def test_padding_alone_is_no_content() -> None:
    with pytest.raises(InputRejected, match="NO_CONTENT"):
        normalised(image(), image_valid=torch.zeros(1, 12, 11, 10, dtype=torch.bool))


def test_percentiles_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="percentiles"):
        NormaliseMRd("image", lower=60, upper=40)

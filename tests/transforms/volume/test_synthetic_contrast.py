"""Synthetic contrast: deterministic per seed, recorded parameters give the same image, labels stay what they were."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from monai_app.transforms.volume.deformation import Deformation, DeformationRanges
from monai_app.transforms.volume.synthetic_contrast import (
    Contrast,
    ContrastRanges,
    RandSyntheticContrastd,
    acquire,
    draw_contrast,
    render,
)

MM = (2.0, 2.0, 2.0)
PLAIN = Contrast({0: 0.0, 2: 0.5, 41: 1.0}, dict.fromkeys((0, 2, 41), 0.0), 0.0, 60.0, (0.0,) * 3, 0.0, 1.0, 7)  # type: ignore[arg-type]


def halves() -> torch.Tensor:
    labels = torch.zeros(24, 20, 16, dtype=torch.int16)
    labels[4:12, 4:16, 4:12], labels[12:20, 4:16, 4:12] = 2, 41
    return labels


def transform(**settings: object) -> RandSyntheticContrastd:
    return RandSyntheticContrastd("label", (0, 2, 41), **settings).set_random_state(seed=3)  # type: ignore[arg-type]


def test_plain_contrast_shows_the_labels_themselves() -> None:
    labels = halves()
    image = render(labels, PLAIN, spacing_mm=MM)
    torch.testing.assert_close(image, torch.tensor([0.0, 0.5, 1.0])[torch.bucketize(labels, torch.tensor([0, 2, 41]))])


def test_same_seed_gives_the_same_sample_and_another_seed_another() -> None:
    first, again = (transform()({"label": halves()[None]}) for _ in range(2))
    other = transform().set_random_state(seed=4)({"label": halves()[None]})
    torch.testing.assert_close(first["image"], again["image"], rtol=0, atol=0)
    assert first["image_synthesis"] == again["image_synthesis"]
    assert not torch.equal(first["image"], other["image"])


def test_recorded_parameters_survive_json_and_give_the_same_image() -> None:
    sample = transform()({"label": halves()[None]})
    record = json.loads(json.dumps(sample["image_synthesis"]))
    deformation = Deformation(**{k: tuple(v) if isinstance(v, list) else v for k, v in record["deformation"].items()})
    contrast = Contrast(
        **record["contrast"]
        | {name: {int(k): v for k, v in record["contrast"][name].items()} for name in ("means", "deviations")}
    )
    labels, image = transform().synthesise(halves(), deformation, contrast)
    np.testing.assert_array_equal(sample["image"][0].numpy(), image.numpy())
    np.testing.assert_array_equal(sample["label"][0].numpy(), labels.numpy())


def test_global_generators_are_left_alone() -> None:
    torch_before, numpy_before = torch.random.get_rng_state(), np.random.get_state()[1].copy()
    transform()({"label": halves()[None]})
    assert torch.equal(torch_before, torch.random.get_rng_state())
    np.testing.assert_array_equal(numpy_before, np.random.get_state()[1])


def test_image_is_in_0_to_1_on_the_grid_of_its_labels() -> None:
    affine = torch.diag(torch.tensor([2.0, 2.0, 2.0, 1.0], dtype=torch.float64))
    for _ in range(5):
        sample = transform()({"label": MetaTensor(halves()[None], affine=affine)})
        image = sample["image"]
        assert image.shape == sample["label"].shape and 0 <= image.min() < image.max() <= 1
        assert torch.equal(image.affine, affine) and torch.equal(sample["label"].affine, affine)
        assert set(torch.unique(sample["label"].as_tensor()).tolist()) <= {0, 2, 41}


def test_twins_share_their_intensities() -> None:
    drawn = draw_contrast((0, 2, 41), ContrastRanges(), np.random.default_rng(0), twins={41: 2})
    assert drawn.means[2] == drawn.means[41] != drawn.means[0] and drawn.deviations[2] == drawn.deviations[41]


def test_every_contrast_occurs_either_way_round() -> None:
    generator = np.random.default_rng(0)
    means = [draw_contrast((0, 2, 41), ContrastRanges(), generator).means for _ in range(200)]
    assert 0.4 < np.mean([drawn[2] > drawn[41] for drawn in means]) < 0.6
    assert 0.4 < np.mean([drawn[0] == 0 for drawn in means]) < 0.6


def test_coarser_acquisition_keeps_the_mean_and_loses_detail() -> None:
    image = torch.rand(32, 32, 32, generator=torch.Generator().manual_seed(0))
    coarse = acquire(image, (8.0, 2.0, 2.0), spacing_mm=MM, generator=torch.Generator(), noise=0.0)
    assert abs(float(coarse.mean() - image.mean())) < 0.01
    assert coarse.diff(dim=0).std() < 0.2 * image.diff(dim=0).std()
    native = acquire(image, (0.0, 0.0, 0.0), spacing_mm=MM, generator=torch.Generator(), noise=0.0)
    torch.testing.assert_close(native, image)


def test_no_deformation_leaves_the_labels() -> None:
    still = DeformationRanges(0, 0, 0, 0, 0, flip_probability=0)
    sample = transform(deformation=still)({"label": halves()[None]})
    np.testing.assert_array_equal(sample["label"][0].numpy(), halves().numpy())


def test_label_without_a_contrast_is_an_error() -> None:
    with pytest.raises(KeyError):
        render(halves(), replace(PLAIN, means={0: 0.0}), spacing_mm=MM)

from __future__ import annotations

from collections.abc import Callable

from monai_app.phantom.build import Arms, draw_build, film_pose, volume_pose
from monai_app.phantom.patient import Patient, View


def test_the_heart_grows_with_its_latent(patient_with: Callable[..., Patient]) -> None:
    sizes = [draw_build(patient_with(film_heart=value)).heart_scale for value in (-2.0, 0.0, 2.0)]
    assert sizes == sorted(sizes) and sizes[2] > 1.3 * sizes[0]


def test_women_have_breasts_and_narrower_chests(patient_with: Callable[..., Patient]) -> None:
    woman, man = draw_build(patient_with(sex="F")), draw_build(patient_with(sex="M"))
    assert woman.breast_mm > 0.0 == man.breast_mm and woman.half_width_mm < man.half_width_mm


def test_at_the_bedside_the_breath_is_shallower_and_the_arms_are_down(patient_with: Callable[..., Patient]) -> None:
    bedside, standing = film_pose(patient_with(view=View.AP)), film_pose(patient_with(view=View.PA))
    assert bedside.dome_z_mm > standing.dome_z_mm and bedside.heart_spread > standing.heart_spread
    assert bedside.arms is Arms.DOWN and volume_pose(patient_with()).arms is Arms.OVERHEAD

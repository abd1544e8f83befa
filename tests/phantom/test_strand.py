from __future__ import annotations

import numpy as np
import pytest

from monai_app.phantom.beam import Beam, attenuation_per_mm
from monai_app.phantom.grid import cartesian
from monai_app.phantom.patient import View
from monai_app.phantom.strand import Strand, arc_lengths, cast_shadows, smooth_curve, stamp

BEAM = Beam(View.PA, detector_y_mm=0.0, centre_z_mm=0.0, width_mm=200.0, height_mm=200.0)


def vertical(radius_mm: float) -> Strand:
    """A straight tube in the plane of the detector, where nothing is magnified."""
    points = np.stack([np.zeros(601), np.zeros(601), np.linspace(-150, 150, 601)], -1)
    return Strand(points, arc_lengths(points), radius_mm, 0.0, -1000.0)


def test_the_shadow_of_a_tube_is_its_chord() -> None:
    radius, pixel = 10.0, 0.5
    shadow = cast_shadows([vertical(radius)], BEAM, pixel_mm=pixel, lordosis=0.0)
    offset = (np.arange(400) + 0.5) * pixel - 100.0
    drawn = radius * 1.08
    chord = 2 * np.sqrt(np.maximum(drawn**2 - offset**2, 0.0)) * (radius / drawn) ** 2
    expected = chord * attenuation_per_mm(np.array(0.0))
    inner = np.abs(offset) < radius - 1.0
    assert shadow[200, inner] == pytest.approx(expected[inner], rel=0.03)


def test_the_mass_of_a_tube_is_conserved() -> None:
    shadow = cast_shadows([vertical(4.0)], BEAM, pixel_mm=1.0, lordosis=0.0)
    assert shadow.sum(axis=1)[50:150] == pytest.approx(
        np.full(100, np.pi * 16.0 * attenuation_per_mm(np.array(0.0))), rel=1e-3
    )


def test_strands_outside_the_detector_cast_nothing() -> None:
    points = np.array([[900.0, 0.0, 0.0], [901.0, 0.0, 0.0]])
    strand = Strand(points, arc_lengths(points), 2.0, 0.0, -1000.0)
    assert np.abs(cast_shadows([strand], BEAM, pixel_mm=2.0, lordosis=0.0)).max() == 0.0


def test_a_smooth_curve_passes_its_corners_and_knows_its_length() -> None:
    corners = [(0.0, 0.0, 0.0), (10.0, 0.0, 0.0), (20.0, 0.0, 0.0)]
    curve = smooth_curve(corners, 0.5)
    assert curve[0].tolist() == [0.0, 0.0, 0.0] and curve[-1].tolist() == [20.0, 0.0, 0.0]
    assert arc_lengths(curve).sum() == pytest.approx(20.0)


def test_a_stamped_tube_has_its_volume_and_a_thin_one_still_shows() -> None:
    axis = np.arange(-40.0, 40.0, 1.0)
    grid = cartesian(axis, axis, axis[::-1])
    thick, thin = stamp(vertical(8.0), grid), stamp(vertical(0.1), grid)
    assert len(thick[0]) == pytest.approx(np.pi * 64 * 80, rel=0.05)
    assert len(thin[0]) == 80

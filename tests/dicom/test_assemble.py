"""Series to volumes: rows 1 to 16 and 22 to 29 of the table of faults."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.uid import JPEG2000Lossless, RLELossless

from monai_app.core.errors import InputRejected
from monai_app.dicom.assemble import plan_series, read_series
from monai_app.dicom.series_options import DEFAULT_OPTIONS, Phase, Precision, SeriesOptions, Tilt, Uneven
from monai_app.dicom.volume import Volume, lps_to_ras
from monai_app.dicom.write_series import SeriesGeometry
from tests.faults.series import AXIAL, ct, each, enhanced, moved, mr, padded, ramp, stored, tilted_ball, write


def rejected(folder: Path, slices: list[Any], code: str, options: SeriesOptions = DEFAULT_OPTIONS) -> InputRejected:
    with pytest.raises(InputRejected, match=code) as caught:
        read_series(write(folder, slices), options=options)
    return caught.value


def notes(volume: Volume) -> set[str]:
    return {note["code"] for note in volume.provenance["notes"]}


def at_lps(volume: Volume, value: float) -> np.ndarray:
    """Where the voxel of this value lies, in LPS mm."""
    index = np.argwhere(volume.array == value)
    assert len(index) == 1
    return (lps_to_ras(volume.affine_ras) @ [*index[0], 1.0])[:3]


def assert_same(one: Volume, other: Volume) -> None:
    assert one.array.dtype == other.array.dtype and one.array.tobytes() == other.array.tobytes()
    assert np.array_equal(one.affine_ras, other.affine_ras)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Volume:
    return read_series(write(tmp_path_factory.mktemp("sound"), ct()))


def test_columns_are_the_first_axis_rows_the_second_and_slices_the_third(sound: Volume) -> None:
    assert np.array_equal(sound.array, ramp().transpose(2, 1, 0)) and sound.array.dtype == np.float32
    assert sound.spacing_mm == (0.5, 0.75, 2.5) and sound.valid is None
    assert json.loads(json.dumps(sound.provenance))["repairs"] == [] and notes(sound) == set()


def test_order_and_names_of_files_do_not_matter(tmp_path: Path, sound: Volume) -> None:  # row 1
    order = np.random.default_rng(1).permutation(6)
    paths = write(tmp_path, [ct()[index] for index in order], name=lambda index: f"{(index * 7) % 11}.x")
    assert_same(read_series(paths), sound)
    assert_same(read_series(paths[::-1]), sound)


@pytest.mark.parametrize("number", [lambda index: 6 - index, None, 1])
def test_instance_numbers_do_not_matter(tmp_path: Path, sound: Volume, number: Any) -> None:  # row 2
    assert_same(read_series(write(tmp_path, each(ct(), InstanceNumber=number))), sound)


def test_missing_inner_slice_is_named_by_its_position(tmp_path: Path) -> None:  # row 3
    slices = ct()
    del slices[2]
    assert "none at 35.0 mm" in str(rejected(tmp_path, slices, "MISSING_SLICE"))
    assert rejected(tmp_path, slices, "MISSING_SLICE", SeriesOptions(uneven=Uneven.RESAMPLE))


def test_missing_end_shortens_the_extent_and_fails_the_required_coverage(tmp_path: Path) -> None:  # row 4
    paths = write(tmp_path, ct())
    volume = read_series(paths[1:-1], options=SeriesOptions(required_coverage_mm=7.5, minimum_slices=4))
    assert (volume.provenance["first_mm"], volume.provenance["last_mm"]) == (32.5, 40.0)
    for options in (SeriesOptions(required_coverage_mm=10.0), SeriesOptions(minimum_slices=5)):
        with pytest.raises(InputRejected, match="COVERAGE"):
            read_series(paths[1:-1], options=options)


def test_identical_copies_are_left_out_and_noted(tmp_path: Path, sound: Volume) -> None:  # row 5
    slices = ct()
    volume = read_series(write(tmp_path, [*slices, slices[3], slices[0]]))
    assert_same(volume, sound)
    assert notes(volume) == {"COPIES_LEFT_OUT"}


def test_one_identifier_for_different_bytes_is_a_conflict(tmp_path: Path) -> None:  # row 6
    other = ct()[3]
    other.PixelData = other.PixelData[::-1]
    rejected(tmp_path, [*ct(), other], "UID_CONFLICT")


def test_several_phases_at_one_position_need_a_selection(tmp_path: Path, sound: Volume) -> None:  # row 7
    second = each(ct(ramp() + 1), SOPInstanceUID=lambda index: f"2.25.9{index}", AcquisitionNumber=2)
    slices = [*ct(), *second]
    assert "AcquisitionNumber" in rejected(tmp_path, slices, "DUPLICATE_POSITION").remedy
    paths = write(tmp_path, slices)
    first = read_series(paths, options=SeriesOptions(phase=Phase("AcquisitionNumber", 1)))
    assert_same(first, sound)
    chosen = read_series(paths, options=SeriesOptions(phase=Phase("AcquisitionNumber", "2")))
    assert np.array_equal(chosen.array, sound.array + 1) and chosen.provenance["options"]["phase"]["value"] == "2"
    with pytest.raises(InputRejected, match="PHASE_NOT_FOUND"):
        read_series(paths, options=SeriesOptions(phase=Phase("AcquisitionNumber", 3)))


def test_uneven_spacing_is_rejected_or_resampled_on_request(tmp_path: Path, sound: Volume) -> None:  # row 8
    slices = moved(ct(), lambda index: (0.0, 0.0, 0.2 if index == 2 else 0.0))
    rejected(tmp_path, slices, "UNEVEN_SPACING")
    volume = read_series(write(tmp_path, slices), options=SeriesOptions(uneven=Uneven.RESAMPLE))
    (repair,) = volume.provenance["repairs"]
    assert repair["code"] == "SPACING_RESAMPLED" and volume.spacing_mm == (0.5, 0.75, 2.5)
    moved_share = 0.2 / 2.7  # slice 2 was taken 0.2 mm too high: there lies a mixture of slices 1 and 2
    assert np.allclose(volume.array[..., 2], sound.array[..., 2] - 80 * moved_share, atol=1e-3)
    assert np.allclose(volume.array[..., [0, 1, 3, 4, 5]], sound.array[..., [0, 1, 3, 4, 5]], atol=1e-3)


def test_rounded_positions_are_even(tmp_path: Path) -> None:
    slices = each(ct(), ImagePositionPatient=lambda index: [-10.0, -20.0, round(30 + index * 0.625, 1)])
    assert read_series(write(tmp_path, slices)).spacing_mm[2] == pytest.approx(0.625, abs=0.02)


def test_slow_drift_of_the_spacing_is_uneven(tmp_path: Path) -> None:  # row 9
    drift = moved(ct(ramp(60, 4, 4)), lambda index: (0.0, 0.0, 0.0005 * index * index))
    gaps = np.diff([float(one.ImagePositionPatient[2]) for one in drift])
    assert np.ptp(gaps) < 0.1
    rejected(tmp_path, drift, "UNEVEN_SPACING")


def test_tilt_is_rejected_or_sheared_back_on_request(tmp_path: Path) -> None:  # row 10
    slices, centre = tilted_ball(radius_mm=15.0, tilt_degrees=20.0)
    assert "20.0 degrees" in str(rejected(tmp_path, slices, "GANTRY_TILT"))
    volume = read_series(write(tmp_path, slices), options=SeriesOptions(tilt=Tilt.SHEAR))
    assert [repair["code"] for repair in volume.provenance["repairs"]] == ["TILT_SHEARED"]
    places = np.moveaxis(np.indices(volume.array.shape), 0, -1) @ volume.affine_ras[:3, :3].T + volume.affine_ras[:3, 3]
    truth = np.linalg.norm(places - centre * (-1, -1, 1), axis=-1) <= 15.0
    read = volume.array > -400
    assert 2 * (truth & read).sum() / (truth.sum() + read.sum()) > 0.97
    assert np.abs(places[read].mean(axis=0) - centre * (-1, -1, 1)).max() < 0.25
    axes = volume.affine_ras[:3, :3] / volume.spacing_mm
    assert np.allclose(axes.T @ axes, np.eye(3)) and volume.valid is not None and not volume.valid[0, 0, -1]


def test_slices_beside_each_other_are_no_tilt(tmp_path: Path) -> None:
    rejected(tmp_path, moved(ct(), lambda index: (3.0 * (index % 2), 0.0, 0.0)), "SLICES_SHIFTED")


def test_localizer_and_mixed_orientations_are_rejected(tmp_path: Path) -> None:  # row 11
    scout = each(ct(), ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"], SOPInstanceUID="2.25.77")[:1]
    rejected(tmp_path / "scout", [*ct(), *scout], "LOCALIZER")
    turned = each(ct(), ImageOrientationPatient=[0, 1, 0, 0, 0, -1], SOPInstanceUID="2.25.77")[:1]
    rejected(tmp_path / "turned", [*ct(), *turned], "MIXED_ORIENTATION")
    rejected(tmp_path / "first", [*turned, *ct()], "MIXED_ORIENTATION")


def test_two_series_are_rejected(tmp_path: Path) -> None:  # row 12
    other = each(ct(), SeriesInstanceUID="2.25.99", SOPInstanceUID=lambda index: f"2.25.9{index}")
    rejected(tmp_path, [*ct(), *other], "SEVERAL_SERIES")


def test_mixed_sizes_spacings_and_frames_are_rejected(tmp_path: Path) -> None:  # row 13
    small = each(ct(ramp(6, 8, 9)), SOPInstanceUID=lambda index: f"2.25.9{index}")
    rejected(tmp_path / "size", [*ct()[:3], *small[3:]], "MIXED_SIZE")
    for name, value, code in (
        ("PixelSpacing", [0.75, 0.6], "MIXED_SPACING"),
        ("FrameOfReferenceUID", "2.25.5", "MIXED_FRAME_OF_REFERENCE"),
        ("Modality", "PT", "MIXED_MODALITY"),
        ("RescaleType", "US", "MIXED_UNITS"),
    ):
        slices = ct()
        setattr(slices[4], name, value)
        rejected(tmp_path / name, slices, code)


ORIENTATIONS = {
    "axial": ((1.0, 0, 0), (0, 1.0, 0)),
    "feet first": ((-1.0, 0, 0), (0, 1.0, 0)),
    "sagittal": ((0, 1.0, 0), (0, 0, -1.0)),
    "coronal": ((1.0, 0, 0), (0, 0, -1.0)),
    "oblique": ((0.8, 0.6, 0), (-0.36, 0.48, -0.8)),
    "turned": ((0, -1.0, 0), (1.0, 0, 0)),
}


@pytest.mark.parametrize("name", ORIENTATIONS)
@pytest.mark.parametrize("sense", [1, -1])
def test_landmark_lands_at_its_place_in_the_patient(tmp_path: Path, name: str, sense: int) -> None:  # rows 14, 15
    row, column = map(np.array, ORIENTATIONS[name])
    step = sense * 2.5 * np.cross(row, column)
    geometry = SeriesGeometry((-10.0, -20.0, 30.0), tuple(row), tuple(column), tuple(step), (0.75, 0.5))
    volume = read_series(write(tmp_path, ct(geometry=geometry)))
    for k, j, i in ((0, 0, 0), (4, 6, 3), (5, 7, 9)):
        truth = np.array([-10, -20, 30]) + 0.5 * i * row + 0.75 * j * column + k * step
        assert np.abs(at_lps(volume, ramp()[k, j, i]) - truth).max() < 1e-3


def test_positions_win_over_stated_thickness_and_spacing(tmp_path: Path, sound: Volume) -> None:  # row 16
    volume = read_series(write(tmp_path, each(ct(), SliceThickness=5.0, SpacingBetweenSlices=1.0)))
    assert_same(volume, sound)
    assert notes(volume) == {"THICKNESS_DIFFERS", "SPACING_DIFFERS"}


def test_stated_tilt_without_a_sideways_step_is_noted(tmp_path: Path, sound: Volume) -> None:
    volume = read_series(write(tmp_path, each(ct(), GantryDetectorTilt=12.0)))
    assert_same(volume, sound)
    assert notes(volume) == {"TILT_STATED"}


def test_ct_without_rescale_is_rejected(tmp_path: Path) -> None:  # row 22
    rejected(tmp_path / "none", each(ct(), RescaleSlope=None, RescaleIntercept=None), "NO_RESCALE")
    rejected(tmp_path / "half", each(ct(), RescaleIntercept=None), "RESCALE_INVALID")
    slices = ct()
    each(slices[2:3], RescaleSlope=None, RescaleIntercept=None)
    rejected(tmp_path / "one", slices, "NO_RESCALE")


def test_slopes_of_each_slice_are_exact_to_float32(tmp_path: Path) -> None:  # row 23
    pixels = np.random.default_rng(2).integers(0, 1 << 15, (6, 8, 10)).astype(np.uint16)
    slopes = [1.37, 0.000123, 2.0, 11.5, 0.1, 3.7e4]
    slices = stored(mr(), pixels, Modality="PT", RescaleSlope=lambda index: slopes[index], RescaleIntercept=0.0)
    volume = read_series(write(tmp_path, slices))
    truth = (pixels.astype(np.float64) * np.array(slopes)[:, None, None]).astype(np.float32)
    assert np.array_equal(volume.array, truth.transpose(2, 1, 0))


def test_later_slices_may_be_negative_or_fractional(tmp_path: Path, sound: Volume) -> None:  # row 24
    slices = each(
        ct(ramp() + 1000),
        RescaleIntercept=lambda index: [0, -1024, -2024, -1024, -1024.5, -3000][index],
        RescaleSlope=lambda index: [1, 1, 1, 0.5, 1, 1][index],
    )
    volume = read_series(write(tmp_path, slices))
    shift = np.array([0, -1024, -2024, -1024, -1024.5, -3000])
    truth = (ramp() + 2024) * np.array([1, 1, 1, 0.5, 1, 1])[:, None, None] + shift[:, None, None]
    assert np.array_equal(volume.array, truth.transpose(2, 1, 0)) and volume.array.min() < -500


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL", "PALETTE COLOR"])
def test_colour_is_rejected(tmp_path: Path, photometric: str) -> None:  # row 26
    samples = 1 if photometric == "PALETTE COLOR" else 3
    rejected(tmp_path, each(ct(), PhotometricInterpretation=photometric, SamplesPerPixel=samples), "NOT_MONOCHROME")


def test_inverted_mr_is_rejected_and_inverted_ct_has_the_same_hounsfield_units(tmp_path: Path, sound: Volume) -> None:
    assert_same(read_series(write(tmp_path / "ct", each(ct(), PhotometricInterpretation="MONOCHROME1"))), sound)
    rejected(tmp_path / "mr", each(mr(), PhotometricInterpretation="MONOCHROME1"), "NOT_MONOCHROME")


def test_padding_is_no_image(tmp_path: Path) -> None:  # row 27
    pixels = np.arange(480, dtype=np.int16).reshape(6, 8, 10)
    pixels[:, :2] = -2000
    slices = stored(ct(), pixels, RescaleIntercept=-1024)
    volume = read_series(write(tmp_path / "signed", padded(slices, -2000)))
    assert volume.valid is not None and np.array_equal(volume.valid, (pixels != -2000).transpose(2, 1, 0))
    # some scanners write the bits of -2000 as an unsigned number
    again = read_series(write(tmp_path / "unsigned", padded(slices, 65536 - 2000, vr="US")))
    assert again.valid is not None and np.array_equal(again.valid, volume.valid)


def test_padding_beyond_the_stored_bits_is_rejected(tmp_path: Path) -> None:  # row 27
    rejected(tmp_path / "unsigned", padded(ct(), 63536, vr="US"), "PADDING_INVALID")
    signed = stored(ct(), ramp().astype(np.int16), BitsStored=12, HighBit=11)
    rejected(tmp_path / "signed", padded(signed, -3000), "PADDING_INVALID")


def test_padding_alone_is_no_content(tmp_path: Path) -> None:  # rows 27, 28
    pixels = np.full((6, 8, 10), 7, np.int16)
    pixels[:, :2] = -2000
    rejected(tmp_path, padded(stored(ct(), pixels), -2000), "NO_CONTENT")


@pytest.mark.parametrize("value", [0, 777])
def test_constant_series_has_no_content(tmp_path: Path, value: int) -> None:  # row 28
    rejected(tmp_path, stored(ct(), np.full((6, 8, 10), value, np.int16)), "NO_CONTENT")


@pytest.mark.parametrize("keyword", ["RescaleSlope", "RescaleIntercept", "ImagePositionPatient"])
@pytest.mark.parametrize("value", ["nan", "inf"])
def test_numbers_that_are_not_finite_are_rejected(tmp_path: Path, keyword: str, value: str) -> None:  # row 28
    numbers = [value, "0", "0"] if keyword == "ImagePositionPatient" else value
    paths = write(tmp_path, ct())
    with pydicom.config.disable_value_validation():
        one = pydicom.dcmread(paths[3])
        setattr(one, keyword, "1" if isinstance(numbers, str) else ["1", "0", "0"])
        one[keyword]._value = numbers
        one.save_as(paths[3])
    with pytest.raises(InputRejected, match="NOT_FINITE"):
        read_series(paths)


def test_values_beyond_float32_are_rejected(tmp_path: Path) -> None:  # row 28
    rejected(tmp_path, each(mr(), RescaleSlope=1e38, RescaleIntercept=0), "NOT_FINITE")


def test_junk_in_the_high_bits_is_masked(tmp_path: Path, sound: Volume) -> None:  # row 29
    pixels = (ramp() + 1024).astype(np.uint16) | 0xA000
    slices = stored(ct(), pixels, BitsStored=12, HighBit=11)
    assert_same(read_series(write(tmp_path / "unsigned", slices)), sound)
    signed = ((ramp().astype(np.int16)).view(np.uint16) & 0x0FFF) | 0x5000
    slices = stored(ct(), signed.view(np.int16), BitsStored=12, HighBit=11, RescaleIntercept=0)
    assert_same(read_series(write(tmp_path / "signed", slices)), sound)


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless])
def test_compressed_series_is_the_same_volume(tmp_path: Path, syntax: str) -> None:
    volume = np.random.default_rng(3).integers(-1000, 2000, (3, 40, 48)).astype(np.float64)
    slices = ct(volume)
    for one in slices:
        one.compress(syntax, generate_instance_uid=False)
    assert np.array_equal(read_series(write(tmp_path, slices)).array, volume.transpose(2, 1, 0))


def test_frames_of_an_enhanced_object_are_placed_by_their_groups(tmp_path: Path, sound: Volume) -> None:
    for name, order in (("in order", None), ("shuffled", [3, 0, 5, 1, 4, 2])):
        assert_same(read_series(write(tmp_path / name, [enhanced(ct(), order)])), sound)
    rejected(tmp_path / "gap", [enhanced(ct(), [0, 1, 3, 4, 5])], "MISSING_SLICE")


def test_compressed_enhanced_object_is_the_same_volume(tmp_path: Path, sound: Volume) -> None:
    whole = enhanced(ct(), [3, 0, 5, 1, 4, 2])
    whole.compress(RLELossless, generate_instance_uid=False)
    assert_same(read_series(write(tmp_path, [whole])), sound)


def test_single_slice_is_as_thick_as_it_says(tmp_path: Path) -> None:
    volume = read_series(write(tmp_path, each(ct()[:1], SliceThickness=5.0)))
    assert volume.array.shape == (10, 8, 1) and volume.spacing_mm == (0.5, 0.75, 5.0)
    assert notes(volume) == {"SINGLE_SLICE", "SPACING_DIFFERS"}
    rejected(tmp_path, each(ct()[:1], SliceThickness=None, SpacingBetweenSlices=None), "NO_GEOMETRY")


def test_nothing_to_read_is_rejected() -> None:
    with pytest.raises(InputRejected, match="NO_FILES"):
        read_series([])


def test_compact_voxels_are_int16_where_that_is_exact(tmp_path: Path, sound: Volume) -> None:
    compact = SeriesOptions(precision=Precision.COMPACT)
    volume = read_series(write(tmp_path / "sound", ct()), options=compact)
    assert volume.array.dtype == np.int16 and np.array_equal(volume.array, sound.array)
    fraction = each(ct(), RescaleIntercept=-1024.5)
    assert read_series(write(tmp_path / "fraction", fraction), options=compact).array.dtype == np.float32


@pytest.mark.parametrize("kind", [np.int16, np.uint16])
@pytest.mark.parametrize("intercept", [0, -1024, -32768, -40000, 20000])
def test_compact_voxels_never_wrap(tmp_path: Path, kind: Any, intercept: int) -> None:  # row 24
    span = np.iinfo(kind)
    for low, high in ((span.min, span.max), (span.max - 100, span.max), (0, 479)):
        pixels = np.round(np.linspace(low, high, 480)).astype(kind).reshape(6, 8, 10)
        slices = stored(ct(), pixels, RescaleIntercept=intercept)
        volume = read_series(write(tmp_path, slices), options=SeriesOptions(precision=Precision.COMPACT))
        truth = pixels.astype(np.int64) + intercept
        assert np.array_equal(volume.array, truth.transpose(2, 1, 0))
        fits = np.array_equal(truth, truth.astype(np.int16))
        assert volume.array.dtype == (np.int16 if fits else np.float32)


def test_plan_reads_no_pixel(tmp_path: Path) -> None:
    plan = plan_series(write(tmp_path, stored(ct(), np.zeros((6, 8, 10), np.int16))))
    assert plan.step_mm == 2.5 and len(plan.stack.slices) == 6


def test_errors_and_provenance_hold_nothing_of_the_patient(tmp_path: Path) -> None:
    canary = "CANARY^NAME"
    slices = each(ct(), PatientName=canary, PatientID=canary, StudyDescription=canary, SeriesInstanceUID="2.25.424242")
    volume = read_series(write(tmp_path / canary, slices))
    error = rejected(tmp_path / canary, [*slices[:2], *slices[3:], ct()[2]], "SEVERAL_SERIES")
    for text in (json.dumps(volume.provenance), str(error), json.dumps(error.as_dict())):
        assert "CANARY" not in text and "424242" not in text and "2021" not in text


def test_geometry_is_that_of_the_writer_to_a_tenth_of_a_micrometre(tmp_path: Path) -> None:
    geometry = replace(AXIAL, first_position_lps_mm=(-123.4567, 45.6789, -987.6543))
    affine = lps_to_ras(read_series(write(tmp_path, ct(geometry=geometry))).affine_ras)
    assert np.abs(affine[:3, 3] - geometry.first_position_lps_mm).max() < 1e-4

"""Maps: the same float32 values at the same place, one mapping a class."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from monai_app.core.errors import InputRejected
from monai_app.dicom.assemble import read_series
from monai_app.dicom.result_object import ResultContext
from monai_app.dicom.source_images import read_source_film, read_source_series
from monai_app.dicom.volume import Volume, lps_to_ras
from monai_app.dicom.write_attribution import AttributionMap, write_attribution
from tests.dicom.validators import dciodvfy_errors
from tests.faults.studies import context_of, hospital_ct, hospital_film, turned, written

Ct = tuple[ResultContext, Volume]


@pytest.fixture(scope="module")
def ct(tmp_path_factory: pytest.TempPathFactory) -> Ct:
    files = hospital_ct(tmp_path_factory.mktemp("ct"))
    return context_of(read_source_series(files)), read_series(files)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> ResultContext:
    return context_of(read_source_film(hospital_film(tmp_path_factory.mktemp("film") / "film")))


def noise(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def test_values_of_each_class_come_back_at_their_place(ct: Ct) -> None:
    context, volume = ct
    given = [Volume(noise(volume.array.shape, seed), volume.affine_ras) for seed in range(2)]
    other = turned(given[1], (2, 0, 1), (-1, 1, -1))
    maps = [
        AttributionMap("pneumonia", "Grad-CAM", given[0].array, given[0].affine_ras),
        AttributionMap("sepsis", "Grad-CAM", other.array, other.affine_ras),
    ]
    dataset = written(write_attribution(maps, context).data)
    columns, rows, planes = volume.array.shape
    stored = np.frombuffer(dataset.FloatPixelData, "<f4").reshape(2 * planes, rows, columns)
    for number, (frame, values) in enumerate(zip(dataset.PerFrameFunctionalGroupsSequence, stored, strict=True)):
        position = [*map(float, frame.PlanePositionSequence[0].ImagePositionPatient), 1.0]
        voxel = np.linalg.solve(lps_to_ras(volume.affine_ras), position)[:3]
        assert np.allclose(voxel[:2], 0, atol=1e-4)
        assert np.array_equal(values, given[number // planes].array[:, :, round(voxel[2])].T)


def test_every_class_has_its_own_mapping(ct: Ct) -> None:
    context, volume = ct
    names = ["pneumonia", "a name that is much longer than a label", "sepsis"]
    shape = volume.array.shape
    maps = [AttributionMap(name, "Grad-CAM", noise(shape, 0), volume.affine_ras) for name in names]
    frames = written(write_attribution(maps, context).data).PerFrameFunctionalGroupsSequence
    mappings = [frames[6 * place].RealWorldValueMappingSequence[0] for place in range(3)]
    assert [one.LUTExplanation for one in mappings] == [f"Grad-CAM of {name}" for name in names]
    assert len({one.LUTLabel for one in mappings}) == 3
    assert {one.MeasurementUnitsCodeSequence[0].CodeValue for one in mappings} == {"1"}
    (quantity,) = mappings[0].QuantityDefinitionSequence
    assert quantity.ConceptCodeSequence[0].CodeMeaning == "Class activation"


@pytest.mark.parametrize("shape", [(60, 48), (20, 16)], ids=["as the film", "coarser"])
@pytest.mark.parametrize("classes", [1, 2])
def test_map_of_a_film_keeps_its_values_and_refers_to_it(
    film: ResultContext, tmp_path: Path, shape: tuple[int, int], classes: int
) -> None:
    values = [noise(shape, seed) for seed in range(classes)]
    maps = [AttributionMap(f"class {place}", "Grad-CAM", one) for place, one in enumerate(values)]
    result = write_attribution(maps, film)
    dataset = written(result.data)
    stored = np.frombuffer(dataset.FloatPixelData, "<f4").reshape(classes, *shape)
    assert np.array_equal(stored, np.stack(values))
    (series,) = dataset.ReferencedSeriesSequence
    assert series.ReferencedInstanceSequence[0].ReferencedSOPInstanceUID == "2.25.77"
    spacing = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing
    assert float(spacing[0]) == pytest.approx(0.2 * 60 / shape[0])
    assert dciodvfy_errors(result.data, tmp_path) == []


def test_map_of_one_class_of_a_series_is_valid(ct: Ct, tmp_path: Path) -> None:
    context, volume = ct
    one = AttributionMap("pneumonia", "Grad-CAM", np.zeros(volume.array.shape), volume.affine_ras)
    assert dciodvfy_errors(write_attribution([one], context).data, tmp_path) == []


def test_maps_that_do_not_fit_are_refused(ct: Ct, film: ResultContext) -> None:
    context, volume = ct
    good = AttributionMap("a", "m", noise((60, 48), 0))
    for code, maps, about in (
        ("NO_MAPS", [], film),
        ("MAP_SHAPE", [replace(good, values=noise((60, 60), 0))], film),
        ("MAP_SHAPE", [good, replace(good, values=noise((20, 16), 0))], film),
        ("MAP_SHAPE", [replace(good, affine_ras=np.eye(4))], film),
        ("MAP_SHAPE", [good], context),
        ("NOT_FINITE", [replace(good, values=np.full((60, 48), np.nan))], film),
        ("GRID_MISMATCH", [AttributionMap("a", "m", volume.array[1:], volume.affine_ras)], context),
    ):
        with pytest.raises(InputRejected, match=code):
            write_attribution(maps, about)

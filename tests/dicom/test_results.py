"""All results of a study: whole or not at all, whichever of them there are."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pydicom
import pytest

from monai_app.core.atomic import sha256_file
from monai_app.core.errors import InputRejected
from monai_app.dicom.read_segmentation import read_segmentation
from monai_app.dicom.result_object import ResultKind
from monai_app.dicom.results import write_results
from monai_app.dicom.source_images import read_source_series
from monai_app.dicom.volume import Volume
from monai_app.dicom.volume_files import read_volume
from tests.dicom.validators import dciodvfy_errors
from tests.faults.studies import context_of, ct_study, hospital_ct, labels_on, report, segment_codes


def test_folder_holds_each_object_under_its_kind(tmp_path: Path) -> None:
    results, context = ct_study(tmp_path / "in")
    hashes = write_results(tmp_path / "out", results, context)
    assert set(hashes) == set(ResultKind)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {f"{kind}.dcm" for kind in ResultKind}
    assert all(sha256_file(tmp_path / "out" / f"{kind}.dcm") == told for kind, told in hashes.items())


@pytest.mark.parametrize("left_out", ["labels", "maps", "overlay"])
def test_what_was_not_found_is_not_written(tmp_path: Path, left_out: str) -> None:
    results, context = ct_study(tmp_path / "in")
    changes: dict[str, object] = {left_out: () if left_out == "maps" else None}
    if left_out == "labels":
        changes["report"] = report(volumes=False)
    hashes = write_results(tmp_path / "out", replace(results, **changes), context)  # type: ignore[arg-type]
    assert len(hashes) == 3 and ResultKind.REPORT in hashes
    data = (tmp_path / "out" / "report.dcm").read_bytes()
    assert dciodvfy_errors(data, tmp_path) == []


def test_faulty_result_leaves_nothing(tmp_path: Path) -> None:
    results, context = ct_study(tmp_path / "in")
    assert results.labels is not None
    faulty = Volume(results.labels.array[1:], results.labels.affine_ras)
    with pytest.raises(InputRejected, match="GRID_MISMATCH"):
        write_results(tmp_path / "out", replace(results, labels=faulty), context)
    assert not (tmp_path / "out").exists()


def test_folder_that_holds_something_is_refused_unless_forced(tmp_path: Path) -> None:
    results, context = ct_study(tmp_path / "in")
    write_results(tmp_path / "out", results, context)
    with pytest.raises(InputRejected, match="OUTPUT_EXISTS"):
        write_results(tmp_path / "out", results, context)
    assert write_results(tmp_path / "out", results, context, force=True)


def test_example_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "docs" / "results.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    hospital_ct(tmp_path / "series")
    monkeypatch.chdir(tmp_path)
    found = labels_on(read_volume("series"))
    segmentation = SimpleNamespace(labels=found.array, affine_ras=found.affine_ras)
    names = {"found": segmentation, "weights_sha256": "a" * 64, "volumes_ml": {"heart": 0.5}}
    exec(compile(example, "results.md", "exec"), names)
    assert {path.stem for path in (tmp_path / "out").iterdir()} == {"segmentation", "capture", "report"}


@pytest.mark.shared
@pytest.mark.parametrize("series", ["ct_totalsegmentator_example", "mr_multiseries_PGBM-003/11_HCropVolume"])
def test_real_series_get_their_mask_back(shared_data: Callable[[str], Path], tmp_path: Path, series: str) -> None:
    files = [path for path in sorted((shared_data("dicom") / series).iterdir()) if path.is_file()]
    copies = []
    for number, path in enumerate(files):
        dataset = pydicom.dcmread(path)
        if not dataset.get("StudyInstanceUID"):  # the CT was published without its UIDs
            dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "2.25.1", "2.25.2"
            dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = pydicom.uid.CTImageStorage
            dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"2.25.3{number:03d}"
        copies.append(tmp_path / "in" / f"{number}")
        copies[-1].parent.mkdir(exist_ok=True)
        dataset.save_as(copies[-1])
    source, volume = read_source_series(copies), read_volume(tmp_path / "in")
    labels = labels_on(volume)
    labels.array[volume.array > np.percentile(volume.array, 95)] = 3
    found = replace(ct_study(tmp_path / "tiny")[0], labels=labels, segments=segment_codes(), maps=())
    write_results(tmp_path / "out", found, context_of(source))
    assert np.array_equal(read_segmentation(tmp_path / "out" / "segmentation.dcm", source).array, labels.array)
    for path in (tmp_path / "out").iterdir():
        assert dciodvfy_errors(path.read_bytes(), tmp_path) == []

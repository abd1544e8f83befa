"""What the worker asks of an archive is what Orthanc and the archive of the tests offer, under the same names."""

from __future__ import annotations

import inspect

import pytest

from monai_app.deploy.archive import Application, Archive
from monai_app.deploy.diagnosis import DiagnosisApp
from monai_app.deploy.segmentation import SegmentationApp
from monai_app.dicom.orthanc import Orthanc
from tests.deploy.fake_archive import FakeApp, FakeArchive


@pytest.mark.parametrize(
    ("protocol", "made"),
    [
        (Archive, Orthanc),
        (Archive, FakeArchive),
        (Application, SegmentationApp),
        (Application, DiagnosisApp),
        (Application, FakeApp),
    ],
)
def test_every_method_is_there_with_its_arguments(protocol: type, made: type) -> None:
    wanted = {name: one for name, one in vars(protocol).items() if inspect.isfunction(one) and name[0] != "_"}
    assert wanted
    for name, method in wanted.items():
        names = list(inspect.signature(method).parameters)
        assert set(names) <= set(inspect.signature(getattr(made, name)).parameters)

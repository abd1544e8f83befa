"""Equipment and algorithm: what DICOM cannot hold is refused when it is configured, not when a result is written."""

from __future__ import annotations

import pytest

from monai_app.core.errors import InputRejected
from monai_app.dicom.equipment import Algorithm, Equipment


@pytest.mark.parametrize(
    "wrong",
    [{"manufacturer": ""}, {"model": "x" * 65}, {"institution": "A\\B"}, {"station": "x" * 17}, {"model": "a\nb"}],
    ids=str,
)
def test_equipment_that_dicom_cannot_hold_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(InputRejected, match="EQUIPMENT_INVALID"):
        Equipment(**({"manufacturer": "M", "model": "N", "software_version": "1"} | wrong))


@pytest.mark.parametrize("digest", ["", "a" * 63, "A" * 64, "g" * 64])
def test_algorithm_without_the_hash_of_its_weights_is_refused(digest: str) -> None:
    with pytest.raises(InputRejected, match="ALGORITHM_INVALID.*SHA-256"):
        Algorithm("name", "1", digest)


def test_algorithm_tells_hash_and_settings_to_images_and_reports() -> None:
    algorithm = Algorithm("name", "1", "a" * 64, (("overlap", "0.25"),))
    assert algorithm.settings == {"weights_sha256": "a" * 64, "overlap": "0.25"}
    (of_image,) = algorithm.of_image("Maker")
    assert f"weights_sha256={'a' * 64}" in of_image.AlgorithmParameters
    texts = [item.TextValue for item in algorithm.of_report("Maker") if "TextValue" in item]
    assert f"weights_sha256={'a' * 64}" in texts and "overlap=0.25" in texts

"""The site's file: its equipment stands in results, and what DICOM or the clock does not know is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from monai_app.core.errors import InputRejected
from monai_app.deploy.site import Site, read_site


def test_without_a_file_the_product_is_named_and_no_site() -> None:
    site = read_site(None)
    assert site.equipment().institution == "" and site.zone() is None


def test_the_file_is_taken(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("institution: Spital\nstation: AI1\ntimezone: Europe/Berlin\n")
    site = read_site(tmp_path / "site.yaml")
    assert (site.equipment().institution, site.equipment().station) == ("Spital", "AI1")
    assert str(site.zone()) == "Europe/Berlin"


def test_faults_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="TIMEZONE_UNKNOWN"):
        Site(timezone="Mars/Olympus").zone()
    with pytest.raises(InputRejected, match="EQUIPMENT_INVALID"):
        Site(station="a name of more than sixteen").equipment()
    (tmp_path / "site.yaml").write_text("hospital: Spital\n")
    with pytest.raises(InputRejected, match="RECORD_INVALID"):
        read_site(tmp_path / "site.yaml")

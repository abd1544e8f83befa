"""Applications: every shipped one is complete, and a site may bring its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from monai_app.cohort.segmentation_spec import SegmentationSpec
from monai_app.core.errors import InputRejected
from monai_app.core.resources import resource
from monai_app.deploy.app import AppKind, app_names, find_app


@pytest.mark.parametrize("name", app_names())
def test_every_shipped_application_has_rules_and_a_code_for_every_label(name: str) -> None:
    app = find_app(name)
    assert len(app.series_rules().roles) == 1
    if app.kind is AppKind.DIAGNOSIS:
        assert app.threshold == 0.5 and app.tasks
        return
    spec = SegmentationSpec.read(resource("bundles", app.bundle) / "models" / "spec.json")
    assert len(app.segment_codes().of(spec.structures)) == len(spec.structures)


def test_a_site_may_bring_its_own(tmp_path: Path) -> None:
    text = resource("configs", "apps", "hippocampus_mri.yaml").read_text()
    (tmp_path / "mine.yaml").write_text(text.replace("kind:", "draws: 4\nkind:"))
    assert find_app(str(tmp_path / "mine.yaml")).draws == 4


@pytest.mark.parametrize("name", ["nothing", "nothing.yaml", "../series/ct_mr"])
def test_what_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(InputRejected, match="APP_UNKNOWN"):
        find_app(name)


def test_settings_keep_their_kinds(tmp_path: Path) -> None:
    text = resource("configs", "apps", "cxr_diagnosis.yaml").read_text()
    (tmp_path / "mine.yaml").write_text(text.replace("settings:\n", "settings:\n  width: 64\n  workers: 0.5\n"))
    settings = find_app(str(tmp_path / "mine.yaml")).settings
    assert settings["width"] == 64 and isinstance(settings["width"], int) and settings["workers"] == 0.5

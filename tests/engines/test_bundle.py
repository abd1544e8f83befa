"""Opening bundles: found by name or path, files in the order of merging, faults typed before anything is parsed."""

from __future__ import annotations

from pathlib import Path

import pytest

from monai_app.core.errors import AppError, InputRejected
from monai_app.engines.bundle import (
    Workflow,
    config_files,
    find_bundle,
    open_workflow,
    overlay_names,
    system_overlays,
    systems,
    typed_errors,
    workflows,
)

BUNDLE = find_bundle("multimodal_diagnosis")


def test_bundle_is_found_by_name_and_by_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_bundle("multimodal_diagnosis").samefile(find_bundle(str(BUNDLE)))


def test_missing_bundle_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match=r"BUNDLE_MISSING.*multimodal_diagnosis"):
        find_bundle(str(tmp_path))


@pytest.mark.parametrize("workflow", workflows(BUNDLE))
def test_overlays_come_after_what_they_change(workflow: Workflow) -> None:
    names = [Path(file).stem for file in config_files(BUNDLE, workflow, ["fusion_early", "smoke"])]
    assert names == ["common", workflow.value, "fusion_early", "smoke"]
    assert all(Path(file).is_file() for file in config_files(BUNDLE, workflow))


def test_unknown_overlay_names_the_fusions() -> None:
    with pytest.raises(InputRejected, match=r"OVERLAY_UNKNOWN.*attention"):
        config_files(BUNDLE, Workflow.TRAIN, ["fusion_luck"])
    assert {"early", "late", "medfuse", "attention", "haim"} <= set(
        overlay_names(BUNDLE / "configs", "fusion_*.yaml", "fusion_")
    )


def test_foreign_bundle_that_runs_code_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    configs = tmp_path / "evil" / "configs"
    configs.mkdir(parents=True)
    marker = tmp_path / "marker"
    for name in ("common", "train"):
        (configs / f"{name}.yaml").write_text(f"x: $__import__('pathlib').Path('{marker}').touch()\n")
    (configs / "metadata.json").write_text("{}")
    with pytest.raises(InputRejected, match="BUNDLE_UNSAFE"):
        open_workflow(configs.parent, Workflow.TRAIN)
    assert not marker.exists()


def test_setting_that_runs_code_is_refused(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    with pytest.raises(InputRejected, match="UNSAFE"):
        open_workflow(BUNDLE, Workflow.TRAIN, settings={"seed": f"$open('{marker}', 'w')"})
    assert not marker.exists()


@pytest.mark.parametrize("key", ["max_epoch", "trainer::max_epochs"])
def test_a_misspelt_setting_is_refused_and_named(key: str) -> None:
    with pytest.raises(InputRejected, match=f"SETTING_UNKNOWN.*{key}"):
        open_workflow(BUNDLE, Workflow.TRAIN, settings={key: 3})


def test_typed_error_below_monais_is_the_one_raised() -> None:
    with pytest.raises(AppError, match="FULL"), typed_errors():
        try:
            raise AppError("FULL", "disk full")
        except AppError as error:
            raise RuntimeError("Failed to instantiate component") from error


def test_systems_are_fusions_and_encoders_by_their_names() -> None:
    assert systems(BUNDLE)["early"] == "fusion_early"
    films = find_bundle("cxr_classification")
    narrow = ("densenet_narrow", "densenet_narrow_group")
    assert systems(films) == {
        name: f"encoder_{name}" for name in ("densenet121", "densenet121_group", *narrow, "resnet18")
    }
    assert system_overlays(films, "resnet18") == ["encoder_resnet18"]


def test_no_system_named_is_the_usual_one_where_there_is_one() -> None:
    assert system_overlays(BUNDLE) == ["fusion_attention"]
    assert system_overlays(find_bundle("cxr_classification")) == []
    with pytest.raises(InputRejected, match=r"OVERLAY_UNKNOWN.*densenet121"):
        system_overlays(find_bundle("cxr_classification"), "attention")

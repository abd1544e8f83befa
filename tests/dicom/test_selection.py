"""Selection: exactly what the rules ask for, or a reason for each series; never the first by default."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from monai_app.core.errors import InputRejected
from monai_app.core.resources import resource
from monai_app.dicom.discover import discover
from monai_app.dicom.selection import Selection, select
from monai_app.dicom.series_rules import SeriesRules
from tests.faults.folders import write_slice, write_slices

CT: dict[str, Any] = {"field": "modality", "is": "CT"}
MR: dict[str, Any] = {"field": "modality", "is": "mr"}


def rules(studies: str = "exactly_one", **roles: Any) -> SeriesRules:
    return SeriesRules.parse({"description": "x", "roles": roles, "studies": studies})


def shipped(name: str) -> SeriesRules:
    return SeriesRules.read(resource("configs", "series", f"{name}.yaml"))


def chosen(selection: Selection) -> dict[str, list[int]]:
    """Role to the numbers of images of its series."""
    return {role: [len(one.instances) for one in series] for role, series in selection.roles.items()}


def one(folder: Path, rules: SeriesRules) -> dict[str, list[int]]:
    (selection,) = select(discover(folder).studies, rules)
    return chosen(selection)


def rejected(folder: Path, rules: SeriesRules, code: str) -> str:
    with pytest.raises(InputRejected, match=rf"\[{code}\]") as error:
        select(discover(folder).studies, rules)
    assert error.value.exit_code == 2
    return str(error.value)


@pytest.fixture
def ct_and_mr(tmp_path: Path) -> Path:
    write_slices(tmp_path, 3, SeriesDescription="Abdomen")
    return write_slices(tmp_path, 4, series="2", Modality="MR", SeriesDescription="t1 head", EchoTime=12.0)


@pytest.mark.parametrize(
    "where",
    [
        CT,
        {"not": MR},
        {"all": [CT, {"field": "images", "is": 3}]},
        {"any": [CT, {"field": "images", "is": 99}]},
        {"all": [{"field": "spacing_mm", "at_least": 1.5, "at_most": 2.5}, {"not": MR}]},
        {"field": "description", "matches": "^abd"},
        {"field": "echo_time_ms", "present": False},
        {"not": {"any": [MR, {"field": "description", "matches": "head"}]}},
    ],
)
def test_and_or_not_ranges_and_patterns_find_the_ct(ct_and_mr: Path, where: dict[str, Any]) -> None:
    assert one(ct_and_mr, rules(image={"where": where})) == {"image": [3]}


def test_several_roles_take_several_series_of_one_study(ct_and_mr: Path) -> None:
    assert one(ct_and_mr, rules(ct={"where": CT}, mr={"where": MR})) == {"ct": [3], "mr": [4]}


def test_a_series_takes_one_role(ct_and_mr: Path) -> None:
    both = rules(first={"where": CT}, second={"where": CT})
    assert "as second: modality is MR, expected CT" in rejected(ct_and_mr, both, "NO_SERIES_SELECTED")


def test_nothing_selected_tells_the_reason_of_each_series(ct_and_mr: Path) -> None:
    message = rejected(ct_and_mr, rules(pet={"where": {"field": "modality", "is": "PT"}}), "NO_SERIES_SELECTED")
    assert "modality is CT, expected PT" in message and "modality is MR, expected PT" in message
    assert "1.1" in message and "1.2" in message


def test_an_empty_folder_selects_nothing(tmp_path: Path) -> None:
    rejected(tmp_path, rules(ct={"where": CT}), "NO_SERIES_SELECTED")


def test_two_candidates_for_one_place_are_ambiguous(ct_and_mr: Path) -> None:
    write_slices(ct_and_mr, 5, series="3")
    rejected(ct_and_mr, rules(ct={"where": CT}), "SERIES_AMBIGUOUS")
    rejected(ct_and_mr, rules(ct={"where": CT, "take": "at_most_one"}), "SERIES_AMBIGUOUS")
    rejected(ct_and_mr, rules(ct={"where": CT, "take": "best"}), "SERIES_AMBIGUOUS")
    (selection,) = select(discover(ct_and_mr).studies, rules(ct={"where": CT, "take": "every"}))
    assert sorted(chosen(selection)["ct"]) == [3, 5]


def test_the_highest_score_wins(ct_and_mr: Path) -> None:
    write_slices(ct_and_mr, 5, series="3")
    points = [{"points": 1, "where": CT}, {"points": 2, "where": {"field": "images", "at_least": 4}}]
    assert one(ct_and_mr, rules(ct={"where": CT, "take": "best", "scores": points})) == {"ct": [5]}
    points[1]["points"] = -2
    assert one(ct_and_mr, rules(ct={"where": CT, "take": "best", "scores": points})) == {"ct": [3]}


def test_an_optional_role_may_stay_empty(ct_and_mr: Path) -> None:
    pet = {"where": {"field": "modality", "is": "PT"}, "take": "at_most_one"}
    assert one(ct_and_mr, rules(ct={"where": CT}, pet=pet)) == {"ct": [3], "pet": []}


def test_roles_are_never_filled_from_two_studies(tmp_path: Path) -> None:
    write_slices(tmp_path, 3)
    write_slices(tmp_path, 4, study="2", Modality="MR")
    rejected(tmp_path, rules(ct={"where": CT}, mr={"where": MR}), "NO_SERIES_SELECTED")


def test_several_studies_are_ambiguous_unless_each_is_wanted(tmp_path: Path) -> None:
    for study in ("1", "2"):
        write_slices(tmp_path, 3, study=study)
    rejected(tmp_path, rules(ct={"where": CT}), "SERIES_AMBIGUOUS")
    each = select(discover(tmp_path).studies, rules("each", ct={"where": CT}))
    assert [selection.study.number for selection in each] == [1, 2]


def test_a_condition_must_hold_for_every_image(tmp_path: Path) -> None:
    write_slices(tmp_path, 3, EchoTime=20.0)
    write_slice(tmp_path / "odd", index=3, EchoTime=90.0)
    rejected(tmp_path, rules(ct={"where": {"field": "echo_time_ms", "at_most": 30}}), "NO_SERIES_SELECTED")


def test_free_text_is_never_quoted(tmp_path: Path) -> None:
    write_slices(tmp_path, 2, SeriesDescription="Smith^John", ProtocolName="Smith", BodyPartExamined="SMITH")
    fields = ("description", "protocol", "body_part")
    asked = {"all": [CT, {"any": [{"field": field, "is": "x"} for field in fields]}]}
    assert "smith" not in rejected(tmp_path, rules(ct={"where": asked}), "NO_SERIES_SELECTED").casefold()


THORAX = {
    "step_mm": 5.0,
    "SliceThickness": 5.0,
    "BodyPartExamined": "CHEST",
    "ConvolutionKernel": "B30f",
    "ImageType": ["ORIGINAL", "PRIMARY"],
}


def test_thorax_rule_takes_the_soft_thin_axial_series(tmp_path: Path) -> None:
    write_slices(tmp_path, 31, **THORAX)
    write_slices(tmp_path, 32, series="2", **THORAX | {"ConvolutionKernel": "B70f"})
    write_slices(tmp_path, 33, series="3", **THORAX | {"ImageType": ["DERIVED", "SECONDARY"]})
    write_slices(tmp_path, 1, series="4", **THORAX | {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]})
    write_slices(tmp_path, 34, series="5", **THORAX | {"BodyPartExamined": "HEAD"})
    write_slices(tmp_path, 20, series="6", **THORAX)
    assert one(tmp_path, shipped("ct_axial_thorax")) == {"ct": [31]}


def test_ct_and_mr_rule_takes_one_of_each(tmp_path: Path) -> None:
    write_slices(tmp_path, 12)
    write_slices(tmp_path, 11, series="2", Modality="MR")
    write_slices(tmp_path, 3, series="3", Modality="MR")
    assert one(tmp_path, shipped("ct_mr")) == {"ct": [12], "mr": [11]}


def test_film_rule_prefers_the_pa_view_and_takes_no_lateral(tmp_path: Path) -> None:
    for series, view in enumerate(("AP", "PA", "LL")):
        write_slices(tmp_path, 1, series=str(series), Modality="DX", ViewPosition=view, BodyPartExamined="CHEST")
    (selection,) = select(discover(tmp_path).studies, shipped("chest_film"))
    (film,) = selection.roles["film"]
    assert film.instances[0].header.ViewPosition == "PA"


def test_rules_find_the_series_of_a_real_study(shared_data: Callable[[str], Path]) -> None:
    study = shared_data("dicom") / "mr_multiseries_PGBM-003"
    (crop,) = select(discover(study).studies, shipped("mr_hippocampus_crop"))
    assert {path.parent.name for path in crop.roles["mr"][0].paths} == {"11_HCropVolume"}
    (pair,) = select(discover(study).studies, shipped("t1_flair"))
    assert pair.roles["t1"][0].paths[0].parent.name == "26401-T1prereg-52906"
    assert pair.roles["flair"][0].paths[0].parent.name == "36468-FLAIRreg-58706"
    assert "series" in rejected(study, shipped("ct_axial_thorax"), "NO_SERIES_SELECTED")

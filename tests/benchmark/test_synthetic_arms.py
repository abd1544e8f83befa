"""The arms: equally many steps, the pretrained one goes on from synthetic weights, what decides weights has a name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monai_app.benchmark.synthetic_arms import Arm, Plan, chosen_arms, settings_of, trainings
from monai_app.core.errors import InputRejected


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    for name in ("real", "made"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cohort.json").write_text(f'{{"name": "{name}"}}')
    return Plan("cxr_classification", tmp_path / "real", tmp_path / "made", tmp_path / "out", ["diagnosis"], steps=128)


def test_every_arm_takes_the_same_number_of_steps_of_the_same_batch(plan: Plan) -> None:
    for arm in Arm:
        told = [settings_of(plan, training, 0) for training in trainings(plan, arm, 0)]
        draws = sum(part["max_epochs"] * part["train::dataloader::draws"] for part in told)
        assert draws == plan.steps * told[0]["batch_size"]
        assert all(part["patience"] >= part["max_epochs"] for part in told)


def test_the_pretrained_arm_goes_on_from_the_synthetic_weights(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "start").mkdir()
    (tmp_path / "start" / "model.safetensors").write_bytes(b"weights")
    before, after = trainings(replace(plan, start=tmp_path / "start"), Arm.PRETRAINED, 3)
    assert (before.sees, after.sees) == ("synthetic", "real")
    assert before.start == tmp_path / "start" and after.start == before.folder
    assert settings_of(plan, after, 3)["pretrained"] == str(before.folder)


def test_arms_differ_in_what_they_draw_and_in_nothing_else(plan: Plan) -> None:
    told = {arm: settings_of(plan, trainings(plan, arm, 1)[-1], 1) for arm in (Arm.REAL, Arm.SYNTHETIC, Arm.BOTH)}
    data, weights = "train::dataset::data", "train::dataloader::row_weights"
    shares = {arm: (part[data].pop("share"), part[weights].pop("share")) for arm, part in told.items()}
    assert shares == {Arm.REAL: (0, 0), Arm.SYNTHETIC: (1, 1), Arm.BOTH: (0.5, 0.5)}
    assert len({part.pop("output_dir") for part in told.values()}) == 3
    assert told[Arm.REAL] == told[Arm.SYNTHETIC] == told[Arm.BOTH]
    assert told[Arm.REAL]["cohort_dir"] == str(plan.cohort_dir)


@pytest.mark.parametrize(
    ("change", "moved"),
    [
        ({"steps": 256}, set(Arm)),
        ({"settings": {"width": 8}}, set(Arm)),
        ({"share": 0.2}, {Arm.BOTH}),
        ({"real_patients": 5}, set(Arm) - {Arm.SYNTHETIC}),
        ({"real_positives": 5, "label": "oedema"}, set(Arm) - {Arm.SYNTHETIC}),
        ({"label": "oedema"}, set()),
    ],
)
def test_what_decides_the_weights_of_an_arm_names_its_folder(
    plan: Plan, change: dict[str, Any], moved: set[Arm]
) -> None:
    changed = replace(plan, **change)
    folders = {arm: [trainings(one, arm, 0)[0].folder for one in (plan, replace(plan), changed)] for arm in Arm}
    assert all(first == second for first, second, _ in folders.values())
    assert {arm for arm, (first, _, third) in folders.items() if first != third} == moved


def test_real_films_alone_do_not_depend_on_the_synthetic_cohort(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "cohort.json").write_text('{"name": "other"}')
    other = replace(plan, synthetic_dir=tmp_path / "other")
    assert [arm for arm in Arm if plan.digest(arm) == other.digest(arm)] == [Arm.REAL]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"steps": 96}, "STEPS_UNEVEN"),
        ({"every": 0}, "STEPS_UNEVEN"),
        ({"share": 1.0}, "SHARE_INVALID"),
        ({"settings": {"max_epochs": 3}}, "SETTING_RESERVED"),
        ({"start": Path("nowhere")}, "MODEL_MISSING"),
    ],
)
def test_a_plan_that_compares_nothing_fair_is_refused(plan: Plan, change: dict[str, Any], code: str) -> None:
    assert plan.checked() is plan
    with pytest.raises(InputRejected, match=code):
        replace(plan, **change).checked()


def test_arms_are_chosen_by_name_once_each() -> None:
    assert chosen_arms(None) == list(Arm) and chosen_arms(["both", "real", "both"]) == [Arm.BOTH, Arm.REAL]
    with pytest.raises(InputRejected, match="ARM_UNKNOWN"):
        chosen_arms(["real", "dreamt"])

"""The door to the benchmark: options arrive, claims are shown, faults are typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from monai_app.benchmark.claims import Claim
from monai_app.cli.app import app
from tests.generate.synthetic.crowd import write_crowd

CLAIMS = [Claim("it holds", "1", True), Claim("it fails", "2", False), Claim("who knows", "3", None)]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = []

    def stand_in(*places: Any, **options: Any) -> list[Claim]:
        calls.append(options | {"places": places})
        return CLAIMS

    monkeypatch.setattr("monai_app.benchmark.run.benchmark_fusion", stand_in)
    return calls


def run(tmp_path: Path, *more: str) -> Any:
    places = ["--cohort", str(tmp_path), "--out", str(tmp_path / "out")]
    return CliRunner().invoke(app, ["benchmark", "fusion", *places, *more])


def test_options_arrive(asked: list[dict[str, Any]], tmp_path: Path) -> None:
    result = run(tmp_path, "--systems", "draf, early", "--folds", "--seeds", "3", "--task", "a", "--set", "width=8")
    (call,) = asked
    assert result.exit_code == 0 and [system.name for system in call["systems"]] == ["draf", "early"]
    assert (call["folds"], call["seeds"], call["tasks"], call["settings"]) == (True, 3, ["a"], {"width": 8})
    assert call["places"][0] == "multimodal_diagnosis"


def test_a_claim_holds_fails_or_cannot_be_judged(asked: list[dict[str, Any]], tmp_path: Path) -> None:
    shown = " ".join(run(tmp_path).stdout.split())
    assert asked[0]["tasks"] is None
    assert [word in shown for word in ("it holds", "yes", "no", "cannot be judged")] == [True] * 4
    told = json.loads(run(tmp_path, "--json").stdout.splitlines()[-1])
    assert [claim["met"] for claim in told["claims"]] == [True, False, None]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--profile", "huge"], "PROFILE_UNKNOWN"),
        (["--systems", "luck"], "SYSTEM_UNKNOWN"),
        (["--set", "width"], "SETTING_INVALID"),
        (["--folds", "--held-out-site", "A"], "OPTIONS_CLASH"),
    ],
)
def test_what_is_unknown_is_exit_code_two(
    options: list[str], code: str, asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    result = run(tmp_path, *options, "--json")
    assert result.exit_code == 2 and json.loads(result.stdout.splitlines()[-1])["error"]["code"] == code
    assert not asked and not (tmp_path / "out").exists()


def test_shortcuts_takes_its_options_and_shows_its_rows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls: list[dict[str, Any]] = []
    estimate = {"value": 0.75, "low": None, "high": None}
    row = {"condition": "none", "label": "pneumonia", "samples": 9, "moved_mean": 0.125, "moved_p95": 0.5}
    row |= {"auroc": estimate, "auroc_change": {"value": None}}

    def stand_in(*places: Any, **options: Any) -> dict[str, Any]:
        calls.append(options | {"places": places})
        return {"films": 9, "markers": [row]}

    monkeypatch.setattr("monai_app.benchmark.shortcut_run.run_shortcuts", stand_in)
    command = ["benchmark", "shortcuts", "cxr_classification", "--cohort", str(tmp_path), "--seed", "4"]
    command += ["--out", str(tmp_path / "out"), "--films", "9", "--fusion", "resnet18"]
    shown = CliRunner().invoke(app, command)
    assert shown.exit_code == 0 and "pneumonia" in shown.stdout and "0.125" in shown.stdout
    assert (calls[0]["seed"], calls[0]["films"], calls[0]["system"]) == (4, 9, "resnet18")
    told = json.loads(CliRunner().invoke(app, [*command, "--json"]).stdout.splitlines()[-1])
    assert told["films"] == 9


def test_a_region_of_real_films_is_another_question(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls: list[dict[str, Any]] = []

    def stand_in(*places: Any, **options: Any) -> dict[str, Any]:
        calls.append(options | {"places": places})
        return {"films": {"shipped": 9}}

    monkeypatch.setattr("monai_app.benchmark.attribution_regions.benchmark_regions", stand_in)
    command = [
        "benchmark",
        "attribution",
        "cxr_classification",
        "--cohort",
        str(tmp_path),
        "--out",
        str(tmp_path / "o"),
    ]
    asked = [*command, "--json", "--label", "pneumonia", "--all-splits"]
    told = json.loads(CliRunner().invoke(app, [*asked, "--region", "lungs"]).stdout.splitlines()[-1])
    assert told["films"] == {"shipped": 9}
    assert (calls[0]["region"], calls[0]["labels"], calls[0]["all_splits"]) == ("lungs", ["pneumonia"], True)
    for clash in (asked, [*command, "--json", "--region", "lungs", "--plant-marker", "pneumonia"]):
        refused = CliRunner().invoke(app, clash)
        assert refused.exit_code == 2
        assert json.loads(refused.stdout.splitlines()[-1])["error"]["code"] == "OPTIONS_CLASH"
    assert len(calls) == 1


def test_options_of_the_synthetic_benchmark_arrive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[dict[str, Any]] = []

    def stand_in(plan: Any, **options: Any) -> dict[str, Any]:
        calls.append({"plan": plan, **options})
        return {"claims": [vars(claim) for claim in CLAIMS]}

    monkeypatch.setattr("monai_app.benchmark.synthetic_run.benchmark_synthetic", stand_in)
    monkeypatch.setattr("monai_app.benchmark.run.judged_tasks", lambda *_: ["diagnosis"])
    write_crowd(tmp_path / "real")
    told = ["benchmark", "synthetic", "--cohort", str(tmp_path / "real"), "--synthetic", "made", "--out", "out"]
    more = ["--arm", "real", "--arm", "both", "--steps", "64", "--real-patients", "7", "--set", "width=8"]
    result = CliRunner().invoke(app, [*told, *more, "--label", "oedema", "--split", "tuning", "--force"])
    (call,) = calls
    assert result.exit_code == 0 and "cannot be judged" in result.stdout
    plan = call["plan"]
    assert (call["arms"], plan.label, call["split"], call["force"]) == (["real", "both"], "oedema", "tuning", True)
    assert (plan.steps, plan.real_patients, plan.settings, plan.system) == (64, 7, {"width": 8}, "densenet_narrow")
    shown = CliRunner().invoke(app, [*told, "--arm", "dreamt", "--json"])
    assert shown.exit_code == 2 and json.loads(shown.stdout.splitlines()[-1])["error"]["code"] == "ARM_UNKNOWN"

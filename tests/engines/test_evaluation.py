from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from monai_app.core.errors import AppError, InputRejected
from monai_app.core.loading import write_checked_text
from monai_app.engines.evaluation import evaluate_model, evaluate_predictions, headlines, measure_predictions
from monai_app.engines.predictions import Predictions, TaskPredictions
from tests.engines.simulated import TASKS, relabelled, simulated
from tests.engines.test_novelty import Seen, sights


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    out = tmp_path_factory.mktemp("evaluation")
    tuning = simulated(120, seed=1, first_subject=10_000)
    return out, evaluate_predictions(simulated(), tuning=tuning, out_dir=out, title="all tasks", bootstrap=50)


def _measured(test, **options):
    return measure_predictions(test, title="t", bootstrap=10, seed=0, **{"tuning": None, **options})


def _quick(tmp_path, test, **options):
    return evaluate_predictions(test, out_dir=tmp_path, title="t", bootstrap=10, **options)


def test_three_files_and_strict_json(evaluated):
    out, results = evaluated
    assert sorted(path.name for path in out.iterdir()) == ["metrics.json", "predictions.parquet", "report.html"]

    def refuse(constant):
        raise AssertionError(constant)

    assert json.loads((out / "metrics.json").read_text(), parse_constant=refuse) == json.loads(json.dumps(results))


def test_point_values_are_the_librarys(evaluated):
    _, results = evaluated
    test = simulated()
    mortality, findings = test.tasks["mortality"], test.tasks["findings"]
    metrics = results["tasks"]["mortality"]["classes"]["mortality"]["metrics"]
    assert metrics["auroc"]["value"] == pytest.approx(roc_auc_score(mortality.label, mortality.score))
    assert results["tasks"]["findings"]["macro"]["auprc"]["value"] == pytest.approx(
        average_precision_score(findings.label, findings.score, average="macro")
    )
    assert results["tasks"]["findings"]["micro"]["auroc"]["value"] == pytest.approx(
        roc_auc_score(findings.label, findings.score, average="micro")
    )
    phenotype = test.tasks["phenotype"]
    assert results["tasks"]["phenotype"]["macro"]["f1"]["value"] == pytest.approx(
        f1_score(phenotype.label[:, 0], phenotype.score.argmax(axis=1), average="macro")
    )


def test_every_interval_holds_its_value(evaluated):
    _, results = evaluated
    found = 0
    stack = [results]
    while stack:
        node = stack.pop()
        if isinstance(node, dict) and node.keys() == {"value", "low", "high"} and node["low"] is not None:
            found += 1
            assert node["low"] <= node["high"]
        stack += node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
    assert found > 80
    auroc = results["tasks"]["mortality"]["headline"]["auroc"]
    assert auroc["low"] < auroc["value"] < auroc["high"]


def test_threshold_comes_from_tuning_only():
    test, tuning = simulated(tasks=("mortality",)), simulated(80, seed=2, tasks=("mortality",), first_subject=9_000)
    flipped = relabelled(test, "mortality", 1 - test.tasks["mortality"].label)
    thresholds = [
        _measured(each, tuning=tuning)["tasks"]["mortality"]["classes"]["mortality"]["threshold"]
        for each in (test, flipped)
    ]
    assert thresholds[0] == thresholds[1] and thresholds[0]["origin"] == "maximises F1 on tuning"
    fixed = _measured(test)["tasks"]["mortality"]["classes"]["mortality"]["threshold"]
    assert fixed["value"] == 0.5 and fixed["origin"].startswith("fixed")


def test_order_of_samples_changes_nothing():
    test = simulated(100)
    first = _measured(test)
    shuffled = _measured(test.take(np.random.default_rng(0).permutation(100)))
    numbers = [json.dumps(_rounded(part["tasks"]), sort_keys=True) for part in (first, shuffled)]
    assert numbers[0] == numbers[1]


def _rounded(node):
    if isinstance(node, dict):
        return {key: _rounded(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_rounded(value) for value in node]
    return round(node, 9) if isinstance(node, float) else node


def test_unlabelled_samples_do_not_count():
    test = simulated(120, tasks=("mortality",))
    holes = test.tasks["mortality"].label.copy()
    holes[60:] = np.nan
    with_holes = _measured(relabelled(test, "mortality", holes))["tasks"]["mortality"]
    only = _measured(test.take(np.arange(60)))["tasks"]["mortality"]
    assert with_holes["n"] == 60
    assert with_holes["headline"]["auroc"]["value"] == only["headline"]["auroc"]["value"]


@pytest.mark.parametrize("task", list(TASKS))
@pytest.mark.parametrize("fill", [np.nan, 0.0])
def test_no_label_or_one_class_is_undefined_and_still_a_report(tmp_path, task, fill):
    test = simulated(60, tasks=(task,))
    label = np.full_like(test.tasks[task].label, fill)
    headline = _quick(tmp_path, relabelled(test, task, label))["tasks"][task]["headline"]
    undefined = set(headline) - {"mae"} if fill == 0 else set(headline)
    assert all(headline[name]["value"] is None for name in undefined)
    assert "undefined" in (tmp_path / "report.html").read_text()


def test_one_sample_is_enough_for_a_report(tmp_path):
    results = _quick(tmp_path, simulated(1))
    assert results["samples"] == 1 and results["tasks"]["mortality"]["headline"]["auroc"]["value"] is None


def test_nothing_is_refused_and_nothing_written(tmp_path):
    empty = simulated(4).take(np.arange(0))
    with pytest.raises(InputRejected, match=r"EMPTY_COHORT.*0 samples"):
        _quick(tmp_path / "out", empty)
    assert not (tmp_path / "out").exists()


def test_patients_in_both_predictions_are_refused(tmp_path):
    with pytest.raises(InputRejected, match=r"SUBJECT_IN_TWO_SPLITS.*2 patients"):
        _quick(tmp_path, simulated(20), tuning=simulated(4, seed=1))


def test_score_that_is_nan_is_refused_and_nothing_written(tmp_path):
    test = simulated(20, tasks=("mortality",))
    old = test.tasks["mortality"]
    score = old.score.copy()
    score[3] = np.nan
    bad = Predictions(**{**vars(test), "tasks": {"mortality": TaskPredictions(old.spec, score, old.label)}})
    with pytest.raises(AppError, match=r"SCORE_NOT_FINITE.*1 of 20"):
        _quick(tmp_path / "out", bad)
    assert not (tmp_path / "out").exists()


def test_same_seed_same_bytes(tmp_path):
    for name in ("a", "b"):
        _quick(tmp_path / name, simulated(60))
    for file in ("metrics.json", "predictions.parquet", "report.html"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_patterns_and_groups_partition_the_samples(evaluated):
    _, results = evaluated
    assert sum(row["n"] for row in results["by_modalities_present"]) == 240
    assert all(sum(row["n"] for row in rows) == 240 for rows in results["by_group"].values())
    weights = results["modality_weights"]
    assert all(sum(row["weights"].values()) == pytest.approx(1) for row in weights)
    assert next(row for row in weights if row["name"] == "series")["weights"]["film"] == 0


def test_small_groups_are_counted_but_not_scored():
    test = simulated(60, tasks=("mortality",))
    rare = np.array(["rare"] * 5 + ["common"] * 55)
    rows = _measured(Predictions(**{**vars(test), "groups": {"site": rare}}))["by_group"]["site"]
    assert [(row["name"], row["n"]) for row in rows] == [("common", 55), ("rare", 5)]
    assert rows[1]["tasks"]["mortality"]["metrics"]["auroc"] is None


def test_headlines_are_one_line_a_metric(evaluated):
    lines = headlines(evaluated[1])
    assert list(lines)[:2] == ["mortality AUROC", "mortality AUPRC"] and "findings macro AUROC" in lines
    assert lines["mortality AUROC"].count("0.") == 3


def test_calibration_changes_probabilities_and_is_said(tmp_path):
    write_checked_text(tmp_path / "model.safetensors", "weights")
    tuning, options = simulated(120, seed=1, first_subject=10_000), {"title": "t", "bootstrap": 5}
    results = {
        name: evaluate_model(
            simulated(), tuning=tuning, model_dir=tmp_path, out_dir=tmp_path / name, calibration=name, **options
        )
        for name in ("none", "temperature")
    }
    for name, result in results.items():
        assert result["calibration"] == result["tasks"]["mortality"]["calibration"]["method"] == name
        assert "calibration" not in result["tasks"]["stay"]
    said = results["temperature"]["tasks"]["mortality"]["calibration"]
    assert f"one temperature of {said['temperature']:.3f}" in (tmp_path / "temperature" / "report.html").read_text()
    plain, scaled = (results[name]["tasks"]["mortality"]["headline"]["auroc"] for name in results)
    assert plain == scaled
    written = Predictions.read(tmp_path / "temperature" / "predictions.parquet").tasks["mortality"].score
    assert (written != simulated().tasks["mortality"].score).any()


def test_abstention_of_tuning_is_applied_to_test_and_measured(tmp_path):
    write_checked_text(tmp_path / "model.safetensors", "weights")
    result = evaluate_model(
        simulated(),
        tuning=simulated(120, seed=1, first_subject=10_000),
        model_dir=tmp_path,
        out_dir=tmp_path / "out",
        title="t",
        abstain="coverage",
        abstain_at=0.5,
        bootstrap=5,
    )
    assert result["abstention"]["by"] == "coverage" and (tmp_path / "abstention.json").is_file()
    written = Predictions.read(tmp_path / "out" / "predictions.parquet").tasks["findings"].abstained
    for k, (name, values) in enumerate(result["tasks"]["findings"]["selection"].items()):
        assert values["coverage"]["value"] == pytest.approx(1 - written[:, k].mean()), name
        assert 0.3 < values["coverage"]["value"] < 0.7
        assert values["error_rate_kept"]["value"] < values["error_rate"]["value"]
    assert "50% of the samples kept" in (tmp_path / "out" / "report.html").read_text()
    assert list(result["tasks"]["phenotype"]["selection"]) == ["phenotype"]


def test_unfamiliar_inputs_are_counted_said_and_silent(tmp_path):
    write_checked_text(tmp_path / "model.safetensors", "weights")
    test, options = simulated(), {"model_dir": tmp_path, "title": "t", "bootstrap": 5, "novelty": 0.99}
    seen = Seen(sights(len(test), 3, present=test.present[:, 0], shift=40))
    tuning = simulated(120, seed=1, first_subject=10_000)
    result = evaluate_model(test, tuning=tuning, out_dir=tmp_path / "out", observer=seen, **options)
    flagged = int(test.present[:, 0].sum())
    assert result["novelty"]["modalities"]["film"]["flagged"] == flagged
    selection = result["tasks"]["mortality"]["selection"]["mortality"]
    assert selection["coverage"]["value"] == pytest.approx(1 - result["novelty"]["samples_flagged"] / len(test))
    page = (tmp_path / "out" / "report.html").read_text()
    assert f"film {flagged}" in page and "Nothing was abstained from but" in page
    assert Predictions.read(tmp_path / "out" / "predictions.parquet").out_of_distribution[:, 0].sum() == flagged
    with pytest.raises(InputRejected, match="NOVELTY_NEEDS_NETWORK"):
        evaluate_model(test, tuning=tuning, out_dir=tmp_path / "trees", **options)
    assert not (tmp_path / "trees").exists()


def test_nothing_is_said_of_novelty_where_nobody_asked(evaluated):
    out, results = evaluated
    assert results["novelty"] is None and "Unfamiliar inputs" not in (out / "report.html").read_text()


def test_selection_is_measured_without_abstention():
    values = _measured(simulated(80, tasks=("mortality",)))["tasks"]["mortality"]["selection"]["mortality"]
    assert set(values) == {"n", "error_rate", "aurc", "e_aurc"}
    assert 0 <= values["e_aurc"]["value"] <= values["aurc"]["value"]


def test_refused_calibration_leaves_nothing(tmp_path):
    write_checked_text(tmp_path / "model.safetensors", "weights")
    with pytest.raises(InputRejected, match="SUBJECT_IN_TWO_SPLITS"):
        evaluate_model(
            simulated(), tuning=simulated(), model_dir=tmp_path, out_dir=tmp_path, title="t", calibration="vector"
        )
    assert not (tmp_path / "posthoc.json").exists()

from __future__ import annotations

import re

import numpy as np
import pytest

from monai_app.cohort.spec import TaskKind, TaskSpec
from monai_app.engines.evaluation import evaluate_predictions
from monai_app.engines.predictions import Predictions, TaskPredictions
from tests.engines.simulated import simulated


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> str:
    out = tmp_path_factory.mktemp("report")
    tuning = simulated(80, seed=1, first_subject=5_000)
    evaluate_predictions(simulated(), tuning=tuning, out_dir=out, title="<b>attention</b>", bootstrap=20)
    return (out / "report.html").read_text()


@pytest.mark.parametrize(
    "plot", ["ROC", "Precision–recall", "Calibration", "Decisions", "Scores by label", "Survival by predicted risk"]
)
def test_plots_are_there(page, plot):
    assert f"<!-- {plot} -->" in page


def test_each_curve_states_n_and_interval(page):
    assert re.search(r"<!-- AUROC 0\.\d{3} \(0\.\d{3}–0\.\d{3}\), 95 % CI -->", page)
    assert re.search(r"<!-- n = 240, \d+ positive -->", page)
    assert re.search(r"<!-- C-index 0\.\d{3} \(0\.\d{3}–0\.\d{3}\), 95 % CI -->", page)


def test_page_is_one_file_without_script_or_network(page):
    assert "<script" not in page and "@import" not in page
    assert not re.search(r'(src|href)="(?!#)[^"]', page.replace('xlink:href="#', 'href="#'))


def test_titles_are_escaped(page):
    assert "<b>attention</b>" not in page and "&lt;b&gt;attention" in page


def test_a_report_holds_no_patient(tmp_path):
    test = simulated(60, first_subject=987_654_000)
    evaluate_predictions(test, out_dir=tmp_path, title="t", bootstrap=5)
    for name in ("report.html", "metrics.json"):
        assert "987654" not in (tmp_path / name).read_text().replace(",", "")


def test_without_weights_and_groups_there_is_no_such_part(tmp_path):
    test = simulated(40, tasks=("stay",))
    bare = Predictions(**{**vars(test), "weights": None, "groups": {}})
    evaluate_predictions(bare, out_dir=tmp_path, title="t", bootstrap=5)
    text = (tmp_path / "report.html").read_text()
    assert "How much the model used" not in text and "Subgroups" not in text


def test_many_samples_are_drawn_as_a_density(tmp_path):
    evaluate_predictions(simulated(1600, tasks=("stay",)), out_dir=tmp_path, title="t", bootstrap=0)
    assert "Predicted against true" in (tmp_path / "report.html").read_text()


def test_ten_classes_are_referred_to_the_table(tmp_path):
    base = simulated(60, tasks=("mortality",))
    spec = TaskSpec(name="many", kind=TaskKind.MULTILABEL, classes=tuple(f"c{i}" for i in range(14)))
    random = np.random.default_rng(0)
    score = random.random((60, 14))
    task = TaskPredictions(spec, score, (random.random((60, 14)) < score).astype(float))
    evaluate_predictions(
        Predictions(**{**vars(base), "tasks": {"many": task}}), out_dir=tmp_path, title="t", bootstrap=5
    )
    assert "<!-- 14 classes, n = 60 -->" in (tmp_path / "report.html").read_text()

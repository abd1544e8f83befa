"""Risk-coverage in a report: always drawn, with n and interval; what was abstained from is a dot and a sentence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from monai_app.core.page import Section
from monai_app.engines.abstention import AbstainBy, CutState, fit_abstention
from monai_app.engines.report.selection import abstention_sentence, risk_coverage_figure, selection_part
from monai_app.engines.selection import decision_views, measure_selection
from monai_app.metrics.bootstrap import PatientBootstrap
from tests.engines.simulated import simulated

TEST = simulated(120, tasks=("mortality", "findings", "phenotype"))
DRAWS = PatientBootstrap(TEST.subject_id, resamples=10)
RULE = fit_abstention(TEST, AbstainBy.COVERAGE, 0.5, calibration=None, files={"model": "0"})


def drawn(name: str, *, silent: bool) -> tuple[int, int, int, str]:
    """Curves, dots, bands and texts."""
    task = (RULE.apply(TEST) if silent else TEST).tasks[name]
    figure = risk_coverage_figure(decision_views(task, None), measure_selection(task, None, DRAWS), DRAWS)
    (axes,) = figure.axes
    curves = [line for line in axes.lines if len(line.get_xdata()) == 120]
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    return len(curves), len(dots), len(axes.collections), " ".join(text.get_text() for text in axes.texts)


def test_one_decision_has_a_band_and_states_n_and_interval() -> None:
    curves, dots, bands, text = drawn("mortality", silent=False)
    assert (curves, dots, bands) == (1, 0, 1) and "AURC" in text and "n = 120" in text


def test_several_decisions_have_a_curve_and_with_abstention_a_dot_each() -> None:
    assert drawn("findings", silent=True)[:3] == (3, 3, 0)


@pytest.mark.parametrize("silent", [False, True])
def test_part_says_whether_something_was_abstained_from(silent: bool) -> None:
    task = (RULE.apply(TEST) if silent else TEST).tasks["phenotype"]
    made = Section("phenotype")
    numbers = measure_selection(task, None, DRAWS)
    selection_part(made, task, None, numbers, RULE.summary() if silent else None, DRAWS)
    text = "".join(made.blocks)
    assert text.count("<svg") == 1 and "E-AURC" in text
    assert ("Nothing was abstained from" in text) != silent and ("50% of the samples kept" in text) == silent


def test_part_says_where_only_unfamiliar_inputs_are_silent() -> None:
    task = RULE.apply(TEST).tasks["phenotype"]
    made = Section("phenotype")
    selection_part(made, task, None, measure_selection(task, None, DRAWS), None, DRAWS, novelty={"at": 0.99})
    text = "".join(made.blocks)
    assert "Nothing was abstained from but the samples with inputs unlike" in text and "Dot: where" in text


def test_part_without_labels_is_empty() -> None:
    task = TEST.tasks["mortality"]
    task = replace(task, label=np.full(task.label.shape, np.nan))
    made = Section("mortality")
    selection_part(made, task, None, measure_selection(task, None, DRAWS), None, DRAWS)
    assert not made.blocks


def test_sentence_names_what_could_not_be_had() -> None:
    cut = {"confidence": None, "state": CutState.NOT_REACHED.value}
    text = abstention_sentence(
        {"by": "precision", "at": 0.9, "tuning_samples": 50, "tasks": {"t": {"rare_one": cut}}}, "t"
    )
    assert "90% of the kept decisions right" in text and "rare one: not reached on tuning" in text

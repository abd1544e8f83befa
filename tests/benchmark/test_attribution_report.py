"""The page says what was found, beside chance, with n; the whole benchmark is run in test_attribution_run.py."""

from __future__ import annotations

import polars as pl

from monai_app.benchmark.attribution_film import METRICS, PROCESSING
from monai_app.benchmark.attribution_report import AttributionFacts, attribution_page
from monai_app.benchmark.attribution_shares import SHAPLEY_VARIANCE
from monai_app.benchmark.attribution_summary import CALLED, EVERY, ON_FILM, result_table

ESTIMATE = {"value": 0.91, "low": 0.8, "high": 0.95}
FACTS = AttributionFacts(
    cohort="phantom",
    models=["early"],
    held_out={"early": 384},
    refused={"haim": "EXPLAIN_UNSUPPORTED"},
    cases_per_label=12,
    methods=["occlusion"],
    recovered={"early": {SHAPLEY_VARIANCE: {**ESTIMATE, "value": 0.53, "read": ESTIMATE, "pairs_read": 18}}},
)
SHARES = pl.DataFrame(
    [
        {
            "model": "early",
            "statistic": SHAPLEY_VARIANCE,
            "label": label,
            "modality": modality,
            "truth": 0.4,
            "value": v,
        }
        for label in "ab"
        for modality, v in (("film", 0.5), ("note", 0.2))
    ]
)


def _results() -> pl.DataFrame:
    base = {"model": "early", "modality": "film", "method": "occlusion", "baseline": "mean film", "condition": CALLED}
    base |= {"n": 31, "maps": 31, "value": 0.87, "low": 0.7, "high": 0.95, "chance": 0.1, "centre": 0.3}
    labels = (EVERY, ON_FILM, "pneumonia")
    rows = [
        base | {"measure": measure, "processing": processing, "label": label}
        for measure in METRICS
        for processing in PROCESSING
        for label in labels
    ]
    return result_table(rows)


def test_page_shows_goals_controls_and_refusals() -> None:
    shown = attribution_page(FACTS, _results(), SHARES).render()
    for text in ("0.91", "0.87", "chance", "the film&#39;s centre", "haim", "n = 31 patients", "384", "18"):
        assert text in shown, text
    assert "0.53" in shown


def test_page_of_nothing_but_a_marker_has_its_section_and_no_film() -> None:
    row = {"model": "honest", "method": "occlusion", "measure": "hit", "n": 20, "value": 0.05, "chance": 0.01}
    facts = AttributionFacts(**(vars(FACTS) | {"recovered": {}, "marker": [row]}))
    shown = attribution_page(facts, result_table([]), SHARES.clear()).render()
    assert "A planted shortcut" in shown and "Where on the film" not in shown

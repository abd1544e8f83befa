"""The part of a report on abstention: error rate over the share of samples that are kept, most confident first."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from monai_app.core.page import Section
from monai_app.engines.measurement import Numbers
from monai_app.engines.predictions import TaskPredictions
from monai_app.engines.report.style import (
    ACCENT,
    SOFT,
    cell,
    label,
    legend,
    metric_name,
    note,
    panel,
    readable,
    series_colour,
    with_interval,
)
from monai_app.engines.selection import DecisionView, decision_views
from monai_app.metrics.bands import risk_band
from monai_app.metrics.bootstrap import PatientBootstrap
from monai_app.metrics.selective import risk_coverage

_ALWAYS = ("error_rate", "aurc", "e_aurc")
_ABSTAINED = ("coverage", "error_rate_kept")
_MOST_CURVES = 8


def selection_part(
    section: Section,
    test: TaskPredictions,
    tuning: TaskPredictions | None,
    numbers: dict[str, Numbers],
    abstention: Numbers | None,
    bootstrap: PatientBootstrap,
    *,
    novelty: Numbers | None = None,
) -> None:
    """Sentence, table and risk-coverage plot of one task; nothing where nothing is labelled.

    Args:
        numbers: the task's ``selection`` in metrics.json.
        abstention: its ``abstention``.
        novelty: its ``novelty``.
    """
    views = decision_views(test, tuning)
    if not any(view.wrong.size for view in views):
        return
    section.heading("Errors when the least confident are left out")
    silent = abstention is not None or novelty is not None
    section.text(abstention_sentence(abstention, test.spec.name, novelty))
    metrics = [*_ALWAYS, *(_ABSTAINED if silent else ())]
    header = ["Decision", "n", *map(metric_name, metrics)]
    rows = [[readable(name), values["n"], *(cell(values[m]) for m in metrics)] for name, values in numbers.items()]
    section.table(header, rows)
    section.figure(
        risk_coverage_figure(views, numbers, bootstrap),
        "Confidence is the probability that the model gives to its own decision."
        + (" Dot: where it was abstained from on test." if silent else ""),
    )


def abstention_sentence(abstention: Numbers | None, task: str, novelty: Numbers | None = None) -> str:
    """What was wanted of a task on tuning, and where it could not be had."""
    if abstention is None and novelty is not None:
        return "Nothing was abstained from but the samples with inputs unlike the training data."
    if abstention is None:
        return "Nothing was abstained from; the curve shows what abstaining would gain."
    wanted = {"coverage": "of the samples kept", "precision": "of the kept decisions right"}[abstention["by"]]
    cuts = abstention["tasks"][task]
    missed = [f" {readable(name)}: {cut['state']}." for name, cut in cuts.items() if cut["confidence"] is None]
    return (
        f"Confidences below which the model abstains were chosen on {abstention['tuning_samples']:,} tuning samples "
        f"for {abstention['at']:.0%} {wanted}.{''.join(missed)}"
    )


def risk_coverage_figure(
    views: Sequence[DecisionView], numbers: dict[str, Numbers], bootstrap: PatientBootstrap
) -> Figure:
    """Risk-coverage curves of a task's decisions, a single one with a shaded 95 % band; most errors first."""
    figure, axes = panel()
    label(axes, x="Coverage (share kept)", y="Error rate of the kept", title="Risk–coverage")
    known = sorted((view for view in views if view.wrong.size), key=lambda view: -view.wrong.mean())
    if len(known) == 1:
        band = risk_band(known[0].wrong, known[0].confidence, rows=known[0].rows, bootstrap=bootstrap)
        if band is not None:
            axes.fill_between(band.at, band.low, band.high, color=ACCENT, alpha=0.15, linewidth=0)
    for index, view in enumerate(known):
        curve = risk_coverage(view.wrong, view.confidence)
        area = f"{readable(view.name)}  {with_interval(numbers[view.name]['aurc'])}, n = {view.wrong.size:,}"
        axes.plot(curve.coverage, curve.risk, color=series_colour(index), linewidth=1.6, label=area)
        if view.kept is not None and view.kept.any():
            axes.plot(view.kept.mean(), view.wrong[view.kept].mean(), "o", color=series_colour(index), markersize=5)
    axes.set(xlim=(-0.01, 1.01), ylim=(0, None))
    if len(known) == 1:
        axes.axhline(known[0].wrong.mean(), color=SOFT, linewidth=0.8, linestyle=(0, (4, 3)))
        text = f"AURC {with_interval(numbers[known[0].name]['aurc'])}, 95 % CI\nn = {known[0].wrong.size:,}"
        note(axes, text, corner="upper left")
    elif len(known) <= _MOST_CURVES:
        legend(axes, loc="upper left", bbox_to_anchor=(0, -0.16), title="AURC with 95 % CI", title_fontsize=8)
    else:
        total = len(set().union(*(view.rows.tolist() for view in known)))
        note(axes, f"{len(known)} decisions, n = {total:,}\nAURC and 95 % CI of each: above", corner="upper left")
    return figure

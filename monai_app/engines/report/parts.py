"""The sections on parts of the samples: missing modalities, what the model used, sex, age band and site."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from monai_app.core.page import Section
from monai_app.engines.measurement import Numbers
from monai_app.engines.report.forest import ForestRow, forest_figure
from monai_app.engines.report.style import (
    INK,
    capital,
    cell,
    label,
    legend,
    metric_name,
    quiet,
    readable,
    series_colour,
)
from monai_app.metrics.subgroups import MIN_SAMPLES


def modalities_section(section: Section, results: Numbers) -> None:
    """Which modalities were there, how well the model did without each, and how much it used them."""
    total = results["samples"]
    there = ", ".join(f"{name} {count / total:.0%}" for name, count in results["modalities"].items())
    section.text(f"Share of the {total:,} samples that have each modality: {there}.")
    _pattern_table(section, results)
    if results["modality_weights"]:
        section.heading("How much the model used each modality")
        section.figure(
            _weights_figure(results), "Mean weight over the samples of each pattern, as the model reports it."
        )


def novelty_sentence(novelty: Numbers) -> str:
    """How many samples look unlike the training data, in which modality, and what is not watched."""
    watched = novelty["modalities"]
    counts = [f"{name} {numbers['flagged']:,}" for name, numbers in watched.items() if numbers["tokens"] is not None]
    missed = [
        f" {capital(name)}: {numbers['state']}." for name, numbers in watched.items() if numbers["tokens"] is None
    ]
    shares = [numbers["familiar_flagged"] for numbers in watched.values() if numbers["tokens"] is not None]
    too = f"; up to {max(shares):.1%} of familiar inputs of a modality are expected to be flagged too" if shares else ""
    of_which = f" ({', '.join(counts)})" if counts else ""
    return (
        f"{novelty['samples_flagged']:,} samples have inputs unlike the training data{of_which} and get no confident "
        f"label{too}.{''.join(missed)}"
    )


def groups_section(section: Section, results: Numbers) -> None:
    """A forest plot and tables by subgroup, for each task."""
    section.text(
        f"Groups of fewer than {MIN_SAMPLES} labelled samples are counted but not scored. Overlapping intervals do not "
        "show that two groups are alike; groups differ in prevalence, on which AUPRC depends."
    )
    for name, task in results["tasks"].items():
        if len(results["tasks"]) > 1:
            section.heading(capital(readable(name)))
        leading = next(iter(task["headline"]))
        rows = [ForestRow("all samples", task["headline"][leading], task["n"])]
        for attribute, groups in results["by_group"].items():
            rows.append(ForestRow(readable(attribute)))
            rows += [ForestRow(g["name"], g["tasks"][name]["metrics"][leading], g["tasks"][name]["n"]) for g in groups]
        overall = task["headline"][leading]["value"]
        plot = forest_figure(rows, x=f"{metric_name(leading)} with 95 % CI", reference=overall)
        section.columns(Section("plot").figure(plot), _group_table(Section("table"), results, name))


def _pattern_table(section: Section, results: Numbers) -> None:
    """A row a pattern; with several tasks only the leading metric of each."""
    tasks = list(results["tasks"])
    leading = {
        name: list(task["headline"]) if len(tasks) == 1 else list(task["headline"])[:1]
        for name, task in results["tasks"].items()
    }
    header = ["Modalities present", "Samples", "Share"]
    header += [
        f"{metric_name(metric)}{f', {readable(name)}' if len(tasks) > 1 else ''}"
        for name, metrics in leading.items()
        for metric in metrics
    ]
    rows = []
    for group in results["by_modalities_present"]:
        values = [cell(group["tasks"][name]["metrics"][m]) for name, metrics in leading.items() for m in metrics]
        rows.append([group["name"], group["n"], group["n"] / results["samples"], *values])
    section.table(header, rows)


def _group_table(section: Section, results: Numbers, task: str) -> Section:
    """A row a subgroup, of all attributes."""
    everything = [(attribute, group) for attribute, groups in results["by_group"].items() for group in groups]
    names = list(results["tasks"][task]["headline"])
    names = [name for name in names if name in everything[0][1]["tasks"][task]["metrics"]]
    counted = any(group["tasks"][task]["positives"] is not None for _, group in everything)
    header = ["", "Group", "Labelled", *(["Positive"] if counted else []), *map(metric_name, names)]
    rows, previous = [], ""
    for attribute, group in everything:
        values = group["tasks"][task]
        counts = [values["n"], *([values["positives"]] if counted else [])]
        first = "" if attribute == previous else readable(attribute)
        rows.append([first, group["name"], *counts, *(cell(values["metrics"][name]) for name in names)])
        previous = attribute
    return section.table(header, rows)


def _weights_figure(results: Numbers) -> Figure:
    patterns, names = results["modality_weights"], list(results["modalities"])
    figure = Figure(figsize=(7.2, 0.9 + 0.36 * len(patterns)))
    axes = figure.add_subplot()
    quiet(axes)
    axes.grid(visible=False, axis="y")
    left = np.zeros(len(patterns))
    for index, name in enumerate(names):
        share = np.array([pattern["weights"][name] for pattern in patterns])
        axes.barh(range(len(patterns)), share, left=left, height=0.62, color=series_colour(index), label=name)
        left += share
    axes.set_yticks(range(len(patterns)), [f"{pattern['name']}   n = {pattern['n']:,}" for pattern in patterns])
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.set_ylim(len(patterns) - 0.5, -0.5)
    label(axes, x="Mean weight", y="")
    legend(axes, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=len(names))
    return figure

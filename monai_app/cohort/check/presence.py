"""What is there at the prediction time: modalities of each sample, values of each channel, hour and field.

Computed by the functions that make the samples of a model, range of patients by range, so that a report cannot say
something else than the model sees.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from monai_app.cohort.check.findings import Finding, Severity
from monai_app.cohort.films import latest_films
from monai_app.cohort.notes import note_texts
from monai_app.cohort.samples import sample_table, visible_events, visible_images
from monai_app.cohort.store import Cohort
from monai_app.cohort.table import table_present, table_values
from monai_app.cohort.timegrid import time_grid

_SAMPLES_AT_ONCE = 4096
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Presence:
    """Presence over a cohort.

    Attributes:
        samples: sample, subject_id, split and a column per modality of the spec (bool).
        series_ever: per channel, share of samples with at least one value ``(C,)``; empty without a series.
        series_rate: per step and channel, share of samples with a value in it ``(T, C)``.
        table_known: per table column, share of samples in which it is known ``(F,)``.
    """

    samples: pl.DataFrame
    series_ever: Floats
    series_rate: Floats
    table_known: Floats

    @property
    def modalities(self) -> list[str]:
        """The modality columns of ``samples``."""
        return [name for name in self.samples.columns if name not in ("sample", "subject_id", "split")]


def find_presence(cohort: Cohort, *, on_samples: Callable[[int], None] = lambda count: None) -> Presence:
    """Read every sample of the cohort.

    Raises:
        InputRejected: whatever makes samples unreadable.
    """
    whole = sample_table(cohort)
    spec = cohort.record.modalities
    channels = len(spec.series.channels) if spec.series else 0
    steps = spec.series.steps if spec.series else 0
    columns = len(spec.table.columns) if spec.table else 0
    ever, rate, known = np.zeros(channels), np.zeros((steps, channels)), np.zeros(columns)
    flags: dict[str, list[npt.NDArray[np.bool_]]] = {modality.value: [] for modality in spec.names}
    for start in range(0, whole.height, _SAMPLES_AT_ONCE):
        part = whole.slice(start, _SAMPLES_AT_ONCE).drop("sample").with_row_index("sample")
        events, count = visible_events(cohort, part), part.height
        if spec.film is not None:
            flags["film"].append(_has(latest_films(visible_images(cohort, part), spec.film)["sample"], count))
        if spec.series is not None:
            mask = time_grid(events, spec.series, count).mask
            flags["series"].append(np.any(mask, axis=(1, 2)).reshape(count))
            ever += mask.any(axis=1).sum(axis=0)
            rate += mask.sum(axis=0)
        if spec.table is not None:
            table = table_values(events, spec.table, count)
            flags["table"].append(table_present(table))
            known += (np.isfinite(table[:, 0]) | (table[:, 1] != 0)).sum(axis=0)
        if spec.note is not None:
            texts = note_texts(events, cohort.codes(), spec.note, count)
            flags["note"].append(np.array([text != "" for text in texts]))
        on_samples(count)
    total = max(whole.height, 1)
    present = [pl.Series(name, np.concatenate(parts)) for name, parts in flags.items()]
    samples = whole.select("sample", "subject_id", "split").with_columns(present)
    return Presence(samples, ever / total, rate / total, known / total)


def _has(samples: pl.Series, count: int) -> npt.NDArray[np.bool_]:
    flags = np.zeros(count, np.bool_)
    flags[samples.to_numpy()] = True
    return flags


def overlap_table(presence: Presence) -> pl.DataFrame:
    """Which combinations of modalities occur: combination, samples, share and samples per split; largest first."""
    names = presence.modalities
    words = pl.concat_str(
        [pl.when(pl.col(name)).then(pl.lit(name)) for name in names], separator=" + ", ignore_nulls=True
    ).alias("combination")
    labelled = presence.samples.with_columns(words.replace("", "none"))
    counts = labelled.group_by("combination", *names).agg(
        pl.len().alias("samples"),
        *[(pl.col("split") == split).sum().alias(split) for split in ("train", "tuning", "held_out")],
    )
    share = (pl.col("samples") / max(presence.samples.height, 1)).alias("share")
    return counts.with_columns(share).sort("samples", "combination", descending=[True, False])


def presence_findings(presence: Presence) -> list[Finding]:
    """Modalities that nobody has, or that a split lacks, and samples that have none."""
    findings = []
    for name in presence.modalities:
        per_split = dict(presence.samples.group_by("split").agg(pl.col(name).sum()).iter_rows())
        lacking = sorted(str(split) for split, count in per_split.items() if count == 0)
        if not any(per_split.values()):
            what = f"no sample has the modality {name} that the spec promises"
            findings.append(Finding("MODALITY_EMPTY", Severity.ERROR, what, 1, "Check the codes of the spec."))
        elif lacking:
            what = f"{name} is absent from all samples of {', '.join(lacking)}"
            findings.append(Finding("MODALITY_EMPTY_IN_SPLIT", Severity.WARNING, what, len(lacking), "Split again."))
    none = presence.samples.filter(~pl.any_horizontal(presence.modalities)).height if presence.modalities else 0
    if none:
        findings.append(
            Finding("SAMPLE_EMPTY", Severity.WARNING, "samples have no modality at all", none, "Leave them out.")
        )
    return findings

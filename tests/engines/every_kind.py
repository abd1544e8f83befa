"""A cohort of every modality and every kind of task whose labels follow one hidden severity, for the trees' tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from monai_app.cohort.writer import write_cohort
from monai_app.core.random import numpy_generator
from tests.faults.cohorts import PREDICTION, TASKS, event, png, small_content, usual_images


def _labels(values: np.ndarray | list[object]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "subject_id": np.arange(1, len(values) + 1),
            "prediction_time": [PREDICTION] * len(values),
            "value": list(values),
        },
        schema_overrides={"prediction_time": pl.Datetime("us")},
    )


def write_every_kind(folder: Path, patients: int = 90) -> Path:
    """Write the cohort; two thirds train, the rest tuning and held out. Every third patient lacks film or note."""
    random = numpy_generator("tests/every-kind")
    severity = random.normal(size=patients)
    rows = []
    for subject, level in enumerate(severity, start=1):
        rows += [
            event(subject, None, "AGE", 50.0 + subject % 40),
            event(subject, None, "GENDER", None, "FM"[subject % 2]),
        ]
        rows += [event(subject, hour, "HR", 90 + 15 * level + random.normal()) for hour in (0.5, 2.5, 5.5)]
        if subject % 3:
            rows.append(event(subject, 3, "NOTE//radiology", None, "severe oedema" if level > 0 else "clear lungs"))
    filmed = [subject for subject in range(1, patients + 1) if subject % 3 != 1]
    images = pl.concat([usual_images().head(1)] * len(filmed)).with_columns(
        pl.Series("subject_id", filmed), pl.Series("path", [f"{subject}.png" for subject in filmed])
    )
    splits = ["tuning" if s % 6 == 4 else "held_out" if s % 6 == 5 else "train" for s in range(patients)]
    sick = (severity > 0).tolist()
    labels = {
        "death": {"value": _labels(sick)},
        "diagnosis": {"pneumonia": _labels(sick), "oedema": _labels([False] * patients)},
        "place": {"value": _labels([("home", "ward", "unit")[int(np.digitize(v, (-0.5, 0.5)))] for v in severity])},
        "stay": {"value": _labels((5 + severity).tolist())},
        "survival": {"time": _labels((10 * np.exp(-severity)).tolist()), "event": _labels((severity > -1).tolist())},
    }
    assert set(labels) == {task.name for task in TASKS}
    content = small_content(
        rows=rows,
        images=images,
        splits=pl.DataFrame({"subject_id": np.arange(1, patients + 1), "split": splits}),
        labels=labels,
        image_files={f"{subject}.png": png(subject) for subject in filmed},
    )
    write_cohort(folder, content)
    return folder

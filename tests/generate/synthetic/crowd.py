"""A cohort of 200 patients with every modality and task kind, whose fields depend on each other."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl

from monai_app.cohort.codes import code_table
from monai_app.cohort.store import Cohort
from monai_app.cohort.writer import write_cohort
from tests.faults.cohorts import ADMISSION, MODALITIES, event, events, label, png, small_content, usual_images

PATIENTS = 200
ILL = {subject: subject % 3 == 0 for subject in range(1, PATIENTS + 1)}
FILMED = [subject for subject in ILL if subject % 2 == 0]


def write_crowd(folder: Path) -> Cohort:
    """Write it; every third patient has pneumonia, a fast heart and a note that says so; every second a film."""
    generator = np.random.default_rng(0)
    rows = []
    for subject, ill in ILL.items():
        rows += [event(subject, None, "AGE", round(float(generator.uniform(30, 90)), 1))]
        rows += [
            event(subject, None, "GENDER", None, "FM"[subject % 4 == 0]),
            event(subject, None, "SITE", None, "AB"[subject % 2]),
        ]
        hours = np.sort(generator.uniform(0.1, 6, 5))
        rows += [event(subject, h, "HR", 70 + 30 * ill + float(generator.normal(0, 3))) for h in hours]
        rows += [event(subject, 3, "NOTE//radiology", None, "Severe cough, rash." if ill else "No cough. Quiet night.")]
    films = [(s, ADMISSION + timedelta(hours=2), f"{s}.png", "CR", "AP") for s in FILMED]
    images = pl.DataFrame(films, schema=usual_images().schema, orient="row")
    site = pl.DataFrame({"code": ["SITE"], "description": ["Site"], "unit": [None]})
    split = {subject: ("train", "train", "train", "tuning", "held_out")[(subject // 2) % 5] for subject in ILL}
    content = small_content(
        images=images,
        events=events(rows),
        codes=pl.concat([code_table(MODALITIES), site], how="diagonal_relaxed"),
        splits=pl.DataFrame({"subject_id": list(split), "split": list(split.values())}),
        image_files={f"{subject}.png": png(subject) for subject in FILMED},
        labels={
            "death": {"value": label({s: bool(generator.random() < 0.2 + 0.3 * ill) for s, ill in ILL.items()})},
            "diagnosis": {"pneumonia": label(ILL), "oedema": label({s: s % 5 == 0 for s in ILL if s % 4})},
            "place": {"value": label({s: ("home", "ward", "unit")[s % 3] for s in ILL})},
            "stay": {"value": label({s: float(generator.gamma(2, 2)) for s in ILL})},
            "survival": {
                "time": label({s: float(generator.uniform(1, 30)) for s in ILL}),
                "event": label({s: s % 7 == 0 for s in ILL}),
            },
        },
    )
    content.record = content.record.model_copy(update={"groups": {**content.record.groups, "site": "SITE"}})
    write_cohort(folder, content)
    return Cohort(folder)

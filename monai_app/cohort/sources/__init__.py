"""Sources of cohorts, one module each with ``build(source: Path, **options) -> CohortContent``."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import cast

from monai_app.cohort.writer import CohortContent
from monai_app.core.errors import InputRejected

SOURCES = {
    "physionet2012": "PhysioNet/CinC Challenge 2012: 48 h of ICU series, mortality and length of stay",
    "hannover": "Hannover COVID-19 chest films with laboratory values and outcomes",
    "ieee8023": "IEEE 8023 covid-chestxray films, clinical table and notes",
    "eicu": "eICU collaborative database: raw tables or YAIB hourly tables",
    "mimic3": "MIMIC-III: CHARTEVENTS, LABEVENTS and the hospital tables",
    "mimic4": "MIMIC-IV (hosp, icu) with MIMIC-CXR-JPG metadata and images",
    "meds": "any MEDS dataset, with an optional image index",
}
"""Every source by name, with what it is."""


def source_builder(name: str) -> Callable[..., CohortContent]:
    """The ``build`` function of a source; only its module is imported.

    Raises:
        InputRejected: ``SOURCE_UNKNOWN``.
    """
    if name not in SOURCES:
        raise InputRejected("SOURCE_UNKNOWN", "there is no such source", expected=", ".join(SOURCES))
    module = importlib.import_module(f"monai_app.cohort.sources.{name}")
    return cast("Callable[..., CohortContent]", module.build)

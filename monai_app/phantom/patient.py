"""One simulated patient: latent factors, demographics, site, and what happened to be recorded about them.

Everything follows from (seed, number of the patient), so that patient k is the same in a cohort of 3 and of 30,000.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np
from scipy.special import expit, ndtr

from monai_app.cohort.spec import Modality
from monai_app.core.random import numpy_generator
from monai_app.phantom.corruption import Corruption, draw_corruptions
from monai_app.phantom.information import INDEX, LATENTS
from monai_app.phantom.site import SITE_NAMES, SITES, Site

OBSERVATION_HOURS = 48.0
"""Hours from admission to the prediction time."""

_FIRST_ADMISSION = datetime(2020, 1, 1)
_ADMISSION_SPAN_DAYS = 3 * 365


class View(StrEnum):
    """Projection of a film (DICOM View Position)."""

    PA = "PA"
    AP = "AP"


@dataclass(frozen=True)
class Patient:
    """The factors of one patient.

    Attributes:
        latents: independent standard normal z (J,) in the order of ``LATENTS``.
        present: the modalities recorded before the prediction time (never at random: see :func:`draw_patient`).
        view: PA in the department, AP portable at the bedside.
        corruptions: natural degradations, one a modality at most.
    """

    seed: int
    number: int
    latents: np.ndarray
    sex: str
    age_years: float
    height_cm: float
    bmi: float
    site: Site
    admission: datetime
    present: frozenset[Modality]
    view: View
    film_hours: float
    corruptions: dict[Modality, Corruption]

    @property
    def subject_id(self) -> int:
        """The subject in the cohort, counted from 1."""
        return self.number + 1

    @property
    def prediction_time(self) -> datetime:
        """End of the observation window."""
        return self.admission + timedelta(hours=OBSERVATION_HOURS)

    def latent(self, name: str) -> float:
        """The value of one latent."""
        return float(self.latents[INDEX[name]])

    def generator(self, purpose: str) -> np.random.Generator:
        """A generator for one purpose of this patient, independent of all others."""
        return numpy_generator(self.seed, "phantom", self.number, purpose)


def draw_patient(seed: int, number: int) -> Patient:
    """Draw the factors of patient ``number`` (from 0).

    Missing not at random: the sicker, the more likely is a film (and at the bedside) and a monitored series; notes
    are missing by site.
    """
    rng = numpy_generator(seed, "phantom", number, "factors")
    latents = rng.standard_normal(len(LATENTS))
    site = SITES[SITE_NAMES[int(rng.choice(len(SITE_NAMES), p=[SITES[name].share for name in SITE_NAMES]))]]
    sex = "F" if rng.random() < 0.48 else "M"
    height_cm = float(rng.normal(163.0 if sex == "F" else 177.0, 6.5))
    severity = float(latents[INDEX["series_severity"]])
    present = {Modality.TABLE}
    for modality, probability in presence_probabilities(severity, site).items():
        if rng.random() < probability:
            present.add(modality)
    bedside = rng.random() < expit(-0.4 + 1.1 * severity + site.portable_shift)
    return Patient(
        seed=seed,
        number=number,
        latents=latents,
        sex=sex,
        age_years=age_from_latent(float(latents[INDEX["table_age"]])),
        height_cm=round(height_cm, 1),
        bmi=round(float(np.exp(rng.normal(np.log(26.5), 0.17))), 1),
        site=site,
        admission=_FIRST_ADMISSION
        + timedelta(days=int(rng.integers(_ADMISSION_SPAN_DAYS)), minutes=int(rng.integers(24 * 60))),
        present=frozenset(present),
        view=View.AP if bedside else View.PA,
        film_hours=round(float(rng.uniform(0.5, 44.0)), 2),
        corruptions=draw_corruptions(rng, site),
    )


def presence_probabilities(severity: float, site: Site) -> dict[Modality, float]:
    """P(recorded) of each modality that can be missing; the table never is."""
    return {
        Modality.FILM: float(expit(1.4 + 1.0 * severity)),
        Modality.SERIES: float(expit(3.4 + 1.0 * severity)),
        Modality.NOTE: site.note_share,
    }


def age_from_latent(value: float) -> float:
    """Age in years (18..97) as a monotone map of a standard normal: median 66."""
    return float(np.floor(18.0 + 79.0 * ndtr(0.35 + 0.8 * value) * 0.98))

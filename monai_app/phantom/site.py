"""The hospitals of the simulation: shares, scanners, habits and label rates; the last one is out of distribution."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scanner:
    """How a site's films look.

    Attributes:
        modality: DICOM modality, DX for flat detectors and CR for plates.
        photons: mean count of an unattenuated detector pixel; fewer is noisier.
        blur_mm: standard deviation of the detector's point spread.
        contrast: steepness of the tone curve around its centre.
        sharpening: weight of the high-pass added by the vendor's processing.
        monochrome1_share: part of the films stored with MONOCHROME1.
        scatter: scattered over primary radiation.
    """

    vendor: str
    model: str
    modality: str
    photons: float
    blur_mm: float
    contrast: float
    sharpening: float
    monochrome1_share: float
    scatter: float


@dataclass(frozen=True)
class Site:
    """One hospital.

    Attributes:
        share: part of all patients.
        note_share: part of its patients who have a note.
        log_odds_shift: added to the log odds of every label.
        portable_shift: added to the log odds of a bedside film.
        laboratory_bias: factor on laboratory values (calibration).
        typo_rate: part of the words of a note that are mistyped.
        corruption_share: probability that a modality is naturally degraded.
    """

    name: str
    share: float
    note_share: float
    log_odds_shift: float
    portable_shift: float
    laboratory_bias: float
    typo_rate: float
    corruption_share: float
    scanner: Scanner


SITES: dict[str, Site] = {
    "A": Site("A", 0.43, 0.96, 0.0, 0.0, 1.00, 0.005, 0.06,
              Scanner("Simulated Imaging", "Analytic DR 1", "DX", 9000.0, 0.18, 1.00, 0.55, 0.0, 0.35)),
    "B": Site("B", 0.31, 0.88, -0.2, -0.3, 1.03, 0.015, 0.08,
              Scanner("Simulated Imaging", "Analytic CR 2", "CR", 5000.0, 0.30, 0.88, 0.30, 0.5, 0.50)),
    "C": Site("C", 0.21, 0.68, 0.2, 0.3, 0.97, 0.025, 0.10,
              Scanner("Phantom Radiography", "Portable 7", "DX", 3500.0, 0.25, 1.12, 0.80, 0.15, 0.60)),
    "D": Site("D", 0.05, 0.60, 0.3, 0.8, 1.08, 0.040, 0.16,
              Scanner("Phantom Radiography", "Plate 3", "CR", 1800.0, 0.45, 0.78, 0.15, 1.0, 0.85)),
}  # fmt: skip
"""D is the external site: noisier, other contrast, all MONOCHROME1, terser notes."""

SITE_NAMES: tuple[str, ...] = tuple(SITES)
EXTERNAL_SITE = SITE_NAMES[-1]

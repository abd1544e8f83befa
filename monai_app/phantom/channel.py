"""The channels of the simulated monitor and laboratory: levels, noise, day rhythm, and which latents move them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class ChannelModel:
    """How one channel behaves.

    Values are ``base + spread * person + sum(effect * latent) + course * series_course * (t / 48 h - 1/2)
    + circadian + wander``; on the logarithm where ``log`` is true.

    Attributes:
        code: event code.
        unit: UCUM.
        base: typical value (before the logarithm).
        spread: standard deviation between people that means nothing.
        noise: standard deviation of the slow wander and of each measurement, within one person.
        effects: change per unit of a latent.
        course: change over the window per unit of the latent ``series_course``.
        circadian: amplitude of a cosine with its peak at 17 h.
        per_day: mean number of measurements in 24 h at average severity.
        ordered: P(measured at all) at average severity; below 1 it rises with the channel's own latents.
        limits: hard range of what a device reports.
        detection_limit: values below are reported as "< limit".
        decimals: digits after the point.
    """

    code: str
    description: str
    unit: str
    base: float
    spread: float
    noise: float
    effects: dict[str, float] = field(default_factory=dict)
    course: float = 0.0
    circadian: float = 0.0
    per_day: float = 3.0
    ordered: float = 1.0
    limits: tuple[float, float] = (0.0, 1e6)
    detection_limit: float | None = None
    decimals: int = 1
    log: bool = False


VITALS: tuple[ChannelModel, ...] = (
    ChannelModel("HR", "Heart rate", "/min", 84, 6, 5, {"series_severity": 10, "series_inflammation": 3}, 14, 4, 26,
                 limits=(25, 230), decimals=0),
    ChannelModel("SBP", "Systolic blood pressure", "mm[Hg]", 124, 9, 8,
                 {"series_severity": -9, "series_perfusion": -5}, -8, 5, 20, limits=(45, 240), decimals=0),
    ChannelModel("DBP", "Diastolic blood pressure", "mm[Hg]", 68, 7, 6, {"series_perfusion": -4}, -4, 3, 20,
                 limits=(20, 140), decimals=0),
    ChannelModel("MAP", "Mean arterial pressure", "mm[Hg]", 86, 6, 6, {"series_perfusion": -8}, -5, 4, 20,
                 limits=(30, 170), decimals=0),
    ChannelModel("RR", "Respiratory rate", "/min", 18.5, 1.9, 2.2, {"series_severity": 3.6}, 5, 0.5, 24,
                 limits=(5, 60), decimals=0),
    ChannelModel("SPO2", "Oxygen saturation by pulse oximetry", "%", 94.8, 0.6, 1.0, {"series_oxygenation": -1.7}, -1.5,
                 per_day=26, limits=(60, 100), decimals=0),
    ChannelModel("TEMP", "Body temperature", "Cel", 37.0, 0.22, 0.22, {"series_inflammation": 0.45}, 0.2, 0.25, 8,
                 limits=(33, 42), decimals=1),
    ChannelModel("GCS", "Glasgow coma score", "{score}", 13.6, 0.8, 0.5, {"series_severity": -1.1}, -1, per_day=8,
                 limits=(3, 15), decimals=0),
    ChannelModel("FIO2", "Fraction of inspired oxygen", "1", 0.34, 0.05, 0.03, {"series_oxygenation": 0.09}, 0.08,
                 per_day=8, limits=(0.21, 1.0), decimals=2),
    ChannelModel("URINE", "Urine output per hour", "mL/h", 62, 0.30, 0.35, {"series_renal": -0.42}, -0.2, per_day=12,
                 limits=(0, 800), decimals=0, log=True),
    ChannelModel("GLUCOSE", "Glucose in blood", "mg/dL", 132, 0.16, 0.14, per_day=6, limits=(30, 700), decimals=0,
                 log=True),
)  # fmt: skip

LABORATORY: tuple[ChannelModel, ...] = (
    ChannelModel("CREATININE", "Creatinine in serum", "mg/dL", 1.15, 0.15, 0.07, {"series_renal": 0.48}, 0.1,
                 limits=(0.2, 18), decimals=2, log=True),
    ChannelModel("BUN", "Urea nitrogen in serum", "mg/dL", 22, 0.25, 0.10, {"series_renal": 0.38}, 0.1,
                 limits=(2, 200), decimals=0, log=True),
    ChannelModel("POTASSIUM", "Potassium in serum", "mmol/L", 4.15, 0.26, 0.18, {"series_renal": 0.30},
                 limits=(2, 9), decimals=1),
    ChannelModel("SODIUM", "Sodium in serum", "mmol/L", 138, 3.2, 1.4, limits=(110, 170), decimals=0),
    ChannelModel("LACTATE", "Lactate in blood", "mmol/L", 1.7, 0.18, 0.15, {"series_perfusion": 0.50}, 0.55,
                 per_day=3.5, ordered=0.92, limits=(0.3, 25), decimals=1, log=True),
    ChannelModel("WBC", "White cells in blood", "10*3/uL", 10.2, 0.16, 0.08, {"series_inflammation": 0.33},
                 limits=(0.3, 90), decimals=1, log=True),
    ChannelModel("CRP", "C-reactive protein in serum", "mg/L", 42, 0.38, 0.14, {"series_inflammation": 1.0},
                 per_day=1.5, ordered=0.9, limits=(0.3, 550), detection_limit=1.0, decimals=1, log=True),
    ChannelModel("HGB", "Haemoglobin in blood", "g/dL", 11.6, 1.7, 0.35, per_day=2.5, limits=(3, 21)),
    ChannelModel("PLATELETS", "Platelets in blood", "10*3/uL", 224, 0.34, 0.07, {"series_perfusion": -0.10},
                 per_day=2.5, limits=(3, 1200), decimals=0, log=True),
    ChannelModel("BILIRUBIN", "Total bilirubin in serum", "mg/dL", 0.75, 0.48, 0.10, {"series_perfusion": 0.15},
                 per_day=1.2, ordered=0.7, limits=(0.1, 45), decimals=1, log=True),
    ChannelModel("BNP", "B-type natriuretic peptide", "pg/mL", 210, 0.34, 0.12, {"series_congestion": 1.05},
                 per_day=1.1, ordered=0.95, limits=(3, 30000), detection_limit=10.0, decimals=0, log=True),
    ChannelModel("TROPONIN", "Troponin T, high sensitivity", "ng/L", 22, 0.75, 0.18, {"series_perfusion": 0.55},
                 per_day=1.5, ordered=0.65, limits=(1, 20000), detection_limit=5.0, decimals=0, log=True),
    ChannelModel("PAO2", "Oxygen partial pressure in arterial blood", "mm[Hg]", 84, 0.08, 0.10,
                 {"series_oxygenation": -0.17}, -0.05, per_day=3, ordered=0.75, limits=(25, 500), decimals=0, log=True),
    ChannelModel("PH", "pH of arterial blood", "[pH]", 7.39, 0.035, 0.02, {"series_perfusion": -0.035}, -0.02,
                 per_day=3, ordered=0.75, limits=(6.8, 7.8), decimals=2),
)  # fmt: skip

CHANNELS: tuple[ChannelModel, ...] = VITALS + LABORATORY

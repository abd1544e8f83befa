"""What a report says: findings, volumes and how much each modality counted, as plain records without DICOM."""

from __future__ import annotations

import math
from dataclasses import dataclass

from monai_app.core.errors import InputRejected
from monai_app.dicom.concept import Concept

_LEVEL, _DEVIATIONS = 0.95, 1.96


@dataclass(frozen=True)
class Interval:
    """Where a value lies with a stated confidence.

    Attributes:
        low: lower end.
        high: upper end.
        level: confidence, such as 0.9.
    """

    low: float
    high: float
    level: float

    @classmethod
    def normal(cls, value: float, deviation: float, *, most: float = math.inf) -> Interval:
        """The 95 % interval of a value with this standard deviation, cut at 0 and at ``most``."""
        half = _DEVIATIONS * deviation
        return cls(max(value - half, 0.0), min(value + half, most), _LEVEL)


@dataclass(frozen=True)
class ReportedFinding:
    """One label of the model, found or not: every label is reported.

    Attributes:
        name: of the label.
        present: whether the probability passes the label's threshold.
        probability: calibrated, in [0, 1].
        threshold: of ``present``.
        interval: of the probability, None where none was computed.
        abstained: the model does not stand by ``present``.
        code: of the finding; None writes a code of our own scheme.

    Raises:
        InputRejected: ``REPORT_INVALID`` for values outside [0, 1] or an interval that does not hold the probability.
    """

    name: str
    present: bool
    probability: float
    threshold: float
    interval: Interval | None = None
    abstained: bool = False
    code: Concept | None = None

    def __post_init__(self) -> None:
        shares = [self.probability, self.threshold]
        _check(all(0 <= one <= 1 for one in shares), "a probability or threshold is outside [0, 1]")
        _check(self.present == (self.probability >= self.threshold), "a finding contradicts its threshold")
        _check_interval(self.interval, self.probability)


@dataclass(frozen=True)
class ReportedVolume:
    """How much of a structure there is.

    Attributes:
        name: of the label, as in the segmentation.
        volume_ml: millilitres.
        interval: in millilitres, None where none was computed.

    Raises:
        InputRejected: ``REPORT_INVALID``.
    """

    name: str
    volume_ml: float
    interval: Interval | None = None

    def __post_init__(self) -> None:
        _check(math.isfinite(self.volume_ml) and self.volume_ml >= 0, "a volume is negative or not finite")
        _check_interval(self.interval, self.volume_ml)


@dataclass(frozen=True)
class ModalityShare:
    """What one kind of input counted for.

    Attributes:
        name: film, series, table, note, ...
        present: whether the patient had it; an absent one was imputed or left out, and counts for nothing.
        weight: share of the prediction, in [0, 1]; the shares of the present ones add up to one.
        reliability: how far the model trusted it, in [0, 1]; None where the model does not say.

    Raises:
        InputRejected: ``REPORT_INVALID``.
    """

    name: str
    present: bool
    weight: float
    reliability: float | None = None

    def __post_init__(self) -> None:
        known = [self.weight, *([] if self.reliability is None else [self.reliability])]
        _check(all(0 <= one <= 1 for one in known), "a weight or reliability is outside [0, 1]")


@dataclass(frozen=True)
class ReportContent:
    """All of a report.

    Attributes:
        findings: every label of the model.
        volumes: every structure of the segmentation.
        modalities: every input of a multimodal model.
        remarks: sentences that stand with the notice, such as that the image looks unfamiliar; free of patient data.

    Raises:
        InputRejected: ``REPORT_EMPTY``; ``REPORT_INVALID`` where a name stands twice.
    """

    findings: tuple[ReportedFinding, ...] = ()
    volumes: tuple[ReportedVolume, ...] = ()
    modalities: tuple[ModalityShare, ...] = ()
    remarks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for part in (self.findings, self.volumes, self.modalities):
            names = [one.name for one in part]
            _check(len(set(names)) == len(names), "a name stands twice in a report")
        if not self.findings and not self.volumes:
            raise InputRejected("REPORT_EMPTY", "there is nothing to report", expected="a finding or a volume")


def _check_interval(interval: Interval | None, value: float) -> None:
    if interval is not None:
        holds = interval.low <= value <= interval.high
        _check(holds and 0 < interval.level < 1, "an interval does not hold its value, or its level is no probability")


def _check(holds: bool, what: str) -> None:
    if not holds:
        raise InputRejected("REPORT_INVALID", what, remedy="This is a fault of what computed the results.")

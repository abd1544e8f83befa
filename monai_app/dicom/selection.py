"""Choosing series by rules: which series takes which role in which study, and why every other one was passed over."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monai_app.core.errors import InputRejected
from monai_app.dicom.discover import FoundSeries, FoundStudy
from monai_app.dicom.series_facts import SHOWN_FIELDS, Facts, Value, series_facts
from monai_app.dicom.series_rules import All, Any_, Condition, Not, Role, SeriesRules, Studies, Take, Test

_SHOWN_REASONS = 12
"""Reasons in one message; all of them are in ``verdicts``."""


@dataclass(frozen=True, eq=False)
class Verdict:
    """What became of one series in one role.

    Attributes:
        series: its name, such as "1.3".
        role: of the rules.
        chosen: whether it was taken.
        score: sum of the points it earned; 0 where it does not fit.
        reason: why it was not taken, "" where it was; free of patient data.
    """

    series: str
    role: str
    chosen: bool
    score: float
    reason: str


@dataclass(frozen=True, eq=False)
class Selection:
    """The series of one study by role; a role of ``at_most_one`` may have none."""

    study: FoundStudy
    roles: Mapping[str, tuple[FoundSeries, ...]]
    verdicts: tuple[Verdict, ...]


def select(studies: Sequence[FoundStudy], rules: SeriesRules) -> tuple[Selection, ...]:
    """The selection of each study that fits, in the order of the studies.

    Raises:
        InputRejected: ``NO_SERIES_SELECTED`` with the reason of each series; ``SERIES_AMBIGUOUS`` where a role or a
            study has several candidates and the rules want one.
    """
    tried = [_select_study(study, rules) for study in studies]
    fitting = [selection for selection in tried if isinstance(selection, Selection)]
    failed = [fault for fault in tried if not isinstance(fault, Selection)]
    ambiguous = [fault for fault in failed if fault.ambiguous]
    if ambiguous:
        raise _rejected("SERIES_AMBIGUOUS", "several series fit a role that takes one", ambiguous[0].verdicts)
    if not fitting:
        verdicts = [verdict for fault in failed for verdict in fault.verdicts]
        raise _rejected("NO_SERIES_SELECTED", f"no study has the series that are needed ({_names(rules)})", verdicts)
    if rules.studies is Studies.EXACTLY_ONE and len(fitting) > 1:
        raise InputRejected(
            "SERIES_AMBIGUOUS",
            "several studies have the series that are needed",
            got=", ".join(f"study {selection.study.number}" for selection in fitting),
            expected="one study",
            remedy="Give one study, or set `studies: each` in the rules.",
        )
    return tuple(fitting)


@dataclass(frozen=True)
class _Unfit:
    """A study that lacks a role or has too many candidates for it."""

    verdicts: tuple[Verdict, ...]
    ambiguous: bool


def _select_study(study: FoundStudy, rules: SeriesRules) -> Selection | _Unfit:
    facts = {series.name: series_facts(series) for series in study.series}
    taken: dict[str, tuple[FoundSeries, ...]] = {}
    verdicts: list[Verdict] = []
    lacking = ambiguous = False
    for name, role in rules.roles.items():
        free = [series for series in study.series if all(series not in others for others in taken.values())]
        chosen, judged = _fill(name, role, free, facts)
        verdicts += judged
        several = len(chosen) > 1 and role.take is not Take.EVERY
        lacking |= not chosen and role.take is not Take.AT_MOST_ONE
        ambiguous |= several
        taken[name] = () if several else tuple(chosen)
    if lacking or ambiguous:
        return _Unfit(tuple(verdicts), ambiguous=ambiguous and not lacking)
    return Selection(study, taken, tuple(verdicts))


def _fill(
    name: str, role: Role, free: Sequence[FoundSeries], facts: Mapping[str, Facts]
) -> tuple[list[FoundSeries], list[Verdict]]:
    """The candidates that are left for a role, several where it is ambiguous, and the verdict on each series."""
    reasons = {series.name: unmet(role.where, facts[series.name]) for series in free}
    scores = {
        series.name: sum(score.points for score in role.scores if not unmet(score.where, facts[series.name]))
        for series in free
        if not reasons[series.name]
    }
    best = max(scores.values(), default=0.0)
    chosen = [
        series
        for series in free
        if series.name in scores and (role.take is not Take.BEST or scores[series.name] == best)
    ]
    several = len(chosen) > 1 and role.take is not Take.EVERY
    verdicts = []
    for series in free:
        reason = reasons[series.name]
        if not reason and series not in chosen:
            reason = f"scores {scores[series.name]:g}, another {best:g}"
        elif not reason and several:
            reason = "fits, as do others"
        verdicts.append(Verdict(series.name, name, not reason, scores.get(series.name, 0.0), reason))
    return chosen, verdicts


def unmet(condition: Condition, facts: Facts) -> str:
    """Why a condition does not hold, "" where it does; values of free text are not quoted."""
    if isinstance(condition, All):
        return next(filter(None, (unmet(part, facts) for part in condition.all)), "")
    if isinstance(condition, Any_):
        reasons = [unmet(part, facts) for part in condition.any]
        return "" if not all(reasons) else " and ".join(dict.fromkeys(reasons))
    if isinstance(condition, Not):
        return "" if unmet(condition.negated, facts) else f"excluded: {_asked(condition.negated)}"
    return _unmet_test(condition, facts[condition.field])


def _unmet_test(test: Test, values: tuple[Value, ...]) -> str:
    if test.present is not None:
        return "" if bool(values) == test.present else f"{test.field} is {'there' if values else 'missing'}"
    if not values:
        return f"{test.field} is missing, expected {_expected(test)}"
    failing = [value for value in values if not _passes(test, value)]
    if not failing:
        return ""
    got = f"is {_written(failing[0])}" if test.field in SHOWN_FIELDS else "is another"
    return f"{test.field} {got}, expected {_expected(test)}"


def _passes(test: Test, value: Value) -> bool:
    if test.equals is not None:
        return any(_same(value, wanted) for wanted in _several(test.equals))
    if test.matches is not None:
        return re.search(test.matches, str(value), re.IGNORECASE) is not None
    if isinstance(value, str):
        return False
    low, high = test.at_least, test.at_most
    return (low is None or value >= low) and (high is None or value <= high)


def _same(value: Value, wanted: Value) -> bool:
    if isinstance(value, str) or isinstance(wanted, str):
        return str(value).casefold() == str(wanted).casefold()
    return value == wanted


def _several(wanted: tuple[Value, ...] | Value) -> tuple[Value, ...]:
    return wanted if isinstance(wanted, tuple) else (wanted,)


def _expected(test: Test) -> str:
    if test.equals is not None:
        return " or ".join(map(_written, _several(test.equals)))
    if test.matches is not None:
        return f"/{test.matches}/"
    return " and ".join(
        f"{word} {limit:g}"
        for word, limit in (("at least", test.at_least), ("at most", test.at_most))
        if limit is not None
    )


def _asked(condition: Condition) -> str:
    """A condition in words."""
    if isinstance(condition, All):
        return " and ".join(map(_asked, condition.all))
    if isinstance(condition, Any_):
        return " or ".join(map(_asked, condition.any))
    if isinstance(condition, Not):
        return f"not ({_asked(condition.negated)})"
    if condition.present is not None:
        return f"{condition.field} is {'there' if condition.present else 'missing'}"
    return f"{condition.field} {_expected(condition)}"


def _written(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _names(rules: SeriesRules) -> str:
    return ", ".join(rules.roles)


def _rejected(code: str, what: str, verdicts: Sequence[Verdict]) -> InputRejected:
    reasons = [f"series {verdict.series} as {verdict.role}: {verdict.reason or 'fits'}" for verdict in verdicts]
    more = [f"and {len(reasons) - _SHOWN_REASONS} more"] if len(reasons) > _SHOWN_REASONS else []
    return InputRejected(
        code,
        what,
        got="; ".join(reasons[:_SHOWN_REASONS] + more) or "no series of images",
        remedy="`monai-app dicom inspect DIR` lists what is there; change the input or the rules.",
    )

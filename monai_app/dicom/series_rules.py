"""Rules that select series: conditions joined by all, any and not, scores, and how many series a role takes.

The files stand in ``configs/series``; docs/reading.md explains them.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from monai_app.core.records import Record
from monai_app.dicom.series_facts import FIELDS


def _known(field: str) -> str:
    if field not in FIELDS:
        msg = "unknown field"
        raise ValueError(msg)
    return field


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error:
        msg = "no regular expression"
        raise ValueError(msg) from None
    return pattern


class Test(Record):
    """One question to one field; a series passes where each of its images does.

    Attributes:
        field: one of :data:`monai_app.dicom.series_facts.FIELDS`.
        equals: (``is`` in YAML) one of these values; text is compared without case.
        matches: regular expression found somewhere in the text, without case.
        at_least: smallest number.
        at_most: greatest number.
        present: whether the field has a value at all.
    """

    __test__ = False  # pytest
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
    field: Annotated[str, AfterValidator(_known)]
    equals: tuple[str | float, ...] | str | float | None = Field(None, alias="is")
    matches: Annotated[str, AfterValidator(_compiles)] | None = None
    at_least: float | None = None
    at_most: float | None = None
    present: bool | None = None

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        ranged = self.at_least is not None or self.at_most is not None
        if (self.equals is not None) + (self.matches is not None) + ranged + (self.present is not None) != 1:
            msg = "exactly one of is, matches, at_least / at_most, present"
            raise ValueError(msg)
        return self


class All(Record):
    """AND."""

    all: tuple[Condition, ...] = Field(min_length=1)


class Any_(Record):  # noqa: N801 - Any is typing's
    """OR."""

    any: tuple[Condition, ...] = Field(min_length=1)


class Not(Record):
    """NOT."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
    negated: Condition = Field(alias="not")


def _form(value: Any) -> str:
    keys = value if isinstance(value, dict) else {type(value).__name__.lower().rstrip("_"): None}
    return next((form for form in ("all", "any", "not") if form in keys), "test")


Condition = Annotated[
    Annotated[All, Tag("all")]
    | Annotated[Any_, Tag("any")]
    | Annotated[Not, Tag("not")]
    | Annotated[Test, Tag("test")],
    Discriminator(_form),
]
"""A tree of conditions."""


class Score(Record):
    """Points of a series for which the condition holds; they may be negative."""

    points: float
    where: Condition


class Take(StrEnum):
    """How many of the series that fit a role are taken.

    exactly_one: one must fit. best: the one of the highest score, which must be alone. at_most_one: none or one.
    every: all that fit, at least one.
    """

    EXACTLY_ONE = "exactly_one"
    BEST = "best"
    AT_MOST_ONE = "at_most_one"
    EVERY = "every"


class Role(Record):
    """What one input of a model must be, such as "t1" or "flair"."""

    where: Condition
    take: Take = Take.EXACTLY_ONE
    scores: tuple[Score, ...] = ()


class Studies(StrEnum):
    """How many studies may fit: one of all that were found, or each that fits."""

    EXACTLY_ONE = "exactly_one"
    EACH = "each"


class SeriesRules(Record):
    """A file of ``configs/series``.

    Attributes:
        description: one sentence.
        roles: what is needed of one study; one series takes one role.
        studies: how many studies are expected.
    """

    description: str
    roles: dict[str, Role] = Field(min_length=1)
    studies: Studies = Studies.EXACTLY_ONE


All.model_rebuild()
Any_.model_rebuild()
Not.model_rebuild()

"""What the columns of synthetic records mean: table fields, groups, labels, series summaries, what is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

from monai_app.cohort.condition_columns import condition_tasks, task_columns
from monai_app.cohort.spec import CohortRecord, TaskKind, TaskSpec
from monai_app.core.errors import InputRejected
from monai_app.generate.synthetic.targets import Target

SUMMARIES = ("count", "level", "slope", "spread")
"""Of a channel in its window: measurements, their mean, change over the window, residual standard deviation."""

YEARS = "_years"
"""Ending of the groups that are numbers."""


@dataclass(frozen=True)
class Columns:
    """Names of all D columns, by what they hold.

    Attributes:
        table: numeric fields by name; categorical ones as ``field=category``.
        groups: attributes that results are broken down by and no table field holds, likewise.
        labels: ``task`` or ``task.column``; classes of a multiclass task as ``task.task=class``.
        series: ``channel.summary``.
        present: film, note.
        exclusive: keys of which one is 1 and the others are 0.
    """

    table: tuple[str, ...]
    groups: tuple[str, ...]
    labels: tuple[str, ...]
    series: tuple[str, ...]
    present: tuple[str, ...]
    exclusive: tuple[tuple[str, ...], ...]

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """All keys, each headed by its part, in the order of a record."""
        parts = ("table", "groups", "labels", "series", "present")
        return tuple(f"{part}/{name}" for part in parts for name in getattr(self, part))

    @cached_property
    def places(self) -> dict[str, int]:
        """The column of each key."""
        return {key: place for place, key in enumerate(self.keys)}

    def groups_of_columns(self) -> tuple[tuple[int, ...], ...]:
        """Columns that exclude each other."""
        places = self.places
        return tuple(tuple(places[key] for key in group) for group in self.exclusive)


def cohort_columns(record: CohortRecord, categories: Mapping[str, Sequence[str]]) -> Columns:
    """The columns of a cohort.

    Args:
        categories: of the groups that are texts and are no table field; groups that are not named are left out unless
            they are numbers.
    """
    fields = () if record.modalities.table is None else record.modalities.table.fields
    table = tuple(column for field in fields for column in field.columns)
    exclusive = [tuple(f"table/{name}" for name in field.columns) for field in fields if field.kind == "categorical"]
    groups: list[str] = []
    for name in other_groups(record):
        if name.endswith(YEARS):
            groups += [name] if name in categories else []
        elif name in categories:
            members = [f"{name}={value}" for value in categories[name]]
            groups += members
            exclusive.append(tuple(f"groups/{member}" for member in members))
    labels = [name for task in record.tasks for name in label_keys(task)]
    for task in record.tasks:
        if task.kind is TaskKind.MULTICLASS:
            exclusive.append(tuple(f"labels/{name}" for name in label_keys(task)))
    channels = () if record.modalities.series is None else record.modalities.series.channels
    series = tuple(f"{channel.name}.{summary}" for channel in channels for summary in SUMMARIES)
    present = [name for name in ("film", "note") if getattr(record.modalities, name) is not None]
    return Columns(table, tuple(groups), tuple(labels), series, tuple(present), tuple(exclusive))


def other_groups(record: CohortRecord) -> tuple[str, ...]:
    """Names of the groups whose code no table field reads."""
    fields = () if record.modalities.table is None else record.modalities.table.fields
    codes = {code for field in fields for code in field.codes}
    return tuple(name for name, code in sorted(record.groups.items()) if code not in codes)


def label_keys(task: TaskSpec) -> tuple[str, ...]:
    """Columns of a task's labels: those a condition has, else its label files."""
    names = task_columns(task) if condition_tasks((task,)) else task.columns
    return tuple(f"{task.name}.{name}" for name in names)


def targets(
    columns: Columns, record: CohortRecord, prevalence: Mapping[str, float], subgroup: Mapping[str, float]
) -> list[Target]:
    """Stated shares as targets.

    Args:
        prevalence: by label (task of yes or no, class of a multilabel task, ``task=class``).
        subgroup: by ``field=category``, or ``field=1`` of a table field of 0 and 1.

    Raises:
        InputRejected: ``TARGET_UNKNOWN`` listing what is known.
    """
    places = columns.places
    labels = {
        key.partition(".")[2]: f"labels/{key}" for task in condition_tasks(record.tasks) for key in label_keys(task)
    }
    people = {name if "=" in name else f"{name}=1": f"table/{name}" for name in columns.table}
    people |= {name: f"groups/{name}" for name in columns.groups if "=" in name}
    found = []
    for stated, known, what in ((prevalence, labels, "label"), (subgroup, people, "subgroup")):
        for name, share in stated.items():
            if name not in known:
                near = get_close_matches(name, known, 1)
                raise InputRejected(
                    "TARGET_UNKNOWN",
                    f"the cohort has no such {what}",
                    got=name,
                    expected=sorted(known),
                    remedy=f"Did you mean {near[0]}?" if near else "",
                )
            found.append(Target(places[known[name]], share))
    return found

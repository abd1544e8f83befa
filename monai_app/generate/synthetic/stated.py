"""Records from nothing but stated shares: no number in them depends on a patient."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from monai_app.core.errors import InputRejected
from monai_app.generate.synthetic.columns import Columns
from monai_app.generate.synthetic.marginal import Floats
from monai_app.generate.synthetic.targets import Target


def stated_records(columns: Columns, targets: Sequence[Target], count: int, generator: np.random.Generator) -> Floats:
    """Records (count, D): stated columns and categories of the table at random, everything else unknown.

    Stated columns are independent; :func:`monai_app.generate.synthetic.targets.meet` brings them to their shares.

    Raises:
        InputRejected: ``NOTHING_STATED`` where no label is.
    """
    places, keys = columns.places, columns.keys
    stated = {target.column for target in targets}
    if not any(keys[column].startswith("labels/") for column in stated):
        raise InputRejected(
            "NOTHING_STATED",
            "no label has a stated prevalence",
            expected="--prevalence LABEL=SHARE, at least one",
            remedy="Stated records hold only what is stated.",
        )
    values = np.full((count, len(keys)), np.nan)
    groups = columns.groups_of_columns()
    exclusive = {column for group in groups for column in group}
    for column in sorted(stated - exclusive):
        values[:, column] = generator.integers(0, 2, count)
    for group in groups:
        if stated & set(group) or keys[group[0]].startswith("table/"):
            values[:, group] = np.eye(len(group))[generator.integers(0, len(group), count)]
    for name in columns.present:
        values[:, places[f"present/{name}"]] = float(name == "film")
    return values

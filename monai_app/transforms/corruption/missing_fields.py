"""MissingFieldsd: fields of the table that nobody filled in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Self

import numpy as np
from monai.config import KeysCollection

from monai_app.cohort.spec import Modality, ModelSpec, TableSpec
from monai_app.transforms.corruption.base import Corruption, Floats, Parameters

SHARE = (0.1, 0.2, 0.4, 0.6, 0.8)
"""Share of the known fields that is lost, rounded up, by severity; one stays."""


class MissingFieldsd(Corruption):
    """Forget drawn fields of tables (2, F): value NaN, censored flag 0; the columns of a category go together.

    Args:
        keys: as a rule ``table``.
        severity: 0 to 5.
        table: the fields.
    """

    modality = Modality.TABLE
    name = "missing_fields"

    def __init__(
        self, keys: KeysCollection, severity: int, *, table: TableSpec, allow_missing_keys: bool = False
    ) -> None:
        super().__init__(keys, severity, allow_missing_keys=allow_missing_keys)
        self.table = table

    @classmethod
    def for_spec(cls, severity: int, spec: ModelSpec, statistics: Mapping[str, Floats] | None = None) -> Self:
        """The corruption for the tables of a model.

        Raises:
            ValueError: when it has none.
        """
        if spec.modalities.table is None:
            msg = "a corruption of tables needs a model with tables, got one without"
            raise ValueError(msg)
        return cls(cls.modality.value, severity, table=spec.modalities.table)

    def draw(self, rng: np.random.Generator, value: Floats) -> Parameters:
        """Names of the lost fields; those of a lower severity are among them."""
        known = np.isfinite(value[0]) | (value[1] != 0)
        names = [field.name for field in self.table.fields if known[self._columns({field.name})].any()]
        order = rng.permutation(len(names))
        lost = order[: max(0, min(math.ceil(self.level(SHARE) * len(names)), len(names) - 1))]
        return {"fields": [names[index] for index in lost]}

    def degrade(self, value: Floats, parameters: Parameters) -> Floats:
        """The table without those fields."""
        result = np.array(value, np.float32)
        gone = self._columns(set(parameters["fields"]))
        result[0, gone], result[1, gone] = np.nan, 0
        return result

    def _columns(self, names: set[str]) -> list[bool]:
        return [field.name in names for field in self.table.fields for _ in field.columns]

"""Phenotypes: the 25 care conditions of Harutyunyan et al. 2019, read from the ICD codes assigned at discharge.

The conditions are categories of AHRQ's Clinical Classifications Software (CCS, single level, 2015); their codes stand
as prefixes in configs/mimic/phenotypes.yaml. They are labels only: discharge codes are known after every prediction.
"""

from __future__ import annotations

import polars as pl

from monai_app.cohort.spec import TaskKind, TaskSpec
from monai_app.core.errors import InputRejected
from monai_app.core.records import Record
from monai_app.core.resources import resource


class Phenotype(Record):
    """One condition.

    Attributes:
        id: number of the CCS category.
        icd9: prefixes of its ICD-9-CM codes, without the dot.
        icd10: prefixes of its ICD-10-CM codes, without the dot.
    """

    name: str
    id: int
    icd9: tuple[str, ...]
    icd10: tuple[str, ...]


class Phenotypes(Record):
    """The content of configs/mimic/phenotypes.yaml."""

    phenotypes: tuple[Phenotype, ...]

    @classmethod
    def shipped(cls) -> Phenotypes:
        """The shipped definitions."""
        return cls.read(resource("configs", "mimic", "phenotypes.yaml"))

    @property
    def task(self) -> TaskSpec:
        """The task; its classes are the conditions."""
        return TaskSpec(
            name="phenotypes",
            kind=TaskKind.MULTILABEL,
            description="25 conditions (HCUP CCS categories) among the ICD codes of the hospital stay",
            classes=tuple(phenotype.name for phenotype in self.phenotypes),
        )


def phenotype_labels(
    samples: pl.DataFrame, diagnoses: pl.DataFrame, definitions: Phenotypes
) -> dict[str, pl.DataFrame]:
    """One label frame a condition; samples whose hospital stay has no code at all are unlabelled.

    Args:
        samples: subject_id, hadm_id, prediction_time.
        diagnoses: hadm_id (Int64), icd_code (text, without the dot), icd_version (9 or 10).
        definitions: the conditions.

    Raises:
        InputRejected: ``VALUE_INVALID`` for another ICD version.
    """
    if not diagnoses["icd_version"].is_in([9, 10]).all():
        raise InputRejected("VALUE_INVALID", "diagnoses_icd names another ICD version", expected="9 or 10")
    code = pl.col("icd_code").str.strip_chars().str.to_uppercase()
    found = [
        code.str.contains(_starts_with(phenotype.icd9)).and_(pl.col("icd_version") == 9)
        | code.str.contains(_starts_with(phenotype.icd10)).and_(pl.col("icd_version") == 10)
        for phenotype in definitions.phenotypes
    ]
    names = [phenotype.name for phenotype in definitions.phenotypes]
    coded = (
        diagnoses.drop_nulls("icd_code")
        .group_by("hadm_id")
        .agg(expression.any().alias(name) for expression, name in zip(found, names, strict=True))
    )
    joined = samples.join(coded, on="hadm_id", how="left", maintain_order="left")
    return {name: joined.select("subject_id", "prediction_time", pl.col(name).alias("value")) for name in names}


def _starts_with(prefixes: tuple[str, ...]) -> str:
    return f"^(?:{'|'.join(prefixes)})"

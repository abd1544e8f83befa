from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from monai_app.cohort.spec import Modality
from monai_app.phantom.corruption import Corruption, CorruptionKind
from monai_app.phantom.patient import Patient, draw_patient
from monai_app.phantom.table import DESCRIPTIONS, draw_table


def test_facts_follow_their_latents(patient_with: Callable[..., Patient]) -> None:
    sick = draw_table(patient_with(table_cardiac=2.5, table_renal=2.5, table_smoking=2.5, table_frailty=2.5))
    well = draw_table(patient_with(table_cardiac=-2.5, table_renal=-2.5, table_smoking=-2.5, table_frailty=-2.5))
    for code, sign in (("LVEF", -1), ("EGFR_BASELINE", -1), ("PACK_YEARS", 1), ("FRAILTY", 1), ("CHARLSON", 1)):
        if code in sick and code in well:
            assert sign * (float(sick[code]) - float(well[code])) > 0


def test_group_attributes_are_always_recorded() -> None:
    for number in range(60):
        facts = draw_table(draw_patient(2, number))
        assert {"GENDER", "AGE", "SITE"} <= set(facts) <= set(DESCRIPTIONS)


def test_lost_fields_leave_fewer_facts(patient_with: Callable[..., Patient]) -> None:
    clean = patient_with()
    lost = replace(clean, corruptions={Modality.TABLE: Corruption(CorruptionKind.FIELDS_LOST, 1.0)})
    assert len(draw_table(lost)) < len(draw_table(clean)) - 3

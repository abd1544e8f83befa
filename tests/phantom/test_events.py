from __future__ import annotations

import polars as pl
import pytest

from monai_app.cohort.spec import Modality, ModalitySpec
from monai_app.core.resources import resource
from monai_app.phantom.events import NOTE_CODE, code_descriptions, event_table, written_notes
from monai_app.phantom.patient import draw_patient

PATIENTS = [draw_patient(5, number) for number in range(40)]
EVENTS = event_table(PATIENTS, written_notes(PATIENTS))


def test_nothing_lies_after_the_prediction_time() -> None:
    ends = pl.DataFrame({"subject_id": [p.subject_id for p in PATIENTS], "end": [p.prediction_time for p in PATIENTS]})
    late = EVENTS.join(ends, on="subject_id").filter(pl.col("time") > pl.col("end"))
    assert late.is_empty()


def test_an_absent_modality_leaves_no_event() -> None:
    for patient in PATIENTS:
        codes = set(EVENTS.filter(pl.col("subject_id") == patient.subject_id)["code"])
        assert (NOTE_CODE in codes) == (Modality.NOTE in patient.present)
        assert ("HR" in codes) == (Modality.SERIES in patient.present)


def test_events_of_a_patient_do_not_depend_on_the_others() -> None:
    few = event_table(PATIENTS[:3], written_notes(PATIENTS[:3]))
    same = EVENTS.filter(pl.col("subject_id") <= 3).select(few.columns)
    assert few.sort(few.columns).equals(same.sort(few.columns))


def test_every_code_is_described_and_every_channel_of_the_spec_exists() -> None:
    described = dict(code_descriptions().select("code", "unit").iter_rows())
    assert set(EVENTS["code"]) <= set(described)
    spec = ModalitySpec.read(resource("configs", "cohorts", "phantom.yaml"))
    assert spec.series is not None and spec.table is not None
    for channel in spec.series.channels:
        assert [described[code] for code in channel.codes] == [channel.unit]
    for field in spec.table.fields:
        if field.kind == "numeric":
            assert [described[code] for code in field.codes] == [field.unit]


def test_detection_limits_are_flags_without_values() -> None:
    below = EVENTS.filter(pl.col("censored") == -1)
    assert below.height and below["numeric_value"].null_count() == below.height


@pytest.mark.parametrize("code", ["GENDER", "AGE", "SITE"])
def test_groups_are_static_facts(code: str) -> None:
    facts = EVENTS.filter(pl.col("code") == code)
    assert facts.height == len(PATIENTS) and facts["time"].null_count() == len(PATIENTS)

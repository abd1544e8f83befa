from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from monai_app.cohort.spec import Modality
from monai_app.phantom.cohort import split_table
from monai_app.phantom.information import binary_models
from monai_app.phantom.labels import draw_truth
from monai_app.phantom.patient import draw_patient
from monai_app.phantom.truth import (
    bayes_record,
    information_record,
    information_table,
    latent_table,
    quality_table,
)

PATIENTS = [draw_patient(0, number) for number in range(300)]
TRUTHS = [draw_truth(patient) for patient in PATIENTS]
LATENTS = latent_table(PATIENTS, TRUTHS, split_table(PATIENTS))


def test_seen_probability_is_the_truth_where_nothing_is_missing() -> None:
    whole = LATENTS.filter(pl.all_horizontal("film_present", "series_present", "note_present"))
    part = LATENTS.filter(~pl.col("film_present"))
    for name in binary_models():
        assert whole[f"q_{name}"].to_numpy() == pytest.approx(whole[f"p_{name}"].to_numpy(), abs=1e-9)
    assert np.abs(part["q_pneumonia"] - part["p_pneumonia"]).mean() > 0.05


def test_best_scores_of_a_cohort_lie_near_those_of_the_population() -> None:
    record = bayes_record(LATENTS, PATIENTS, TRUTHS)
    train = record["cohort"]["train"]
    for name in ("pneumonia", "sepsis"):
        best = record["population"][name]["film+series+table+note"]["auroc"]
        assert train[name]["auroc_all_modalities"] == pytest.approx(best, abs=0.05)
        assert train[name]["auroc_present_modalities"] < train[name]["auroc_all_modalities"]
    assert train["phenotype"]["accuracy_all_modalities"] > train["phenotype"]["accuracy_present_modalities"] > 0.4
    assert train["time_to_death"]["c_index_all_modalities"] > 0.8
    json.dumps(record, allow_nan=False)


def test_parts_of_the_held_out_split_add_up() -> None:
    cohort = bayes_record(LATENTS, PATIENTS, TRUTHS)["cohort"]
    parts = cohort["held_out_known_sites"]["n"] + cohort["held_out_external_site"]["n"]
    assert parts == cohort["held_out"]["n"] and cohort["held_out_external_site"]["n"] > 0


def test_quality_is_zero_where_absent_and_one_where_untouched() -> None:
    table = quality_table(PATIENTS)
    assert table.height == len(PATIENTS) * len(Modality)
    assert table.filter(~pl.col("present"))["quality"].max() == 0.0
    touched = table.filter(pl.col("corruption") != "")
    assert touched.height and touched["quality"].max() < 1.0 and touched["present"].all()


def test_information_table_and_record_agree() -> None:
    record, table = information_record(), information_table()
    row = table.row(by_predicate=(pl.col("label") == "sepsis") & (pl.col("modalities") == "note"), named=True)
    assert record["labels"]["sepsis"]["modalities"]["note"]["nats"] == row["nats"]
    assert {latent["modality"] for latent in record["latents"].values()} == {modality.value for modality in Modality}

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from monai_app.cohort.spec import Modality
from monai_app.phantom.corruption import Corruption, CorruptionKind
from monai_app.phantom.labels import draw_truth
from monai_app.phantom.note import Status, draw_note
from monai_app.phantom.note_text import SYMPTOMS
from monai_app.phantom.patient import Patient, draw_patient

_NEGATION = re.compile(r"(Denies|No|There is no|Without|W/o) ([^.]*)\.")
NOTES = [(patient, draw_note(patient)) for patient in (draw_patient(0, number) for number in range(300))]


def clean(patient: Patient) -> Patient:
    return replace(patient, corruptions={}, site=replace(patient.site, typo_rate=0.0))


def plain(text: str) -> str:
    return text.replace("CP", "chest pain").replace("UO", "urine output")


def test_a_symptom_is_negated_in_the_text_where_its_status_says_so() -> None:
    for patient, _ in NOTES[:100]:
        note = draw_note(clean(patient))
        denied = " ".join(match.group(2) for match in _NEGATION.finditer(plain(note.text)))
        for name, symptom in SYMPTOMS.items():
            mentioned = any(phrase in denied for phrase in symptom.absent)
            assert mentioned == (note.statuses[name] is Status.NEGATED)


def test_a_negation_means_a_low_latent_and_a_severe_symptom_a_high_one() -> None:
    for patient, note in NOTES:
        for name, status in note.statuses.items():
            if status is Status.NEGATED:
                assert patient.latent(name) < -0.5
            if status is Status.SEVERE:
                assert patient.latent(name) > 1.4


def test_labels_are_rarer_where_their_symptom_is_negated() -> None:
    pairs = (("note_cough", "pneumonia"), ("note_orthopnoea", "heart_failure"), ("note_pleuritic", "pleural_effusion"))
    for name, label in pairs:
        positive = np.array([draw_truth(patient).diagnoses[label] for patient, _ in NOTES])
        status = np.array([note.statuses[name].value for _, note in NOTES])
        there = np.isin(status, [Status.MODERATE.value, Status.SEVERE.value])
        assert positive[there].mean() > positive[status == Status.NEGATED.value].mean() + 0.1


def test_notes_have_abbreviations_and_typos_and_are_cut_when_truncated(patient_with: Callable[..., Patient]) -> None:
    assert any("SOB" in note.text or "Hx" in note.text for _, note in NOTES)
    tidy = patient_with(note_cough=1.0, note_function=2.0)
    mistyped = replace(tidy, corruptions={Modality.NOTE: Corruption(CorruptionKind.MISTYPED, 1.0)})
    cut = replace(tidy, corruptions={Modality.NOTE: Corruption(CorruptionKind.TRUNCATED, 1.0)})
    assert draw_note(mistyped).text != draw_note(tidy).text
    assert len(draw_note(cut).text) < 0.5 * len(draw_note(tidy).text)

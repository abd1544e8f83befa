"""The phrases of the simulated notes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Symptom:
    """Phrases of one symptom.

    Attributes:
        present: sentences with ``{grade}`` and, where wanted, ``{days}``.
        absent: noun phrases that follow a negation.
    """

    present: tuple[str, ...]
    absent: tuple[str, ...]


GRADES: dict[str, tuple[str, ...]] = {
    "mild": ("mild", "slight"),
    "moderate": ("moderate", "marked"),
    "severe": ("severe", "massive"),
}

SYMPTOMS: dict[str, Symptom] = {
    "note_cough": Symptom(
        ("{grade} cough with rigors for {days} days.", "patient reports {grade} cough with green sputum.",
         "{grade} cough and shivering since {days} days."),
        ("cough", "cough or sputum", "cough with rigors")),
    "note_orthopnoea": Symptom(
        ("{grade} orthopnoea and swollen legs.", "complains of {grade} leg swelling, sleeps upright.",
         "{grade} bilateral leg swelling for {days} days."),
        ("orthopnoea", "leg swelling")),
    "note_pleuritic": Symptom(
        ("{grade} dullness on percussion at the base.", "{grade} pleuritic pain with dull base on examination.",
         "quiet breath sounds and {grade} dullness at the base."),
        ("dullness on percussion", "pleuritic pain")),
    "note_weight_loss": Symptom(
        ("{grade} weight loss, blood streaked sputum once.", "{grade} weight loss and poor appetite.",
         "history of {grade} weight loss with haemoptysis."),
        ("weight loss", "haemoptysis")),
    "note_confusion": Symptom(
        ("{grade} confusion, skin mottled.", "{grade} confusion and drowsiness since {days} days.",
         "on arrival {grade} confusion with cold mottled knees."),
        ("confusion", "mottled skin", "drowsiness")),
    "note_oliguria": Symptom(
        ("{grade} drop of urine output for {days} days.", "patient reports {grade} oliguria.",
         "{grade} oliguria on catheter."),
        ("oliguria", "drop of urine output")),
    "note_sudden_pain": Symptom(
        ("{grade} chest pain of sudden onset.", "sudden {grade} chest pain with breathlessness.",
         "woke with {grade} chest pain on one side."),
        ("chest pain", "sudden chest pain")),
    "note_function": Symptom(
        ("{grade} loss of mobility, needs help with washing.", "{grade} decline of daily function over {days} weeks.",
         "{grade} loss of mobility, walks only with a frame."),
        ("decline of daily function", "loss of mobility")),
}  # fmt: skip
"""By latent."""

OPENINGS: tuple[str, ...] = (
    "Admitted through the emergency department with shortness of breath.",
    "Patient brought in by ambulance with shortness of breath.",
    "Referred by the family doctor for assessment.",
    "Transferred from the ward for closer observation.",
)

DISTRACTORS: tuple[str, ...] = (
    "No known drug allergies.",
    "Lives with family in the second floor.",
    "Abdomen soft, no guarding.",
    "History taken from relatives.",
    "No recent travel.",
    "Vaccination status unknown.",
    "Calves soft, no tenderness.",
    "Pupils equal and reactive.",
)

PLANS: tuple[str, ...] = (
    "Plan: bloods, monitoring, imaging, review tomorrow.",
    "Plan: observe, discuss with senior, treat as appropriate.",
    "Plan: laboratory tests and review with results.",
)

ABBREVIATIONS: dict[str, str] = {
    "shortness of breath": "SOB",
    "Patient": "Pt",
    "patient": "pt",
    "History": "Hx",
    "history": "hx",
    "bilateral": "b/l",
    "examination": "o/e",
    "complains of": "c/o",
    "Complains of": "C/o",
    "chest pain": "CP",
    "Without": "W/o",
    " with ": " w/ ",
    "urine output": "UO",
    "emergency department": "ED",
}

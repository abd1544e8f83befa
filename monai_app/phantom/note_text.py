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
    "mild": ("mild", "slight", "some"),
    "moderate": ("moderate", "marked", "increasing"),
    "severe": ("severe", "massive", "extreme"),
}

SYMPTOMS: dict[str, Symptom] = {
    "note_cough": Symptom(
        ("{grade} productive cough with rigors for {days} days.", "patient reports {grade} cough with green sputum.",
         "{grade} cough and shivering since {days} days."),
        ("cough or sputum", "productive cough", "cough with rigors")),
    "note_orthopnoea": Symptom(
        ("{grade} orthopnoea and leg swelling.", "complains of {grade} swelling of both legs, sleeps upright.",
         "{grade} bilateral oedema with orthopnoea for {days} days."),
        ("orthopnoea", "leg swelling", "peripheral oedema")),
    "note_pleuritic": Symptom(
        ("{grade} dullness on percussion at the base.", "{grade} pleuritic pain with dull base on examination.",
         "breath sounds with {grade} reduction at the base, dull to percussion."),
        ("dullness on percussion", "pleuritic pain", "reduced breath sounds")),
    "note_weight_loss": Symptom(
        ("{grade} weight loss, blood streaked sputum once.", "{grade} unintended weight loss and loss of appetite.",
         "history of {grade} weight loss with haemoptysis."),
        ("weight loss", "haemoptysis", "loss of appetite")),
    "note_confusion": Symptom(
        ("{grade} confusion, skin mottled.", "{grade} drowsiness and disorientation since {days} days.",
         "on arrival {grade} confusion with cold mottled knees."),
        ("confusion", "mottled skin", "disorientation")),
    "note_oliguria": Symptom(
        ("{grade} reduction of urine output for {days} days.", "patient reports {grade} decrease in passing urine.",
         "{grade} oliguria on catheter."),
        ("oliguria", "reduction of urine output", "change in passing urine")),
    "note_sudden_pain": Symptom(
        ("{grade} stabbing chest pain of sudden onset.", "sudden {grade} one sided chest pain with breathlessness.",
         "woke with {grade} sharp unilateral chest pain."),
        ("sudden chest pain", "stabbing chest pain", "one sided chest pain")),
    "note_function": Symptom(
        ("{grade} loss of mobility, needs help with washing.", "{grade} decline of daily function over {days} weeks.",
         "{grade} weakness, walks only with a frame."),
        ("decline of daily function", "loss of mobility", "problems with walking")),
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

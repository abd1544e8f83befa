from __future__ import annotations

import numpy as np

from monai_app.generate.synthetic.notes import HEADING, NoteFields, statuses


def test_a_word_after_a_negation_in_its_sentence_is_denied() -> None:
    assert statuses("Denies cough or chills. Fever.") == {"cough": 2, "chills": 2, "fever": 1}
    assert statuses("Fever. No fever today")["fever"] == 1


def fields(secret: str = "") -> tuple[NoteFields, np.ndarray]:
    ill = np.arange(200) % 2 == 0
    notes = [f"Severe cough, {'chills' if i % 3 else 'rash'}." if sick else f"No cough. {secret if i == 1 else ''}"
             for i, sick in enumerate(ill)]  # fmt: skip
    values = np.column_stack([ill, np.arange(200) % 5 == 0]).astype(float)
    return NoteFields.fit(notes, values, [0, 1]), values


def test_terms_follow_the_label_that_tells_most() -> None:
    fitted, _ = fields()
    assert dict(zip(fitted.terms, fitted.labels, strict=True))["cough"] == 0
    generator = np.random.default_rng(0)
    written = [[fitted.write(np.array([sick, 0.0]), generator) for _ in range(50)] for sick in (1.0, 0.0)]
    assert sum("Reported: " in note and "cough" in note for note in written[0]) > 40
    assert sum("No: cough" in note for note in written[1]) > 40


def test_a_rare_word_is_never_written() -> None:
    fitted, values = fields(secret="Schneider")
    assert "schneider" not in fitted.terms
    assert fitted.write(values[1], np.random.default_rng(0)).startswith(HEADING)


def test_no_notes_make_no_terms() -> None:
    assert NoteFields.fit([], np.zeros((0, 2)), [0]).write(np.zeros(2), np.random.default_rng(0)) == HEADING

from __future__ import annotations

from dataclasses import replace

from monai_app.explain.methods import Method
from monai_app.explain.volumes.explanation import explain_volume
from monai_app.explain.volumes.material import VolumeMaterial
from monai_app.explain.volumes.page import volume_page
from monai_app.explain.volumes.structure import ScoredOver
from tests.explain.volumes.tiny import CLASSIFIES, SCORES, ball, classifier, explained, material, seen


def test_the_page_tells_what_was_found_where_it_was_computed_and_what_the_scores_say() -> None:
    found = explained()
    text = volume_page(found, {"T1": SCORES, "FLAIR": SCORES}, material()).render()
    assert "The model found" in text and "mL of ball" in text
    assert found.computed_at in text and "the probability goes from 0.81 to 0.32" in text
    assert "lies inside the ball that the model found" in text and "ball, label map" in text
    assert text.count("<h2") == 5 and "voxel AUROC" in text and "% of the volume" in text


def test_a_structure_that_the_model_missed_is_told_as_missed() -> None:
    found = explained()
    assert found.structure is not None
    missed = replace(found, structure=replace(found.structure, scored_over=ScoredOver.REFERENCE))
    text = volume_page(missed, {"T1": SCORES}, material()).render()
    assert "The model found no ball here" in text


def test_the_page_of_a_classification_says_what_the_label_means() -> None:
    found = explain_volume(
        classifier(), CLASSIFIES, seen(sequences=1), "lesion", method=Method.GRADIENT_SHAP, regions={"lesion": ball()}
    )
    images = VolumeMaterial({"CT": material().grid}, "CT")
    text = volume_page(found, {"CT": SCORES}, images).render()
    assert "lesion (more than 1 mL)" in text and "strongest point" in text

"""Mixed samples: drawn ones in the stated share, none of a tuning or held-out patient, few patients by seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from monai_app.cohort.spec import ModelSpec
from monai_app.core.errors import InputRejected
from monai_app.engines.build import cohort_spec, model_items
from monai_app.engines.generation.synthesis import Request, synthesize
from monai_app.engines.mixing import SYNTHETIC, check_synthetic, mixed_items, mixed_weights
from tests.engines.generation.test_synthesis import Noise
from tests.generate.synthetic.crowd import write_crowd


@pytest.fixture(scope="module")
def cohorts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A cohort of 200 patients and a synthetic one of 40."""
    folder = tmp_path_factory.mktemp("mixing")
    write_crowd(folder / "real")
    synthesize(folder / "real", folder / "made", Request(40, 1), draw=Noise())
    return folder / "real", folder / "made"


@pytest.fixture(scope="module")
def spec(cohorts: tuple[Path, Path]) -> ModelSpec:
    return cohort_spec(cohorts[0], ["diagnosis"], ["film"], film_size_px=64)


def subjects(items: Any, *, synthetic: bool | None = None) -> set[int]:
    return {item["subject_id"] for item in items if synthetic in (None, item.get(SYNTHETIC))}


def test_only_train_patients_and_drawn_ones_are_learned_from(cohorts: tuple[Path, Path], spec: ModelSpec) -> None:
    items = mixed_items(*cohorts, spec, share=0.5)
    made = subjects(model_items(cohorts[1], None, spec))
    assert subjects(items, synthetic=False) == subjects(model_items(cohorts[0], "train", spec))
    assert subjects(items, synthetic=True) == made and len(made) > 10
    for split in ("tuning", "held_out"):
        judged = subjects(model_items(cohorts[0], split, spec))
        assert judged and not judged & subjects(items)


@pytest.mark.parametrize(("share", "kinds"), [(0.0, {False}), (0.3, {False, True}), (1.0, {True})])
def test_a_share_of_none_or_all_leaves_the_others_out(
    cohorts: tuple[Path, Path], spec: ModelSpec, share: float, kinds: set[bool]
) -> None:
    items = mixed_items(*cohorts, spec, share=share)
    weights = mixed_weights(items, share)
    assert {item[SYNTHETIC] for item in items} == kinds
    drawn = sum(weight for item, weight in zip(items, weights, strict=True) if item[SYNTHETIC])
    assert drawn == pytest.approx(share) and sum(weights) == pytest.approx(1) and min(weights) > 0


def test_few_patients_are_chosen_by_the_seed_alone(cohorts: tuple[Path, Path], spec: ModelSpec) -> None:
    few = [
        mixed_items(*cohorts, spec, share=share, patients=9, seed=seed) for share, seed in ((0, 1), (0.5, 1), (0, 2))
    ]
    chosen = [subjects(items, synthetic=False) for items in few]
    assert [len(part) for part in chosen] == [9, 9, 9] and chosen[0] == chosen[1] != chosen[2]
    with pytest.raises(InputRejected, match="REAL_TOO_FEW"):
        mixed_items(*cohorts, spec, share=0, patients=10_000)


def test_a_label_is_made_rare_and_nothing_else(cohorts: tuple[Path, Path], spec: ModelSpec) -> None:
    def parts(items: Any) -> tuple[set[int], set[int]]:
        have = {item["subject_id"] for item in items if item["label_diagnosis"][0] == 1}
        return have, subjects(items) - have

    whole, rare = (mixed_items(*cohorts, spec, share=0, label="pneumonia", positives=count) for count in (None, 3))
    (many, others), (few, same) = parts(whole), parts(rare)
    assert spec.tasks[0].classes[0] == "pneumonia" and len(few) == 3 < len(many)
    assert few < many and others == same
    with pytest.raises(InputRejected, match="LABEL_UNKNOWN"):
        mixed_items(*cohorts, spec, share=0, label="fracture", positives=1)


def test_a_cohort_of_the_same_patients_or_other_tasks_is_refused(cohorts: tuple[Path, Path], spec: ModelSpec) -> None:
    with pytest.raises(InputRejected, match="SUBJECTS_SHARED"):
        check_synthetic(cohorts[0], cohorts[0], spec)
    other = spec.tasks[0].model_copy(update={"classes": ("oedema", "fracture")})
    with pytest.raises(InputRejected, match="SYNTHETIC_MISFIT"):
        check_synthetic(*cohorts, spec.model_copy(update={"tasks": (other,)}))

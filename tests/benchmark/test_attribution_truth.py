from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from monai_app.benchmark.attribution_truth import LabelTruth, label_truths, share_table
from monai_app.cohort.spec import ModalitySpec, ModelSpec
from monai_app.core.atomic import write_json
from monai_app.core.errors import InputRejected
from monai_app.core.resources import resource
from monai_app.phantom.cohort import TASKS
from monai_app.phantom.truth import information_record

SPEC = ModelSpec(modalities=ModalitySpec.read(resource("configs", "cohorts", "phantom.yaml")), tasks=TASKS)


@pytest.fixture(scope="module")
def truths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, LabelTruth]:
    folder = tmp_path_factory.mktemp("cohort")
    write_json(folder / "information.json", information_record())
    return {truth.name: truth for truth in label_truths(folder, SPEC)}


def _names(flags: np.ndarray, names: list[str]) -> set[str]:
    return {name for name, flag in zip(names, flags, strict=True) if flag}


def test_all_labels_of_the_information_table_are_known(truths: dict[str, LabelTruth]) -> None:
    assert len(truths) == 8
    assert truths["mortality"].target.name == "mortality"
    assert truths["sepsis"].target.name == "diagnosis/sepsis"


def test_shares_add_up_to_one(truths: dict[str, LabelTruth]) -> None:
    np.testing.assert_allclose(share_table([*truths.values()], ("film", "series", "table", "note")).sum(axis=1), 1)


def test_channels_and_fields_are_those_that_render_the_latents(truths: dict[str, LabelTruth]) -> None:
    assert SPEC.modalities.series is not None and SPEC.modalities.table is not None
    channels = [channel.name for channel in SPEC.modalities.series.channels]
    renal = truths["renal_failure"]
    assert _names(renal.channels(SPEC), channels) == {"urine_output", "creatinine", "urea_nitrogen", "potassium"}
    fields = [field.name for field in SPEC.modalities.table.fields]
    assert _names(renal.fields(SPEC), fields) == {"baseline_filtration_rate", "chronic_kidney_disease"}
    assert not truths["pulmonary_nodule"].channels(SPEC).any()


def test_region_is_that_of_the_findings_that_count(truths: dict[str, LabelTruth]) -> None:
    assert truths["pleural_effusion"].region == "effusion"  # congestion carries .04, effusion .5
    assert set((truths["heart_failure"].region or "").split("+")) == {"heart", "congestion"}


def test_words_tell_of_the_label_s_own_symptom(truths: dict[str, LabelTruth]) -> None:
    renal = truths["renal_failure"]
    assert renal.telling_word("oliguria.") is True
    assert renal.telling_word("cough") is False
    assert renal.telling_word("olguria") is None  # a slip: nobody can judge it
    assert renal.telling_word("12") is None


def test_cohort_without_an_information_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="NO_TRUTH"):
        label_truths(tmp_path, SPEC)

"""Membership inference on a bundle, with the shipped film weights and a phantom cohort that they never saw."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from monai_app.cohort.spec import ModalitySpec, ModelSpec, TableField, TableSpec, TaskSpec
from monai_app.core.errors import InputRejected
from monai_app.engines.membership import (
    constant_logits,
    constant_output,
    model_membership,
    of_known_sites,
    task_losses,
)
from monai_app.networks import FusionOutput
from monai_app.phantom.cohort import write_phantom

SPEC = ModelSpec(
    modalities=ModalitySpec(table=TableSpec(fields=(TableField(name="age", codes=("AGE",), unit="a"),))),
    tasks=(TaskSpec(name="death", kind="binary"), TaskSpec(name="stay", kind="regression", unit="d")),
)


def test_a_loss_is_that_of_the_task_and_unknown_where_unlabelled() -> None:
    logits = {"death": torch.tensor([[0.0], [2.0], [0.0]]), "stay": torch.tensor([[1.0], [3.0], [0.0]])}
    targets = {
        "label_death": torch.tensor([[1.0], [1.0], [float("nan")]]),
        "label_stay": torch.tensor([[0.0], [0.0], [float("nan")]]),
    }
    losses = task_losses(SPEC, FusionOutput(logits), targets)
    torch.testing.assert_close(losses["death"][:2], torch.tensor([0.6931, 0.1269]), atol=1e-4, rtol=0)
    torch.testing.assert_close(losses["stay"][:2], torch.tensor([0.2, 1.8]))  # over their mean
    assert losses["death"][2].isnan() and losses["stay"][2].isnan()


def test_a_model_that_says_the_same_of_everybody_tells_how_splits_differ() -> None:
    targets = [
        {"label_death": torch.tensor([[1.0], [1.0]]), "label_stay": torch.tensor([[2.0], [float("nan")]])},
        {"label_death": torch.tensor([[1.0], [0.0]]), "label_stay": torch.tensor([[4.0], [6.0]])},
    ]
    output = constant_output(SPEC, targets, 2)
    torch.testing.assert_close(output.logits["death"].sigmoid(), torch.full((2, 1), 0.75))
    torch.testing.assert_close(output.logits["stay"], torch.full((2, 1), 4.0))
    assert task_losses(SPEC, output, targets[0])["death"][0] < task_losses(SPEC, output, targets[1])["death"][1]
    kinds = TaskSpec(name="kind", kind="multiclass", classes=("a", "b", "c"))
    shares = constant_logits(kinds, torch.tensor([[0.0], [0.0], [2.0], [float("nan")]])).softmax(dim=1)
    torch.testing.assert_close(shares, torch.tensor([[3.0, 1.0, 2.0]]) / 6)


def test_others_of_unseen_sites_are_left_out() -> None:
    members = [{"group_site": "a"}, {"group_site": "b"}]
    assert of_known_sites([{"group_site": "c"}, {"group_site": "b"}], members) == [{"group_site": "b"}]
    assert of_known_sites([{}], [{}]) == [{}]


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phantom") / "cohort"
    write_phantom(folder, patients=24, seed=5, pixel_scale=6)
    return folder


def test_weights_that_saw_nobody_of_a_cohort_do_not_tell_its_splits_apart(cohort: Path) -> None:
    found = model_membership("cxr_classification", cohort, system="densenet_narrow", split="tuning", resamples=50)
    attack = found["all_tasks"]
    assert attack["auroc"]["low"] <= 0.6 and attack["auroc"]["high"] >= 0.4
    assert found["control"]["members"] == attack["members"] > 0 and set(found["tasks"]) == {"diagnosis", "mortality"}


def test_a_split_of_unseen_sites_only_is_refused(cohort: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monai_app.engines.membership.of_known_sites", lambda others, members: [])
    with pytest.raises(InputRejected, match="NO_OTHERS"):
        model_membership("cxr_classification", cohort, system="densenet_narrow")

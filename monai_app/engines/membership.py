"""Membership inference on a bundle's trained model: the losses of train samples against those of others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from monai_app.cohort.spec import ModelSpec, TaskKind, TaskSpec
from monai_app.core.errors import InputRejected
from monai_app.engines.build import model_items
from monai_app.engines.bundle import Workflow, find_bundle, open_workflow, system_overlays, typed_errors
from monai_app.engines.data import SampleDataset, sample_loader
from monai_app.engines.evaluator import MultimodalEvaluator
from monai_app.generate.privacy.membership import membership
from monai_app.losses import MultitaskLoss
from monai_app.networks import FusionOutput

Item = Mapping[str, Any]
SITE = "group_site"


def task_losses(spec: ModelSpec, output: FusionOutput, targets: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The loss of each sample and task (N,), a mean over labelled entries; NaN where a task has none."""
    loss, found = MultitaskLoss(spec.tasks), {}
    for task in spec.tasks:
        entries, known = loss.entry_loss(task, output.logits[task.name], targets[f"label_{task.name}"])
        mean = (entries * known).sum(dim=1) / known.sum(dim=1)
        if task.kind is TaskKind.REGRESSION:
            mean = mean / torch.nanmean(mean)
        found[task.name] = mean
    return found


def constant_logits(task: TaskSpec, label: Tensor) -> Tensor:
    """What says the same of everybody (1, K): log odds of the share, log shares, or the mean, of labels (N, K')."""
    mean = torch.nanmean(label, dim=0, keepdim=True)
    if task.kind in (TaskKind.BINARY, TaskKind.MULTILABEL):
        return torch.logit(mean.clamp(1e-3, 1 - 1e-3))
    if task.kind is TaskKind.MULTICLASS:
        known = label[label.isfinite()].long()
        return (torch.bincount(known, minlength=task.outputs) + 1.0).log()[None]
    return mean if task.kind is TaskKind.REGRESSION else torch.zeros(1, task.outputs)


def constant_output(spec: ModelSpec, both: Sequence[Mapping[str, Tensor]], rows: int) -> FusionOutput:
    """The output of a model that knows nothing but how common each label is among members and others together."""
    logits = {}
    for task in spec.tasks:
        label = torch.cat([targets[f"label_{task.name}"] for targets in both])
        logits[task.name] = constant_logits(task, label).expand(rows, -1)
    return FusionOutput(logits)


def of_known_sites(others: Sequence[Item], members: Sequence[Item]) -> list[Item]:
    """The samples of sites that members come from: an unseen site would be told apart without any memory."""
    known = {item.get(SITE) for item in members}
    return [item for item in others if item.get(SITE) in known]


def model_membership(
    bundle: str,
    cohort_dir: str | Path,
    *,
    model_dir: str | Path | None = None,
    system: str | None = None,
    split: str = "held_out",
    settings: Mapping[str, Any] | None = None,
    resamples: int = 1000,
    seed: int = 0,
    on_stage: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Attack a trained model with the cohort that it was trained on.

    Args:
        model_dir: None takes the bundle's own weights.
        system: whose overlay the model was trained with.
        split: of the patients that were not trained on.

    Returns:
        Of the summed losses and of each task what :func:`monai_app.generate.privacy.membership.membership` returns;
        ``control`` is that of a model that says the same of everybody: what the splits differ by without any memory.

    Raises:
        InputRejected: ``NO_OTHERS`` when no sample of the split is of a site of the train split; those of the bundle.
    """
    folder = find_bundle(bundle)
    chosen = {"cohort_dir": str(cohort_dir), **(settings or {})}
    chosen |= {} if model_dir is None else {"model_dir": str(model_dir)}
    opened = open_workflow(folder, Workflow.INFERENCE, overlays=system_overlays(folder, system), settings=chosen)
    with typed_errors():
        names = ("spec", "network", "preprocessing", "device", "batch_size")
        spec, network, preprocessing, device, batch_size = map(opened.parser.get_parsed_content, names)
    members = model_items(cohort_dir, "train", spec)
    rest = model_items(cohort_dir, split, spec)
    others = of_known_sites(rest, members)
    if not others:
        raise InputRejected("NO_OTHERS", "no sample outside training is of a site of the train split", got=len(rest))

    def outputs(items: Sequence[Item]) -> tuple[FusionOutput, Mapping[str, Tensor]]:
        on_stage(f"predicting {len(items)} samples")
        loader = sample_loader(SampleDataset(items, preprocessing), batch_size=batch_size)
        return MultimodalEvaluator(device, loader, network).outputs()

    told = [outputs(items) for items in (members, others)]
    targets = [target for _, target in told]
    inside, outside = (task_losses(spec, output, target) for output, target in told)
    sizes = (len(members), len(others))
    blind = [task_losses(spec, constant_output(spec, targets, n), t) for n, t in zip(sizes, targets, strict=True)]
    subjects = _subjects(members), _subjects(others)
    results = {name: _attack((inside[name], outside[name]), subjects, resamples, seed) for name in inside}
    return {
        "format": "monai-app-privacy-membership-1",
        "all_tasks": _attack((_summed(inside), _summed(outside)), subjects, resamples, seed),
        "control": _attack((_summed(blind[0]), _summed(blind[1])), subjects, resamples, seed),
        "tasks": results,
        "split": split,
        "left_out_of_unseen_sites": len(rest) - len(others),
    }


def _summed(losses: Mapping[str, Tensor]) -> Tensor:
    return torch.stack(list(losses.values())).nansum(dim=0)


def _subjects(items: Sequence[Item]) -> NDArray[np.int64]:
    return np.array([item["subject_id"] for item in items], np.int64)


def _attack(
    losses: tuple[Tensor, Tensor], subjects: tuple[NDArray[np.int64], NDArray[np.int64]], resamples: int, seed: int
) -> dict[str, Any]:
    kept = [loss.isfinite().numpy() for loss in losses]
    members, others = (loss.double().numpy()[keep] for loss, keep in zip(losses, kept, strict=True))
    chosen = subjects[0][kept[0]], subjects[1][kept[1]]
    return membership(members, others, subjects=chosen, resamples=resamples, seed=seed)

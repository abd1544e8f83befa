"""Membership inference by loss: does a model's loss tell who was trained on? (Yeom et al., CSF 2018)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from monai_app.metrics.bootstrap import PatientBootstrap
from monai_app.metrics.estimates import RANKING, measure

Floats = NDArray[np.float64]
LEAST_FALSE_ALARMS = 0.01


def membership(
    loss_members: Floats,
    loss_others: Floats,
    *,
    subjects: tuple[NDArray[np.int64], NDArray[np.int64]],
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """AUROC of guessing members by their smaller loss, with its 95 % bootstrap interval over patients.

    Args:
        loss_members: (N,) of train samples.
        loss_others: (M,) of samples that were not trained on.
        subjects: the patients of both.

    Returns:
        ``auroc`` with interval, true positive rate at 1 % false alarms, sizes and mean losses.
    """
    score = -np.concatenate([loss_members, loss_others])
    member = np.concatenate([np.ones(len(loss_members)), np.zeros(len(loss_others))])
    bootstrap = PatientBootstrap(np.concatenate(subjects), resamples=resamples, seed=seed)
    rows = np.ones(len(score), dtype=bool)
    found = measure(RANKING["auroc"], member, score, rows=rows, bootstrap=bootstrap).estimate
    limit = np.quantile(-loss_others, 1 - LEAST_FALSE_ALARMS, method="higher")
    return {
        "auroc": found.as_dict(),
        "true_positive_rate_at_1_percent": float((-loss_members > limit).mean()),
        "members": len(loss_members),
        "others": len(loss_others),
        "loss_members": float(loss_members.mean()),
        "loss_others": float(loss_others.mean()),
    }

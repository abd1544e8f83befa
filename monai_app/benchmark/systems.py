"""The systems of the fusion benchmark: which overlay each is, and what it changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from monai_app.core.errors import InputRejected

FAULTS = 0.3
"""Probability of a random fault, per modality and sample, of the systems that train with faults."""


@dataclass(frozen=True)
class System:
    """One row of the comparison.

    Attributes:
        name: in tables and folders.
        overlay: fusion overlay of the bundle, without ``fusion_``.
        about: what it is, in a few words.
        settings: what it changes beside the overlay.
        ablation: whether it answers a question about another system instead of being one.
        trees: boosted trees on features: they read records and films by themselves, so that faults planted in
            tensors do not reach them.
    """

    name: str
    overlay: str
    about: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    ablation: bool = False
    trees: bool = False


_UNCERTAINTY_ALONE = {"fusion::alpha": 1.0, "fusion::beta": 0.0, "reliability_betas": [0.0]}
SYSTEMS: Mapping[str, System] = {
    system.name: system
    for system in (
        System("early", "early", "pooled features, one MLP: the deterministic baseline"),
        System("late", "late", "a head a modality, mean of probabilities"),
        System("late_calibrated", "late_calibrated", "the same with temperatures and weights from tuning"),
        System("medfuse", "medfuse", "LSTM over modality features"),
        System("attention", "attention", "transformer over tokens, no positions"),
        System("haim", "haim", "statistics and embeddings into boosted trees", trees=True),
        System("drfuse", "drfuse", "shared and distinct features, disease-wise attention"),
        System("healnet", "healnet", "latent array updated by each modality in turn"),
        System("mda", "mda", "attention by content and agreement"),
        System("drifa", "drifa", "attention within and across streams, MC dropout"),
        System("shaspec", "shaspec", "shared and specific encoders"),
        System("flexmoe", "flexmoe", "learned bank for missing combinations, sparse experts"),
        System("draf", "draf", "weights by uncertainty and suspected faults, trained with faults"),
        System(
            "early_faults", "early", "control: early fusion trained with the faults that DRAF trains with",
            {"corruption_prob": FAULTS}, ablation=True,
        ),
        System(
            "attention_faults", "attention", "control: attention trained with those faults",
            {"corruption_prob": FAULTS}, ablation=True,
        ),
        System(
            "draf_clean", "draf", "DRAF trained without faults, weights by uncertainty alone",
            {"corruption_prob": 0.0, **_UNCERTAINTY_ALONE}, ablation=True,
        ),
        System(
            "draf_uniform", "draf", "DRAF with r = 1 / M",
            {"fusion::weighting": "uniform"}, ablation=True,
        ),
        System(
            "draf_no_detection", "draf", "DRAF with lambda = 0",
            {"loss_def::detection_weight": 0.0, **_UNCERTAINTY_ALONE}, ablation=True,
        ),
        System(
            "draf_paper", "draf", "DRAF as proposed: r = softmax(-alpha U), alpha from 1 to 100 by tuning",
            {
                "fusion::alpha": 1.0, "fusion::beta": 0.0, "fusion::standardise": False,
                "fusion::detector": "linear", "fusion::detector_gradient": 1.0, "fusion::average": "features",
                "reliability_alphas": [1.0, 10.0, 30.0, 100.0], "reliability_betas": [0.0],
            },
            ablation=True,
        ),
        System(
            "draf_full_gradient", "draf", "DRAF whose encoders learn the detection as much as the tasks (the paper)",
            {"fusion::detector_gradient": 1.0}, ablation=True,
        ),
        System(
            "draf_logit", "draf", "DRAF with r falling by the logit of a fault, between sound modalities too",
            {"fusion::suspicion": "logit"}, ablation=True,
        ),
        System(
            "draf_features", "draf", "DRAF that decides on the mean features (the paper), not on the mean probability",
            {"fusion::average": "features"}, ablation=True,
        ),
        *(
            System(
                f"draf_alpha{alpha}", "draf", f"DRAF with alpha = {alpha} a standard deviation of U, beta by tuning",
                {"reliability_alphas": [float(alpha)]}, ablation=True,
            )
            for alpha in (1, 2, 4)
        ),
        System(
            "draf_gated", "draf", "DRAF with gated concatenation instead of a sum (ours)",
            {"fusion::combine": "concatenation"}, ablation=True,
        ),
        System(
            "attention_uncertainty", "attention", "attention with Kendall's task weighting",
            {"task_weighting": "uncertainty"}, ablation=True,
        ),
        System("early_no_dropout", "early", "early fusion without modality dropout, as usually published",
               {"modality_dropout": 0.0}, ablation=True),
        System("attention_no_dropout", "attention", "attention without modality dropout", {"modality_dropout": 0.0},
               ablation=True),
        System("attention_half_dropout", "attention", "attention with modality dropout .5", {"modality_dropout": 0.5},
               ablation=True),
        System("early_no_clahe", "early", "early fusion on films without CLAHE", {"clahe_clip_limit": 0.0},
               ablation=True),
    )
}  # fmt: skip


def chosen_systems(names: Sequence[str]) -> list[System]:
    """Systems by name; ``all`` are all but the ablations, ``ablations`` those.

    Raises:
        InputRejected: ``SYSTEM_UNKNOWN``.
    """
    groups = {
        "all": [name for name, system in SYSTEMS.items() if not system.ablation],
        "ablations": [name for name, system in SYSTEMS.items() if system.ablation],
    }
    wanted = [member for name in names for member in groups.get(name, [name])]
    unknown = [name for name in wanted if name not in SYSTEMS]
    if unknown or not wanted:
        raise InputRejected(
            "SYSTEM_UNKNOWN",
            "the benchmark has no such system",
            got=", ".join(unknown) or "none",
            expected="all, ablations, or some of " + ", ".join(SYSTEMS),
            remedy="Check --systems.",
        )
    return [SYSTEMS[name] for name in dict.fromkeys(wanted)]

"""The last step of training DRAF: alpha, beta and the scale of each modality's uncertainty, fitted on validation.

Clean validation samples alone cannot say how much a spoiled modality should count, so every sample is judged twice: as
it is, and with random corruptions that are a function of the seed.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from monai_app.cohort.spec import ModelSpec
from monai_app.core.atomic import write_json
from monai_app.core.errors import InputRejected
from monai_app.engines.build import with_corruption
from monai_app.engines.data import SampleDataset, sample_loader
from monai_app.engines.evaluator import MultimodalEvaluator
from monai_app.engines.model_folder import finished_step, load_model, plain_network, write_model
from monai_app.engines.precision import AutocastInferer
from monai_app.losses import MultitaskLoss
from monai_app.networks import DRAF, FusionOutput
from monai_app.transforms.corruption.rand_corruption import RandCorruptiond

logger = logging.getLogger(__name__)

RECORD_NAME = "reliability.json"
ALPHAS = (0.0, 0.25, 0.5, 1.0, 2.0)
BETAS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Without 0: a weight that ignores what the detector saw is the ablation, not a tuned reliability."""
Said = tuple[FusionOutput, dict[str, Tensor]]


def tune_reliability(
    evaluator: MultimodalEvaluator,
    corruption: RandCorruptiond | None,
    loss: MultitaskLoss,
    spec: ModelSpec,
    folder: str | Path,
    *,
    alphas: Sequence[float] = ALPHAS,
    betas: Sequence[float] = BETAS,
) -> dict[str, Any]:
    """Tune the model of a folder, write it back and record what was tried; a second call changes nothing.

    Args:
        evaluator: over the tuning split.
        corruption: of the training, for the second judgement of every tuning sample; None judges the clean one twice.
        loss: of the training; its main part is what alpha and beta minimise, averaged over both.
        spec: of the model.
        folder: the model folder.
        alphas: candidates, per standard deviation of U.
        betas: candidates, per unit of the corruption logit.

    Raises:
        InputRejected: ``NOT_DRAF``; as :func:`monai_app.engines.model_folder.load_model`.
    """
    done = finished_step(folder, RECORD_NAME)
    if done is not None:
        logger.info("reliability is already tuned; nothing to do")
        return done
    fusion = plain_network(load_model(evaluator.network, folder)).get_submodule("fusion")
    if not isinstance(fusion, DRAF):
        raise InputRejected("NOT_DRAF", "only DRAF has a reliability", got=type(fusion).__name__, expected="DRAF")
    fusion.keep_samples = True
    try:
        said = [evaluator.outputs(), corrupted(evaluator, corruption).outputs()]
    finally:
        fusion.keep_samples = False
    fusion.cpu()
    output, targets = said[0]
    fusion.fit_spread(output.extras["variance"], presence(targets, fusion.modalities))
    tried = {(alpha, beta): _loss_at(fusion, loss.cpu(), said, alpha, beta) for alpha in alphas for beta in betas}
    alpha, beta = min(tried, key=lambda pair: (tried[pair], pair))
    fusion.alpha.fill_(alpha)
    fusion.beta.fill_(beta)
    digest = write_model(folder, evaluator.network, spec, {"reliability": "tuned"})
    record = {
        "model_sha256": digest,
        "alpha": alpha,
        "beta": beta,
        "tuning_loss": [{"alpha": pair[0], "beta": pair[1], "loss": value} for pair, value in tried.items()],
        "uncertainty_mean": dict(zip(fusion.modalities, fusion.spread_mean.tolist(), strict=True)),
        "uncertainty_std": dict(zip(fusion.modalities, fusion.spread_std.tolist(), strict=True)),
    }
    write_json(Path(folder) / RECORD_NAME, record)
    return record


def corrupted(evaluator: MultimodalEvaluator, corruption: RandCorruptiond | None) -> MultimodalEvaluator:
    """An evaluator of the same network over the same samples, corrupted as a function of row and dataset seed."""
    dataset = evaluator.loader.dataset
    spoiled = SampleDataset(dataset.data, with_corruption(dataset.transform, corruption), seed=dataset.seed)
    loader = sample_loader(spoiled, batch_size=evaluator.loader.batch_sampler.batch_size)
    return MultimodalEvaluator(
        evaluator.state.device, loader, evaluator.network, inferer=cast(AutocastInferer, evaluator.inferer)
    )


def presence(targets: Mapping[str, Tensor], modalities: Sequence[str]) -> Tensor:
    """Presence bits ``(N, M)``."""
    return torch.stack([targets[f"{name}_present"].bool().reshape(-1) for name in modalities], dim=1)


@torch.no_grad()
def _loss_at(fusion: DRAF, loss: MultitaskLoss, said: Sequence[Said], alpha: float, beta: float) -> float:
    """Mean loss of the fused output at (alpha, beta); only what follows the weights is computed again."""
    losses = []
    for output, targets in said:
        extras, present = output.extras, presence(targets, fusion.modalities)
        weights = fusion.reliability(
            extras["variance"], extras["corruption_logits"], present, torch.tensor(alpha), torch.tensor(beta)
        )
        losses.append(
            float(loss(FusionOutput(fusion.conclude(extras["features"], extras["samples"], weights)), targets))
        )
    return sum(losses) / len(losses)

"""The last step of training a calibrated late fusion: fit its temperatures and weights on the tuning split."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import torch

from monai_app.cohort.spec import ModelSpec
from monai_app.core.atomic import write_json
from monai_app.core.errors import InputRejected
from monai_app.engines.calibration import fit_late_fusion
from monai_app.engines.evaluator import MultimodalEvaluator
from monai_app.engines.model_folder import finished_step, load_model, plain_network, write_model
from monai_app.losses import MultitaskLoss
from monai_app.networks import LateFusion

logger = logging.getLogger(__name__)

RECORD_NAME = "calibration.json"


def calibrate_late_fusion(
    evaluator: MultimodalEvaluator, loss: MultitaskLoss, spec: ModelSpec, folder: str | Path
) -> dict[str, Any]:
    """Calibrate the model of a folder, write it back and record what was fitted; a second call changes nothing.

    Args:
        evaluator: over the tuning split; its network receives the model's weights.
        loss: of the training.
        spec: of the model.
        folder: the model folder.

    Raises:
        InputRejected: ``NOT_LATE_FUSION``; as :func:`monai_app.engines.model_folder.load_model`.
    """
    done = finished_step(folder, RECORD_NAME)
    if done is not None:
        logger.info("the model is already calibrated; nothing to do")
        return done
    fusion = plain_network(load_model(evaluator.network, folder)).get_submodule("fusion")
    if not isinstance(fusion, LateFusion):
        raise InputRejected(
            "NOT_LATE_FUSION", "only a late fusion can be calibrated", got=type(fusion).__name__, expected="LateFusion"
        )
    fusion.log_temperature.zero_()
    fusion.score.zero_()
    output, targets = evaluator.outputs()
    present = torch.stack([targets[f"{name}_present"].bool() for name in fusion.modalities], dim=1)
    reached = fit_late_fusion(fusion.cpu(), loss.cpu(), output.modality_logits, present, targets)
    digest = write_model(folder, evaluator.network, spec, {"calibrated": True})
    record = {
        "model_sha256": digest,
        "tuning_loss": reached,
        "temperature": dict(zip(fusion.modalities, fusion.log_temperature.exp().tolist(), strict=True)),
        "weight_when_all_present": dict(zip(fusion.modalities, fusion.score.softmax(dim=0).tolist(), strict=True)),
    }
    write_json(Path(folder) / RECORD_NAME, record)
    return record

"""Training an arm of the benchmark of synthetic films, and what its model says of real patients."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from monai_app.benchmark.synthetic_arms import Arm, Plan, Training, settings_of, trainings
from monai_app.core.atomic import write_json
from monai_app.core.loading import read_json
from monai_app.core.logging import configure_logging
from monai_app.engines.bundle import Workflow, find_bundle, known_settings, open_workflow, run_workflow, typed_errors
from monai_app.engines.predictions import Predictions

_RECORD_NAME = "trained.json"


@dataclass(frozen=True)
class Outcome:
    """What an arm gave on one seed.

    Attributes:
        predictions: of the judged split of the real cohort.
        steps: of the optimiser, over its trainings.
        best: steps that its kept weights have behind them, of the last training.
    """

    predictions: Predictions
    steps: int
    best: int


def run_arm(plan: Plan, arm: Arm, seed: int, *, split: str = "held_out") -> Outcome:
    """Train what is not trained yet and predict; a killed training goes on from its last checkpoint.

    Args:
        split: of the real cohort, that is predicted: ``held_out`` or ``tuning``.
    """
    parts = trainings(plan, arm, seed)
    records = [_trained(plan, training, seed) for training in parts]
    path = parts[-1].folder / f"{split}.parquet"
    if not path.is_file():
        _predicted(plan, parts[-1], seed, split).write(path)
    return Outcome(Predictions.read(path), sum(record["steps"] for record in records), records[-1]["best"])


def _trained(plan: Plan, training: Training, seed: int) -> dict[str, int]:
    path = training.folder / _RECORD_NAME
    if not path.is_file():
        configure_logging()
        logging.disable(logging.INFO)  # twenty trainings would fill the terminal; each keeps its own train_log.jsonl
        try:
            opened = open_workflow(
                find_bundle(plan.bundle),
                Workflow.TRAIN,
                overlays=plan.all_overlays,
                settings=settings_of(plan, training, seed),
            )
            run_workflow(opened)
        finally:
            logging.disable(logging.NOTSET)
        state, best = opened.parser.get_parsed_content("train::trainer").state, opened.parser
        kept = best.get_parsed_content("validate::evaluator").state.best_metric_epoch
        write_json(path, {"steps": int(state.iteration), "best": int(kept) * plan.every})
    record: dict[str, int] = read_json(path)
    return record


def _predicted(plan: Plan, training: Training, seed: int, split: str) -> Predictions:
    """Predictions of the model that a training kept."""
    folder = find_bundle(plan.bundle)
    known = known_settings(folder, Workflow.EVALUATE, plan.all_overlays)
    settings = {key: value for key, value in settings_of(plan, training, seed).items() if key.split("::")[0] in known}
    parser = open_workflow(folder, Workflow.EVALUATE, overlays=plan.all_overlays, settings=settings).parser
    with typed_errors():
        name = "tuning_predictions" if split == "tuning" else "test_predictions"
        found: Predictions = parser.get_parsed_content(name)
    return found

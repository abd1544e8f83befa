from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from monai.handlers import ValidationHandler
from safetensors import safe_open

from monai_app.core.errors import InputRejected
from monai_app.core.loading import load_checkpoint
from monai_app.engines.best import BestModel
from monai_app.engines.build import adamw
from monai_app.engines.private import PrivateTrainer, patient_loader
from monai_app.generate.privacy.statement import PrivacyStatement
from monai_app.losses import MultitaskLoss
from tests.engines.test_trainer import assert_equal_bits
from tests.engines.tiny import SPEC, tiny_items, tiny_training

STEPS = 6


def private(folder: Path, *, noise_seed: int | None = 1, loss: Any = None, **options: Any) -> PrivateTrainer:
    """The tiny training with its loader and trainer replaced, as dp.yaml does."""
    plain = tiny_training(folder, epochs=options.get("max_epochs", 3), loss=loss or MultitaskLoss(SPEC.tasks))
    evaluator = next(handler for handler in plain.handlers if isinstance(handler, BestModel)).evaluator
    keywords = {
        "max_epochs": 3, "epsilon": 3.0, "delta": 1e-3, "accountant": "rdp", "model_dir": str(folder),
        "checkpoints": str(folder / "checkpoints"), "checkpoint_every": 3,
        "train_handlers": [ValidationHandler(1, evaluator), BestModel(evaluator, str(folder), SPEC)],
    }  # fmt: skip
    return PrivateTrainer(
        torch.device("cpu"),
        train_data_loader=options.pop("loader", None)
        or patient_loader(plain.loader.dataset, batch_size=4, noise_seed=noise_seed),
        network=plain.network,
        optimizer=adamw(plain.network, None, learning_rate=0.01),
        loss_function=plain.loss_function,
        **{**keywords, **options},
    )


def newest(folder: Path) -> dict[str, Any]:
    return load_checkpoint(sorted((folder / "checkpoints").glob("*.pt"))[-1])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("private")
    private(folder).run()
    return folder


def test_the_budget_is_spent_at_the_last_step_and_stands_in_checkpoint_weights_and_statement(trained: Path) -> None:
    statement = PrivacyStatement.of(trained)
    assert statement is not None and 2.5 < statement.epsilon <= 3.0 and statement.noise_seed == "given"
    assert (statement.steps, statement.patients, statement.delta) == (3 * STEPS, 22, 1e-3)
    account = newest(trained)["parts"]["privacy"]
    assert account["epsilon"] == statement.epsilon and account["delta"] == 1e-3
    with safe_open(trained / "model.safetensors", "pt") as weights:
        said = json.loads(weights.metadata()["about"])["privacy"]
    assert 0 < said["epsilon"] <= statement.epsilon and said["unit"] == "patient"


def test_interrupted_and_repeated_gives_the_same_bits(trained: Path, tmp_path: Path) -> None:
    trainer = private(tmp_path)
    original = trainer._private_step

    def broken(batch: dict[str, Any]) -> Any:
        if trainer.state.iteration == 11:
            raise KeyboardInterrupt
        return original(batch)

    trainer._private_step = broken  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        trainer.run()
    assert newest(tmp_path)["iteration"] == 9
    private(tmp_path).run()
    assert_equal_bits(newest(tmp_path)["parts"], newest(trained)["parts"])


def test_a_secret_seed_is_resumed_from_the_checkpoint(tmp_path: Path) -> None:
    private(tmp_path, noise_seed=None, max_epochs=1).run()
    again = private(tmp_path, noise_seed=None, max_epochs=1)
    drawn = again.secret.seed
    again.run()
    assert again.secret.seed == newest(tmp_path)["parts"]["privacy"]["noise_seed"] != drawn


def test_training_stops_at_the_budget_validated_and_finished(tmp_path: Path) -> None:
    first = private(tmp_path, noise_multiplier=1.0, epsilon=3.0)
    affordable = first.ledger.affordable(3 * STEPS)
    assert 0 < affordable < 3 * STEPS
    first.run()
    state = newest(tmp_path)
    assert state["iteration"] == affordable and state["finished"]
    assert state["parts"]["privacy"]["epsilon"] <= 3.0
    assert (tmp_path / "model.safetensors").is_file()


def test_resuming_past_a_spent_budget_is_refused(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="RESUME_CHANGED.*engine"):
        private(trained, max_epochs=9).run()
    with pytest.raises(InputRejected, match="BUDGET_SPENT"):
        private(trained, max_epochs=9, noise_multiplier=0.9, resume="changed").run()


def test_checkpoints_without_an_account_and_private_ones_do_not_mix(trained: Path, tmp_path: Path) -> None:
    tiny_training(tmp_path, epochs=1).run()
    with pytest.raises(InputRejected, match="DP_RESUME_UNACCOUNTED"):
        private(tmp_path, resume="changed").run()
    with pytest.raises(InputRejected, match="DP_RESUME_UNACCOUNTED"):
        tiny_training(trained, epochs=9, resume="changed").run()


def test_a_patient_with_a_hundred_films_counts_once(tmp_path: Path) -> None:
    items = tiny_items(21)
    many = [{**items[0], "subject_id": 1} for _ in range(100)]
    plain = tiny_training(tmp_path, items=[*many, *items[1:]], loss=MultitaskLoss(SPEC.tasks))
    loader = patient_loader(plain.loader.dataset, batch_size=4, noise_seed=1)
    trainer = private(tmp_path, loader=loader, max_epochs=1)
    statement = trainer.statement()
    assert statement.patients == 21 and statement.sampling_rate == 4 / 21
    assert all(sum(row < 100 for _, row in batch) <= 1 for batch in loader.batch_sampler)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"epsilon": 0.0}, "BUDGET_INVALID"),
        ({"delta": 0.5}, "DELTA_TOO_LARGE"),
        ({"clip_norm": None}, "DP_NOT_CLIPPED"),
        ({"clip_norm": math.inf}, "DP_NOT_CLIPPED"),
        ({"accumulate": 2}, "DP_ONE_PROCESS"),
        ({"loss": MultitaskLoss(SPEC.tasks, weighting="uncertainty")}, "DP_LOSS_LEARNS"),
        ({"loss": MultitaskLoss(SPEC.tasks, balance=0.5)}, "DP_UNNOISED"),
    ],
)
def test_what_is_not_private_is_refused_before_training(tmp_path: Path, change: dict[str, Any], code: str) -> None:
    with pytest.raises(InputRejected, match=code):
        private(tmp_path, **change)


def test_a_loader_of_samples_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="DP_NOT_PATIENTS"):
        private(tmp_path, loader=tiny_training(tmp_path).loader)

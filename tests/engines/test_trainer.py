from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
import torch
from ignite.engine import Events
from monai.engines.utils import IterationEvents

from monai_app.core.errors import AppError, InputRejected
from monai_app.core.loading import load_checkpoint
from monai_app.engines.trainer import MultimodalTrainer
from tests.engines.killing import killed_at
from tests.engines.tiny import tiny_items, tiny_training
from tests.single_threaded import single_threaded

EPOCHS, STEPS = 3, 6

__all__ = ["single_threaded"]


def final_state(folder: Path) -> dict[str, Any]:
    newest = sorted((folder / "checkpoints").glob("*.pt"))[-1]
    return {"iteration": int(newest.stem), **load_checkpoint(newest)["parts"]}


def assert_equal_bits(one: Any, other: Any) -> None:
    assert type(one) is type(other)
    if isinstance(one, torch.Tensor):
        assert torch.equal(one, other)
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one.keys() - {"seconds"}:
            assert_equal_bits(one[key], other[key])
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            assert_equal_bits(a, b)
    else:
        assert one == other


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("uninterrupted")
    tiny_training(folder).run()
    return folder


@pytest.mark.parametrize("workers", [0, 2])
def test_killed_at_random_steps_and_repeated_gives_the_same_bits(
    uninterrupted: Path, tmp_path: Path, workers: int
) -> None:
    chance = random.SystemRandom()
    first = chance.choice([4, 5, 10, 11])  # its newest checkpoint (3, 9) lies inside an epoch
    steps = [first, chance.randint(first + 1, EPOCHS * STEPS)]
    moments = [
        chance.choice([Events.ITERATION_STARTED, IterationEvents.BACKWARD_COMPLETED, Events.ITERATION_COMPLETED])
        for _ in steps
    ]
    print("killed at", steps, moments)
    for step, moment in zip(steps, moments, strict=True):
        killed_at(lambda: tiny_training(tmp_path, workers=workers), step, moment)
    tiny_training(tmp_path, workers=workers).run()
    assert_equal_bits(final_state(tmp_path), final_state(uninterrupted))
    assert (tmp_path / "model.safetensors").read_bytes() == (uninterrupted / "model.safetensors").read_bytes()


def test_killed_between_validation_and_checkpoint_gives_the_same_bits(uninterrupted: Path, tmp_path: Path) -> None:
    killed_at(lambda: tiny_training(tmp_path), 2 * STEPS, Events.EPOCH_COMPLETED)
    tiny_training(tmp_path).run()
    assert_equal_bits(final_state(tmp_path), final_state(uninterrupted))


@pytest.mark.parametrize("damage", ["truncated", "zeroed", "empty"])
def test_a_damaged_newest_checkpoint_falls_back_and_says_so(
    uninterrupted: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    killed_at(lambda: tiny_training(tmp_path), 10, Events.ITERATION_COMPLETED)
    newest = sorted((tmp_path / "checkpoints").glob("*.pt"))[-1]
    content = newest.read_bytes()
    half = len(content) // 2
    spoiled = {"truncated": content[:half], "zeroed": content[:half] + bytes(len(content) - half), "empty": b""}
    newest.write_bytes(spoiled[damage])
    tiny_training(tmp_path).run()
    assert "falling back to the previous one" in caplog.text
    assert_equal_bits(final_state(tmp_path), final_state(uninterrupted))


def test_only_damaged_checkpoints_are_refused(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "000000003.pt").write_bytes(b"nothing")
    with pytest.raises(InputRejected, match="CHECKPOINTS_UNREADABLE"):
        tiny_training(tmp_path).run()


def test_worker_count_changes_no_bit(uninterrupted: Path, tmp_path: Path) -> None:
    tiny_training(tmp_path, workers=2).run()
    assert_equal_bits(final_state(tmp_path), final_state(uninterrupted))


def test_the_global_generators_are_left_alone(tmp_path: Path) -> None:
    before = torch.get_rng_state()
    tiny_training(tmp_path, epochs=1).run()
    assert torch.equal(torch.get_rng_state(), before)


def test_a_finished_training_does_nothing(uninterrupted: Path, caplog: pytest.LogCaptureFixture) -> None:
    files = {path: path.stat().st_mtime_ns for path in uninterrupted.rglob("*") if path.is_file()}
    with caplog.at_level("INFO"):
        tiny_training(uninterrupted).run()
    assert "already finished" in caplog.text
    assert {path: path.stat().st_mtime_ns for path in uninterrupted.rglob("*") if path.is_file()} == files


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"dropout": 0.2}, "network"),
        ({"seed": 1}, "engine"),
        ({"batch_size": 5}, "samples"),
        ({"learning_rate": 0.02}, "schedule"),
        ({"patience": 3}, "handlers"),
        ({"provenance": {"cohort": "other"}}, "cohort"),
    ],
)
def test_a_changed_training_is_refused_by_name(uninterrupted: Path, change: dict[str, Any], part: str) -> None:
    with pytest.raises(InputRejected, match=rf"RESUME_CHANGED.*{part}"):
        tiny_training(uninterrupted, **change).run()


def test_another_world_size_is_refused(uninterrupted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monai_app.engines.trainer.world_size", lambda: 2)
    with pytest.raises(InputRejected, match="RESUME_CHANGED.*processes"):
        tiny_training(uninterrupted).run()


def test_a_changed_training_goes_on_when_told_to(tmp_path: Path) -> None:
    tiny_training(tmp_path, epochs=1).run()
    tiny_training(tmp_path, epochs=2, resume="changed").run()
    assert [json.loads(line)["epoch"] for line in (tmp_path / "train_log.jsonl").read_text().splitlines()] == [1, 2]


def test_two_checkpoints_are_kept(uninterrupted: Path) -> None:
    assert len(list((uninterrupted / "checkpoints").iterdir())) == 2


class _NaNAt:
    """A loss that becomes NaN at a step."""

    def __init__(self, loss: Any, step: int) -> None:
        self.loss, self.step, self.steps = loss, step, 0

    def __call__(self, output: Any, targets: Any) -> torch.Tensor:
        self.steps += 1
        return self.loss(output, targets) * (float("nan") if self.steps == self.step else 1.0)


def _plain_loss(output: Any, targets: Any) -> torch.Tensor:
    return torch.nn.functional.binary_cross_entropy_with_logits(output.logits["death"], targets["label_death"])


def test_a_nan_loss_stops_names_the_batch_and_spoils_nothing(tmp_path: Path) -> None:
    step = 2 * STEPS + 2
    trainer = tiny_training(tmp_path, every=1, loss=_NaNAt(_plain_loss, step))
    with pytest.raises(
        AppError, match=rf"LOSS_NOT_FINITE.*epoch 3, iteration {step}, rows of the train split: \d"
    ) as error:
        trainer.run()
    assert "100" not in error.value.got.split("rows")[1]  # subject ids start at 1000
    assert final_state(tmp_path)["iteration"] == step - 1
    assert all(torch.isfinite(value).all() for value in final_state(tmp_path)["network"].values())
    assert json.loads((tmp_path / "train_log.jsonl").read_text().splitlines()[-1])["epoch"] == 2


def test_a_nan_gradient_stops_before_the_weights(tmp_path: Path) -> None:
    def infinite_slope(output: Any, targets: Any) -> torch.Tensor:
        return (output.logits["death"] * 0).abs().sqrt().sum()

    trainer = tiny_training(tmp_path, loss=_NaNAt(infinite_slope, 0))
    before = {name: value.clone() for name, value in trainer.network.named_parameters()}
    with pytest.raises(AppError, match="GRADIENT_NOT_FINITE.*iteration 1"):
        trainer.run()
    assert all(torch.equal(value, before[name]) for name, value in trainer.network.named_parameters())


def test_training_stops_early_and_stays_stopped(tmp_path: Path) -> None:
    options = {"epochs": 40, "patience": 2, "learning_rate": 1e-9}
    tiny_training(tmp_path, **options).run()
    done = final_state(tmp_path)["iteration"]
    assert done < 40 * STEPS
    tiny_training(tmp_path, **options).run()
    assert final_state(tmp_path)["iteration"] == done


def test_a_loader_that_cannot_resume_is_refused(tmp_path: Path) -> None:
    good = tiny_training(tmp_path)
    loader = torch.utils.data.DataLoader(tiny_items(4), batch_size=2)
    with pytest.raises(TypeError, match="sample_loader"):
        MultimodalTrainer("cpu", 1, loader, good.network, good.optimizer, good.loss_function)

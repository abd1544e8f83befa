"""Volumes train by the same engine as multimodal samples, and as exactly."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from ignite.engine import Events

from monai_app.core.loading import load_weights
from monai_app.engines.data import SampleDataset
from monai_app.phantom.balls import write_balls
from tests.engines.killing import killed_at
from tests.engines.volumes.tiny import tiny_training, tiny_transforms
from tests.single_threaded import single_threaded

STEPS = 5

__all__ = ["single_threaded"]


@pytest.fixture(scope="module")
def datalist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_balls(tmp_path_factory.mktemp("balls"), volumes=(STEPS, 2, 1))


@pytest.fixture(scope="module")
def uninterrupted(datalist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("uninterrupted")
    tiny_training(folder, datalist).run()
    return folder


@pytest.mark.parametrize("iteration", [2, 4, 5, 8, 14])
def test_killed_and_repeated_gives_the_same_bits(
    datalist: Path, uninterrupted: Path, tmp_path: Path, iteration: int
) -> None:
    """Also between the batches of one step, where gradients are gathered that no checkpoint holds."""
    killed_at(lambda: tiny_training(tmp_path, datalist), iteration, Events.ITERATION_COMPLETED)
    tiny_training(tmp_path, datalist).run()
    newest = [sorted((folder / "checkpoints").glob("*.pt"))[-1].name for folder in (tmp_path, uninterrupted)]
    assert newest[0] == newest[1]
    assert (tmp_path / "model.safetensors").read_bytes() == (uninterrupted / "model.safetensors").read_bytes()


def test_a_cache_changes_no_bit(datalist: Path, uninterrupted: Path, tmp_path: Path) -> None:
    for name in ("filling", "filled"):
        tiny_training(tmp_path / name, datalist, cache=tmp_path / "cache").run()
        assert (tmp_path / name / "model.safetensors").read_bytes() == (
            uninterrupted / "model.safetensors"
        ).read_bytes()


def test_accumulated_batches_make_one_step(datalist: Path, tmp_path: Path) -> None:
    trainer = tiny_training(tmp_path, datalist, epochs=2, accumulate=STEPS)
    steps = []
    trainer.optimizer.register_step_post_hook(lambda *_: steps.append(trainer.state.iteration))
    trainer.run()
    assert steps == [STEPS, 2 * STEPS]
    assert int(trainer.average.n_averaged) == 2


def test_a_changed_image_or_sequence_misses_the_cache(datalist: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    path = write_balls(folder, sequences=("A", "B"))
    data = [{"image": tuple(str(folder / "images" / f"000_{name}.nii.gz") for name in "AB")}]

    def first() -> torch.Tensor:
        from monai.transforms import Compose

        return SampleDataset(data, Compose(tiny_transforms()), cache_dir=str(tmp_path / "cache"))[0]["image"]

    before = first()
    assert before.shape[0] == 2 and torch.equal(first(), before)
    (folder / "images" / "000_B.nii.gz").write_bytes((folder / "images" / "001_B.nii.gz").read_bytes())
    assert path.is_file() and not torch.equal(first(), before)


def test_the_best_weights_are_those_of_the_average(uninterrupted: Path) -> None:
    assert len(load_weights(uninterrupted / "model.safetensors")) > 4

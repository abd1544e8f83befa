"""What the training engine costs: steps a second against a bare PyTorch loop on the same network, data and precision.

    python scripts/benchmarks/training_loop.py [--json] [--rounds N] [--steps N] [--threads N]

ResNet-34 on one channel (stem stride 2), films of 224 px, batch 8, AdamW. The bare loop does nothing but forward, loss,
backward and step. The engine does everything that train.yaml switches on: seeds every step, clips, looks for NaN, steps
the schedule, averages the weights, keeps the log. Rounds of both in turns; medians of processor time, so that other
work on the machine does not count.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _report import Row, report
from ignite.engine import Events
from monai.optimizers import WarmupCosineSchedule
from torch.utils.data import DataLoader

from monai_app.cohort.spec import FilmSpec, ModalitySpec, ModelSpec, TaskSpec
from monai_app.engines.averaging import AveragedNetwork
from monai_app.engines.build import adamw, seeded_network
from monai_app.engines.data import SampleDataset, sample_loader
from monai_app.engines.precision import AutocastInferer, has_bf16
from monai_app.engines.trainer import MultimodalTrainer
from monai_app.engines.training_log import TrainingLog
from monai_app.losses import MultitaskLoss
from monai_app.networks import EarlyFusion, MultimodalNetwork, default_encoders

BATCH, SIZE_PX, LEARNING_RATE = 8, 224, 1e-4
GOAL = 0.95
SPEC = ModelSpec(modalities=ModalitySpec(film=FilmSpec()), tasks=(TaskSpec(name="finding", kind="binary"),))
CPU = torch.device("cpu")


def films(count: int) -> list[dict[str, Any]]:
    """Random films with labels, in memory."""
    generator = np.random.default_rng(0)
    return [
        {
            "film": generator.random((1, SIZE_PX, SIZE_PX), dtype=np.float32),
            "film_present": True,
            "label_finding": np.array([row % 2], np.float32),
        }
        for row in range(count)
    ]


def new_network() -> MultimodalNetwork:
    """The network of both loops."""
    return seeded_network(SPEC, partial(default_encoders, SPEC, film="resnet34"), partial(EarlyFusion, SPEC))


class BareLoop:
    """The loop that a tutorial shows."""

    def __init__(self, loader: DataLoader, precision: str) -> None:
        self.loader, self.bf16 = loader, precision == "bf16"
        self.network, self.loss = new_network().train(), MultitaskLoss(SPEC.tasks)
        self.optimizer = adamw(self.network, self.loss, learning_rate=LEARNING_RATE)

    def epoch(self) -> None:
        """Train on every batch once."""
        for batch in self.loader:
            self.optimizer.zero_grad(set_to_none=True)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bf16):
                output = self.network(batch)
            output.logits = {name: value.float() for name, value in output.logits.items()}
            self.loss(output, batch).backward()
            self.optimizer.step()


def engine(loader: DataLoader, precision: str, rounds: int, folder: Path) -> MultimodalTrainer:
    """The training engine with everything on but validation and checkpoints, which are not part of a step."""
    network, loss = new_network(), MultitaskLoss(SPEC.tasks)
    optimizer = adamw(network, loss, learning_rate=LEARNING_RATE)
    return MultimodalTrainer(
        CPU,
        rounds,
        loader,
        network,
        optimizer,
        loss,
        schedule=WarmupCosineSchedule(optimizer, 2, 1000, warmup_multiplier=0.01),
        average=AveragedNetwork(network),
        inferer=AutocastInferer(precision),
        train_handlers=[TrainingLog(str(folder / "log.jsonl"))],
    )


def measure(precision: str, rounds: int, steps: int) -> Row:
    """Steps a second of both, round by round in turns; the first round warms up and does not count."""
    items = films(BATCH * steps)
    bare = BareLoop(sample_loader(SampleDataset(items), batch_size=BATCH, order="shuffled"), precision)
    seconds: dict[str, list[float]] = {"bare": [], "engine": []}
    clock = {"start": 0.0}

    def bare_round() -> None:
        start = time.process_time()
        bare.epoch()
        seconds["bare"].append(time.process_time() - start)
        clock["start"] = time.process_time()

    def engine_round() -> None:
        seconds["engine"].append(time.process_time() - clock["start"])

    with tempfile.TemporaryDirectory() as folder:
        loader = sample_loader(SampleDataset(items), batch_size=BATCH, order="shuffled")
        trainer = engine(loader, precision, rounds + 1, Path(folder))
        trainer.add_event_handler(Events.EPOCH_STARTED, bare_round)
        trainer.add_event_handler(Events.EPOCH_COMPLETED, engine_round)
        trainer.run()
    usual, ours = (steps / statistics.median(seconds[name][1:]) for name in ("bare", "engine"))
    ratios = [one / other for one, other in zip(seconds["bare"][1:], seconds["engine"][1:], strict=True)]
    what = (
        f"ResNet-34, 224 px, batch {BATCH}, {precision}{'' if precision == 'fp32' or has_bf16(CPU) else ' (emulated)'}"
    )
    return Row(what=what, usual=usual, ours=ours, unit="steps/s", ratio=statistics.median(ratios), goal=GOAL)


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=3, help="steps a round")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", choices=["fp32", "bf16"], nargs="*", default=["fp32", "bf16"])
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    rows = [measure(precision, arguments.rounds, arguments.steps) for precision in arguments.precision]
    report("training loop: engine against a bare PyTorch loop", rows, arguments.json)


if __name__ == "__main__":
    main()

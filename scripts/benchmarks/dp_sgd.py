"""What a private step costs: time and memory of DP-SGD against a plain step, DenseNet-121 with GroupNorm, batch 16.

    python scripts/benchmarks/dp_sgd.py [--json] [--rounds N] [--steps N] [--sizes 64 96] [--precision fp32] [--hooks]

Each side runs in a process of its own, all sides in turns: the plain step, ours (one patient at a time,
monai_app.generate.privacy.step) and, with --hooks, Opacus's hooks on the whole batch. Processor time of one thread, the
median over rounds; memory is the peak of resident memory over what network and optimiser hold before the first step.
Every side steps AdamW. Goals, both at once: at most 2.6 times the time, at most twice the memory.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from _report import Row, report
from torch import Tensor, nn

BATCH, LABELS, CLIP, NOISE = 16, 8, 1.0, 1.0
MOST_TIME, MOST_MEMORY = 2.6, 2.0


class Training:
    """Network, optimiser and data of every side."""

    def __init__(self, size_px: int, precision: str) -> None:
        from monai_app.core.random import scoped_torch_seed, torch_generator
        from monai_app.networks.encoders import FilmEncoder

        with scoped_torch_seed("dp benchmark"):
            encoder = FilmEncoder("densenet121_group", width=128, size_px=size_px)
            self.network = nn.Sequential(encoder, nn.Flatten(), nn.Linear(128, LABELS)).train()
        generator = torch_generator("dp benchmark", "data")
        self.films = torch.rand(BATCH, 1, size_px, size_px, generator=generator)
        self.labels = (torch.rand(BATCH, LABELS, generator=generator) > 0.5).float()
        self.bf16 = precision == "bf16"
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=1e-4, fused=True)
        for parameter in self.network.parameters():
            parameter.grad = torch.zeros_like(parameter)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

    def losses(self, first: int = 0, count: int = BATCH) -> Tensor:
        """Loss of each film (count,)."""
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            logits = self.network(self.films[first : first + count])
        labels = self.labels[first : first + count]
        return nn.functional.binary_cross_entropy_with_logits(logits.float(), labels, reduction="none").mean(dim=1)


def plain(training: Training) -> Callable[[], None]:
    """The step that everybody takes."""

    def step() -> None:
        training.losses().mean().backward()

    return step


def ours(training: Training) -> Callable[[], None]:
    """The product's private step."""
    from monai_app.core.random import torch_generator
    from monai_app.generate.privacy.step import PrivateStep

    private = PrivateStep(
        training.network.parameters(), clip_norm=CLIP, noise_multiplier=NOISE, expected_patients=BATCH
    )
    generator = torch_generator("dp benchmark", "noise")

    def step() -> None:
        private([lambda row=row: training.losses(row, 1).sum() for row in range(BATCH)], generator)  # type: ignore[misc]

    return step


def hooks(training: Training) -> Callable[[], None]:
    """Opacus as its tutorials use it: per-sample gradients of the whole batch by hooks."""
    from opacus.grad_sample import GradSampleHooks
    from opacus.optimizers import DPOptimizer

    for part in training.network.modules():
        if hasattr(part, "inplace"):
            part.inplace = False  # hooks forbid it
    GradSampleHooks(training.network, loss_reduction="sum")
    optimizer = DPOptimizer(training.optimizer, noise_multiplier=NOISE, max_grad_norm=CLIP, expected_batch_size=BATCH)

    def step() -> None:
        training.losses().sum().backward()
        optimizer.pre_step()
        for parameter in training.network.parameters():
            parameter.grad_sample = parameter.summed_grad = None  # type: ignore[attr-defined]

    return step


SIDES = {"plain": plain, "ours": ours, "hooks": hooks}


def resident_mb(key: str) -> float:
    """VmRSS or VmHWM of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key)) / 1024


def run_side(job: dict[str, Any]) -> dict[str, float]:
    """One side in this process: median seconds a step and MB above what was there before."""
    torch.set_num_threads(1)
    training = Training(job["size_px"], job["precision"])
    step = SIDES[job["side"]](training)
    before = resident_mb("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    seconds = []
    for _ in range(job["steps"] + 1):
        started = time.process_time()
        step()
        training.optimizer.step()
        training.optimizer.zero_grad(set_to_none=True)
        seconds.append(time.process_time() - started)
    return {"seconds": statistics.median(seconds[1:]), "mb": resident_mb("VmHWM") - before}


def measured(job: dict[str, Any]) -> dict[str, float]:
    """A side in a process of its own."""
    command = [sys.executable, "-W", "ignore", __file__, "--side", json.dumps(job)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def compare(size_px: int, precision: str, names: list[str], rounds: int, steps: int) -> list[Row]:
    """Time and memory of each side against plain."""
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            runs[name].append(measured({"side": name, "size_px": size_px, "precision": precision, "steps": steps}))
    middle = {
        name: {key: statistics.median(run[key] for run in found) for key in ("seconds", "mb")}
        for name, found in runs.items()
    }
    rows: list[Row] = []
    for name in names[1:]:
        for key, unit, most in (("seconds", "s a step", MOST_TIME), ("mb", "MB above", MOST_MEMORY)):
            ratio = middle[name][key] / middle["plain"][key]
            what = f"{name}, {size_px} px, {precision}: {unit} (at most {most})"
            rows.append(
                Row(what=what, usual=middle["plain"][key], ours=middle[name][key], unit=unit, ratio=ratio, goal=most,
                    met=ratio <= most)
            )  # fmt: skip
    return rows


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--sizes", type=int, nargs="*", default=[64, 96])
    parser.add_argument("--precision", choices=["fp32", "bf16"], nargs="*", default=["fp32"])
    parser.add_argument("--hooks", action="store_true")
    parser.add_argument("--side", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side:
        print(json.dumps(run_side(json.loads(arguments.side))))
        return
    names = ["plain", "ours", *(["hooks"] if arguments.hooks else [])]
    rows = [
        row
        for size in arguments.sizes
        for precision in arguments.precision
        for row in compare(size, precision, names, arguments.rounds, arguments.steps)
    ]
    report("private step against a plain one, DenseNet-121 with GroupNorm, batch 16", rows, arguments.json)


if __name__ == "__main__":
    main()

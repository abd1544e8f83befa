"""What T = 20 Monte Carlo samples cost behind a shared trunk, against one pass and against passing all of it T times.

    python scripts/benchmarks/mc_dropout.py [--json] [--rounds N] [--threads N]

DRAF on a film of 224 px (ResNet-34), a series of 48 h (LSTM), a table and a note, batch 8, fp32. The usual way runs the
whole network once a sample, with that sample's masks; the results are compared before anything is timed. Medians of
processor time over rounds of all in turns, so that other work on the machine does not count.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import torch
from _multimodal import new_batch, new_network
from _report import Row, report
from torch import Tensor

from monai_app.networks import DRAF, MultimodalNetwork

BATCH, SAMPLES = 8, 20
LARGEST_COST, NAIVE_GAIN = 1.05, 15.0


def draf(samples: int) -> MultimodalNetwork:
    """DRAF with T samples; the same weights whatever T."""
    return new_network(partial(DRAF, samples=samples))


def sampled_naively(network: MultimodalNetwork, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Per-modality features of every sample (T, B, d), the whole network passed for each of them."""
    tails = network.get_submodule("fusion.tails")
    passes: dict[str, list[Tensor]] = {name: [] for name in network.modalities}
    for index in range(SAMPLES):
        present = network.presence(batch)
        tokens = network.encode(batch, present)
        for name in network.modalities:
            passes[name].append(tails.get_submodule(name).sample(tokens[name].mean(dim=1), index))  # type: ignore[operator]
        network.fusion(tokens, present)
    return {name: torch.stack(values) for name, values in passes.items()}


def largest_difference(network: MultimodalNetwork, batch: dict[str, Tensor]) -> float:
    """Between the features of the shared trunk, averaged over samples, and those of the naive way."""
    naive = sampled_naively(network, batch)
    shared = network(batch).extras["features"]
    return max(float((naive[name].mean(dim=0) - shared[:, m]).abs().max()) for m, name in enumerate(network.modalities))


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    single, shared, plain, batch = draf(1), draf(SAMPLES), draf(1), new_batch(BATCH)
    with torch.inference_mode():
        difference = largest_difference(shared, batch)
        ways: dict[str, Callable[[], object]] = {
            "single": lambda: single(batch),
            "shared": lambda: shared(batch),
            "naive": lambda: [plain(batch) for _ in range(SAMPLES)],
        }
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for way in ways.values():
            way()
        for _ in range(options.rounds):
            for name, way in ways.items():
                started = time.process_time()
                way()
                seconds[name].append(time.process_time() - started)
    milliseconds = {name: 1000 * statistics.median(values) for name, values in seconds.items()}
    cost = milliseconds["shared"] / milliseconds["single"]
    rows: list[Row] = [
        {
            "what": f"T = {SAMPLES} against one pass, batch {BATCH} (goal: at most {LARGEST_COST})",
            "usual": milliseconds["single"],
            "ours": milliseconds["shared"],
            "unit": "ms",
            "ratio": cost,
            "goal": LARGEST_COST,
            "met": cost <= LARGEST_COST,
        },
        {
            "what": f"T = {SAMPLES} against {SAMPLES} passes (difference {difference:.1e})",
            "usual": milliseconds["naive"],
            "ours": milliseconds["shared"],
            "unit": "ms",
            "ratio": milliseconds["naive"] / milliseconds["shared"],
            "goal": NAIVE_GAIN,
        },
    ]
    report("Monte Carlo dropout behind a shared trunk", rows, options.json)


if __name__ == "__main__":
    main()

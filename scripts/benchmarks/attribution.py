"""What exact Shapley values of four modalities cost beside the prediction itself, and what the naive way costs.

    python scripts/benchmarks/attribution.py [--json] [--rounds N] [--threads N]

One case with a film of 224 px (ResNet-34), a series of 48 h (LSTM), a table and a note, under several fusions, fp32.
Both ways start from nothing: ours encodes once and fuses the 15 coalitions as one batch; the naive way runs the network
for each of them with the other modalities marked absent. Their scores are compared before anything is timed. Medians of
processor time over rounds of all in turns, so that other work on the machine does not count. A network skips the
encoder of an absent modality, so that the naive way encodes each modality 8 times, not 15.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from _multimodal import SPEC, Batch, new_batch, new_network
from _report import Row, report

from monai_app.explain.baselines import Baselines
from monai_app.explain.case import open_case
from monai_app.explain.modality_shares import Prior, coalitions_of, modality_shares
from monai_app.explain.target import Target, find_target
from monai_app.networks import DRAF, AttentionFusion, HEALNet, LateFusion, MultimodalNetwork

LARGEST_COST, NAIVE_GAIN = 1.05, 7.0
FUSIONS = {"attention": AttentionFusion, "late": LateFusion, "DRAF": DRAF, "HEALNet": HEALNet}
PRIOR = Prior(0.0, "benchmark")


def ours(network: MultimodalNetwork, case: Batch, target: Target) -> np.ndarray:
    """Scores of all coalitions but the empty one (15,)."""
    return modality_shares(open_case(network, SPEC, case, target, Baselines()), PRIOR).coalitions[1:]


def naive(network: MultimodalNetwork, case: Batch, target: Target) -> np.ndarray:
    """The same by running the network for each coalition."""
    scores = []
    for row in coalitions_of(torch.ones(1, len(network.modalities), dtype=torch.bool)):
        shown = {f"{name}_present": row[m : m + 1] for m, name in enumerate(network.modalities)}
        scores.append(float(target.score(network(case | shown).logits)[0]))
    return np.array(scores)


def rows_of(name: str, rounds: int) -> list[Row]:
    """Both comparisons under one fusion."""
    network, case, target = new_network(FUSIONS[name]), new_batch(1), find_target(SPEC, "a")
    with torch.inference_mode():
        difference = float(np.abs(ours(network, case, target) - naive(network, case, target)).max())
        ways: dict[str, Callable[[], object]] = {
            "prediction": lambda: network(case),
            "ours": lambda: ours(network, case, target),
            "naive": lambda: naive(network, case, target),
        }
        seconds: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(rounds):
            for way, run in ways.items():
                started = time.process_time()
                run()
                seconds[way].append(time.process_time() - started)
    milliseconds = {way: 1000 * statistics.median(values) for way, values in seconds.items()}
    cost = milliseconds["ours"] / milliseconds["prediction"]
    return [
        {
            "what": f"{name}: values and prediction against prediction",
            "usual": milliseconds["prediction"],
            "ours": milliseconds["ours"],
            "unit": "ms",
            "ratio": cost,
            "goal": LARGEST_COST,
            "met": cost <= LARGEST_COST,
        },
        {
            "what": f"{name}: against 15 predictions (differ by {difference:.0e})",
            "usual": milliseconds["naive"],
            "ours": milliseconds["ours"],
            "unit": "ms",
            "ratio": milliseconds["naive"] / milliseconds["ours"],
            "goal": NAIVE_GAIN,
        },
    ]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rows = [row for name in FUSIONS for row in rows_of(name, options.rounds)]
    report("Exact Shapley values of four modalities, beside the prediction", rows, options.json)


if __name__ == "__main__":
    main()

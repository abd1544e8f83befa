"""What integrated gradients of a film cost beside Captum's default call: processor time, memory, and what they give.

    python scripts/benchmarks/integrated_gradients.py [--json] [--backbones resnet34 densenet121] [--threads N]

A film of 224 px before a ResNet-34 or DenseNet-121 and Monte Carlo heads, one sample, compared with its blurred self.
Usual: ``IntegratedGradients(forward).attribute(film, baselines=blurred, n_steps=50)`` on the network as it comes; also
with an internal batch of 8. Ours: the call behind ``monai-app explain``, with its comparison of precisions where it
makes one. Weights are random with a fixed seed; explained is the label that the film moves most. Each way runs once,
without a warm-up, in a process of its own. Time is processor time of all threads, so that other work on the machine
counts little; memory is the peak above what the process held with the model loaded.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from _multimodal import SPEC
from _report import Row, report
from captum.attr import IntegratedGradients
from scipy.ndimage import gaussian_filter
from torch import Tensor

from monai_app.cohort.spec import FilmSpec, ModalitySpec
from monai_app.core.processor import peak_bytes, reset_peak, resident_bytes
from monai_app.engines.build import seeded_network
from monai_app.explain.attribution_map import completeness_gap
from monai_app.explain.baselines import Baselines, blurred
from monai_app.explain.case import open_case
from monai_app.explain.gradients import integrated_gradients
from monai_app.explain.prepared import prepared
from monai_app.explain.target import Target, known_targets
from monai_app.networks import MultimodalNetwork, SampledFusion, default_encoders

WAYS = ("usual", "batched", "ours")
STEPS, SIDE, LEAST_GAIN, LEAST_COSINE, MOST_GAP, MOST_BYTES = 50, 224, 4.0, 0.98, 0.01, 1e9
ALONE = SPEC.model_copy(update={"modalities": ModalitySpec(film=FilmSpec(size_px=SIDE))})


def new_film() -> Tensor:
    """A random picture with structure of all sizes, ``(1, 1, SIDE, SIDE)`` in [0, 1]."""
    generator = np.random.default_rng(0)
    noise = [gaussian_filter(generator.standard_normal((SIDE, SIDE)), 2.0**k) * 4.0**k for k in range(6)]
    picture = sum(noise[1:], noise[0])
    return torch.from_numpy(((picture - picture.min()) / np.ptp(picture)).astype(np.float32))[None, None]


def new_network(backbone: str) -> MultimodalNetwork:
    """A network as it is before training."""
    encoders = partial(default_encoders, ALONE, film=backbone)
    return seeded_network(ALONE, encoders, partial(SampledFusion, ALONE)).eval()


def inputs_of(film: Tensor) -> dict[str, Tensor]:
    """A batch of films as the network takes it."""
    return {"film": film, "film_present": torch.ones(len(film), dtype=torch.bool)}


def captum_map(network: MultimodalNetwork, film: Tensor, away: Tensor, target: Target, batch: int | None) -> Tensor:
    """The usual way."""
    method = IntegratedGradients(lambda x: target.score(network(inputs_of(x)).logits))
    found: Tensor = method.attribute(film, baselines=away, n_steps=STEPS, internal_batch_size=batch)
    return found[0, 0].detach()


def our_map(network: MultimodalNetwork, film: Tensor, target: Target, change: float) -> tuple[Tensor, str, int]:
    """Our way: the map, its precision and its passes."""
    with prepared(network):
        case = open_case(network, ALONE, inputs_of(film), target, Baselines())
        found = integrated_gradients(case, case.view("film"), change)
    return found.values, found.precision, found.evaluations


def measure(way: str, backbone: str, folder: str, threads: int) -> None:
    """Run one way once; write its map and its costs."""
    torch.set_num_threads(threads)
    out = Path(folder)
    network, film = new_network(backbone), new_film()
    away = torch.from_numpy(blurred(film[0, 0].numpy()))[None, None]
    with torch.no_grad():
        both = network(inputs_of(torch.cat([film, away]))).logits
    changes = {target: float(torch.diff(target.score(both)) * -1) for target in known_targets(ALONE).values()}
    target, change = max(changes.items(), key=lambda pair: abs(pair[1]))
    base, _, started = resident_bytes(), reset_peak(), time.process_time()
    if way == "ours":
        values, precision, passes = our_map(network, film, target, change)
    else:
        values, precision, passes = captum_map(network, film, away, target, 8 if way == "batched" else None), "fp32", 50
    seconds, taken = time.process_time() - started, peak_bytes() - base
    np.save(out / f"{way}.npy", values.numpy())
    gap = completeness_gap(float(values.double().sum()), change)
    told = {"seconds": seconds, "bytes": taken, "gap": gap, "change": change, "precision": precision, "passes": passes}
    (out / f"{way}.json").write_text(json.dumps(told))


def rows_of(backbone: str, threads: int) -> list[Row]:
    """All comparisons of one backbone."""
    with TemporaryDirectory() as folder:
        for way in WAYS:
            # Forked before anything is computed: all ways start from the same memory, and imports are paid once.
            child = multiprocessing.get_context("fork").Process(target=measure, args=(way, backbone, folder, threads))
            child.start()
            child.join()
            if child.exitcode:
                msg = f"the process of {backbone}, {way} ended with {child.exitcode}"
                raise RuntimeError(msg)
        told = {way: json.loads(Path(folder, f"{way}.json").read_text()) for way in WAYS}
        maps = {way: np.load(Path(folder, f"{way}.npy")).ravel().astype(float) for way in WAYS}
    usual, batched, ours = (told[way] for way in WAYS)
    cosine = float(maps["usual"] @ maps["ours"] / np.linalg.norm(maps["usual"]) / np.linalg.norm(maps["ours"]))
    how = f"{ours['passes']} passes, {ours['precision']}, change {ours['change']:+.2f}"

    def row(what: str, one: float, other: float, unit: str, ratio: float, goal: float, met: bool) -> Row:
        return {
            "what": f"{backbone}: {what}",
            "usual": one,
            "ours": other,
            "unit": unit,
            "ratio": ratio,
            "goal": goal,
            "met": met,
        }

    gain = usual["seconds"] / ours["seconds"]
    other = batched["seconds"] / ours["seconds"]
    saved = usual["bytes"] / max(1, ours["bytes"])
    return [
        row(f"time ({how})", usual["seconds"], ours["seconds"], "s", gain, LEAST_GAIN, gain >= LEAST_GAIN),
        row("time against batches of 8", batched["seconds"], ours["seconds"], "s", other, 1.6, other >= 1.6),
        row(
            "memory above the model",
            usual["bytes"] / 1e9,
            ours["bytes"] / 1e9,
            "GB",
            saved,
            1.0,
            ours["bytes"] < MOST_BYTES,
        ),
        row("cosine of the maps", 1.0, cosine, "", cosine, LEAST_COSINE, cosine >= LEAST_COSINE),
        row("completeness gap", usual["gap"], ours["gap"], "", ours["gap"], MOST_GAP, ours["gap"] < MOST_GAP),
    ]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--backbones", nargs="+", default=["resnet34", "densenet121"])
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    rows = [row for backbone in options.backbones for row in rows_of(backbone, options.threads)]
    report("Integrated gradients of a film, beside Captum's default call", rows, options.json)


if __name__ == "__main__":
    main()

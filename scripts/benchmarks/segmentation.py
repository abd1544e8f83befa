"""What segmenting a CT of 512 x 512 costs end to end, by stage: MONAI's zoo-style pipeline against the lean way.

    python scripts/benchmarks/segmentation.py [--json] [--slices N] [--work DIR] [--model DIR] [--threads N]

Usual: LoadImaged, Orientationd, Spacingd, ScaleIntensityRanged, SlidingWindowInferer (fp32, overlap .5, Gaussian, the
bundle's patch), softmax, Invertd and argmax at full size, SaveImage. Ours: what `monai-app segment` runs. The same
uncompressed NIfTI file of a phantom patient, the same weights (of the bundle ct_segmentation, or --model), the same
run; each side in a process of its own, warmed up on a small volume. Ratios are of processor seconds, so that other work
on the machine does not count; wall seconds stand beside them. Memory is the peak above what the process held before
(interpreter, libraries, network).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from _report import Row, report

from monai_app.cohort.datalist_sources import PHANTOM_STRUCTURES
from monai_app.inference.agreement import agreement
from monai_app.phantom.anatomy import Organ
from monai_app.phantom.ct import take_ct
from monai_app.phantom.patient import draw_patient
from monai_app.phantom.volume import affine_ras

CLASSES = ("background", *PHANTOM_STRUCTURES)
SIDES = Path(__file__).with_name("_segmentation_sides.py")
GOALS = {"overlap .25": 12.0, "overlap .5": 6.0}
MEMORY_GOAL, LONG_GIB, LONG_SLICES = 4.0, 4.0, 280
EQUAL_GOAL, DICE_LOSS = 0.9999, 0.002
SEED, TEST_PATIENT, LONG_PATIENT = 11, 100, 101
WAYS: dict[str, dict[str, Any]] = {
    "overlap .25": {"overlap": 0.25},
    "overlap .5": {"overlap": 0.5},
    "exact": {"overlap": 0.5, "precision": "fp32", "crop": "none"},
    "overlap .25, fitted windows": {"overlap": 0.25, "fit": True},
    "overlap .25, OpenVINO": {"overlap": 0.25, "backend": "openvino"},
}
"""The first is `monai-app segment` as it is; fitted windows see a volume little longer than the patch at once."""


def run(job: dict[str, Any]) -> dict[str, Any]:
    """One side in a process of its own; threads that wait sleep, so that waiting is not counted as work."""
    environment = {**os.environ, "OMP_WAIT_POLICY": "passive", "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(SIDES), json.dumps(job)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def phantom_ct(folder: Path, patient: int, slices: int) -> tuple[Path, Path]:
    """A patient's CT of 512 x 512 and its labels as NIfTI; what is there already is taken."""
    image, truth = (folder / f"patient{patient}_{slices}{kind}.nii" for kind in ("", "_truth"))
    if not truth.exists():
        volume = take_ct(draw_patient(SEED, patient), shape=(slices, 512, 512))
        table = np.zeros(len(Organ), np.uint8)
        for label, name in enumerate(PHANTOM_STRUCTURES[:-1], 1):
            table[Organ[name.upper()]] = label
        labels = np.where(volume.lesions > 0, np.uint8(len(PHANTOM_STRUCTURES)), table[volume.organs])
        for path, array in ((image, np.round(volume.values).astype(np.int16)), (truth, labels)):
            nibabel.save(nibabel.Nifti1Image(array.transpose(2, 1, 0), affine_ras(volume.geometry)), path)
    return image, truth


def small_volume(folder: Path) -> Path:
    """Something that one window covers, to warm up on."""
    path = folder / "warm.nii.gz"
    values = np.random.default_rng(0).integers(-1000, 1000, (64, 64, 64)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(values, np.diag([-1.0, -1.0, 1.0, 1.0])), path)
    return path


def labels_of(path: str | Path) -> np.ndarray:
    """A label map as it lies in its file."""
    return np.asanyarray(nibabel.load(path).dataobj).astype(np.uint8)


def show(name: str, result: dict[str, Any]) -> None:
    """Stages of one side."""
    memory = result["memory"]
    print(
        f"{name}: wall {result['wall']:.2f} s, processor {result['processor']:.2f} s, "
        f"{memory['above'] / 2**20:.0f} MiB above {memory['base'] / 2**20:.0f}, windows {result.get('windows', '')}"
    )
    for stage, (wall, processor) in result["stages"].items():
        print(f"    {stage:14} wall {wall:7.2f} s   processor {processor:7.2f} s")


def rows_of(results: dict[str, dict[str, Any]], truth: np.ndarray) -> list[Row]:
    """The comparisons that have goals."""
    usual = results["usual"]
    rows: list[Row] = []
    for name, ours in results.items():
        goal = GOALS.get(name, 0.0)
        for kind in ("processor", "wall") if name != "usual" else ():
            ratio = usual[kind] / ours[kind]
            what = f"{kind} seconds, {name}"
            rows.append(Row(what=what, usual=usual[kind], ours=ours[kind], unit="s", ratio=ratio, goal=goal))
    above = [results[name]["memory"]["above"] / 2**20 for name in ("usual", "overlap .25")]
    what = "memory above the base process, overlap 0.25"
    rows.append(Row(what=what, usual=above[0], ours=above[1], unit="MiB", ratio=above[0] / above[1], goal=MEMORY_GOAL))
    reference = labels_of(usual["labels"])
    before = agreement(reference, truth, CLASSES)["dice"]
    for name, result in results.items():
        if name == "usual":
            continue
        found = labels_of(result["labels"])
        equal = agreement(found, reference, CLASSES)["equal"]
        after = agreement(found, truth, CLASSES)["dice"]
        means = [float(np.mean([value for value in dice.values() if value is not None])) for dice in (before, after)]
        goal = EQUAL_GOAL if name == "exact" else 0.0
        rows.append(Row(what=f"voxels equal, {name}", usual=1.0, ours=equal, unit="share", ratio=equal, goal=goal))
        lost = means[0] - means[1]
        what = f"mean Dice against the truth, {name}"
        met = lost <= DICE_LOSS
        ratio = means[1] / means[0]
        rows.append(Row(what=what, usual=means[0], ours=means[1], unit="Dice", ratio=ratio, goal=1.0, met=met))
        print(f"{name}: Dice by structure {after}")
    return rows


def long_row(job: dict[str, Any], folder: Path) -> Row:
    """512 x 512 x 280: the most memory that the whole process takes."""
    image, _ = phantom_ct(folder, LONG_PATIENT, LONG_SLICES)
    chosen = {"side": "ours", "image": str(image), "options": WAYS["overlap .25"], "out": str(folder / "long")}
    result = run({**job, **chosen})
    show(f"{LONG_SLICES} slices", result)
    peak = result["memory"]["peak"] / 2**30
    what = f"512 x 512 x {LONG_SLICES}: peak of the process (goal: below {LONG_GIB:.0f} GiB)"
    return Row(what=what, usual=LONG_GIB, ours=peak, unit="GiB", ratio=LONG_GIB / peak, goal=1.0)


def main() -> None:
    """Make what is missing, run every side, report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    parser.add_argument("--slices", type=int, default=120)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--bundle", default="ct_segmentation")
    parser.add_argument("--model", type=Path, help="folder of the weights; default: the bundle's own")
    parser.add_argument("--work", type=Path, help="folder that keeps volumes and weights; default: a temporary one")
    parser.add_argument("--ways", nargs="*", default=list(WAYS)[:4], choices=list(WAYS))
    parser.add_argument("--long", action="store_true", help=f"also {LONG_SLICES} slices")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.work or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        image, truth = phantom_ct(folder, TEST_PATIENT, options.slices)
        warm = small_volume(folder)
        job = {
            "image": str(image),
            "warm": str(warm),
            "bundle": options.bundle,
            "model_dir": None if options.model is None else str(options.model),
            "threads": options.threads,
        }
        sides = {"usual": {"side": "usual"}} | {name: {"side": "ours", "options": WAYS[name]} for name in options.ways}
        results = {}
        for number, (name, side) in enumerate(sides.items()):
            results[name] = run({**job, **side, "out": str(folder / f"labels{number}")})
            show(name, results[name])
        rows = rows_of(results, labels_of(truth))
        rows += [long_row(job, folder)] if options.long else []
        report("segmentation", rows, options.json)


if __name__ == "__main__":
    main()

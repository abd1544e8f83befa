"""The two sides of the segmentation benchmark, each run in a process of its own: MONAI's zoo-style pipeline, and ours.

    python scripts/benchmarks/_segmentation_sides.py '{"side": "usual", ...}'

Both take network, spacing, patch and weights from the bundle ct_segmentation; the usual side repeats its intensities.
Prints one JSON line: seconds and processor seconds by stage, and the peak of memory above what was there before.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import torch

from monai_app.inference.model import Options, SegmentationModel

HU, RANGE = (-1000.0, 1000.0), (-1.0, 1.0)
"""As the bundle's common.yaml says."""


class Clock:
    """Seconds and processor seconds of every stage."""

    def __init__(self) -> None:
        self.stages: dict[str, tuple[float, float]] = {}
        self._last = time.perf_counter(), time.process_time()

    def stop(self, stage: str) -> None:
        """Count what has passed since the last stop."""
        now = time.perf_counter(), time.process_time()
        self.stages[stage] = now[0] - self._last[0], now[1] - self._last[1]
        self._last = now


def usual(job: dict[str, Any], model: SegmentationModel, clock: Clock) -> dict[str, Any]:
    """MONAI's: fp32, probabilities of all classes at full size, twice resampled."""
    from monai.inferers import SlidingWindowInferer
    from monai.transforms import (
        Activationsd,
        AsDiscreted,
        Compose,
        EnsureChannelFirstd,
        Invertd,
        LoadImaged,
        Orientationd,
        SaveImage,
        ScaleIntensityRanged,
        Spacingd,
    )

    load = Compose([LoadImaged("image"), EnsureChannelFirstd("image")])
    steps: list[Any] = [
        Orientationd("image", axcodes="RAS", labels=None),
        Spacingd("image", pixdim=model.spacing_mm, mode="bilinear"),
        ScaleIntensityRanged("image", *HU, *RANGE, clip=True),
    ]
    before = Compose(steps)
    data = load({"image": job["image"]})
    clock.stop("read")
    data = before(data)
    clock.stop("resample")
    inferer = SlidingWindowInferer(model.window, sw_batch_size=1, overlap=0.5, mode="gaussian")
    with torch.no_grad():
        data["pred"] = inferer(data["image"][None], model.network)[0]
    clock.stop("windows")
    data = Activationsd("pred", softmax=True)(data)
    data = Invertd("pred", before, orig_keys="image", nearest_interp=False, to_tensor=True)(data)
    clock.stop("invert")
    data = AsDiscreted("pred", argmax=True)(data)
    clock.stop("argmax")
    out = Path(job["out"])
    saver = SaveImage(out.parent, output_postfix=out.name, output_dtype="uint8", separate_folder=False, print_log=False)
    saver(data["pred"])
    clock.stop("write")
    return {"labels": str(next(out.parent.glob(f"*{out.name}.nii.gz")))}


def ours(job: dict[str, Any], model: SegmentationModel, clock: Clock) -> dict[str, Any]:
    """The lean way, as ``monai-app segment`` runs it."""
    import nibabel

    from monai_app.dicom.volume_files import read_volume
    from monai_app.inference.outputs import label_image
    from monai_app.inference.segment import segment_volume
    from monai_app.inference.stages import Stages

    volume = read_volume(job["image"])
    clock.stop("read")
    watch = Stages(resets=False)  # the peak of the whole run counts here
    defaults = {"overlap": 0.25, "precision": "auto", "crop": "body", "backend": "torch"}
    words = {**defaults, **job["options"]}
    words.pop("fit", None)
    chosen = Options.parse(**words)
    done = segment_volume(volume, model, chosen, stages=watch)
    clock.stop("segment")
    path = f"{job['out']}.nii.gz"
    nibabel.save(label_image(done), path)
    clock.stop("write")
    inner = {f"  {name}": (taken, 0.0) for name, taken in watch.seconds.items()}
    clock.stages |= inner
    windows = {"seen": done.windows, "over_air": done.windows_skipped, "usual": done.windows_usual}
    return {"labels": path, "windows": windows, "precision": chosen.resolved().value}


def main() -> None:
    """Run one side once to warm up on a small volume where asked, then measured."""
    warnings.simplefilter("ignore")
    job = json.loads(sys.argv[1])
    torch.set_num_threads(job["threads"])
    from monai_app.core.processor import peak_bytes, reset_peak, resident_bytes
    from monai_app.engines.volumes.lean import open_lean

    model = open_lean(job["bundle"], model_dir=job["model_dir"], fit=job.get("options", {}).get("fit", False)).model
    side = {"usual": usual, "ours": ours}[job["side"]]
    if job.get("warm"):  # imports and the first pass of every operation belong to neither side
        side({**job, "image": job["warm"], "out": job["out"] + "_warm"}, model, Clock())
    counted = reset_peak()
    base, clock = resident_bytes(), Clock()
    result = side(job, model, clock)
    total = [sum(value[part] for name, value in clock.stages.items() if name[0] != " ") for part in (0, 1)]
    memory = {"base": base, "peak": peak_bytes(), "above": peak_bytes() - base, "reset": counted}
    print(json.dumps({**result, "wall": total[0], "processor": total[1], "stages": clock.stages, "memory": memory}))


if __name__ == "__main__":
    main()

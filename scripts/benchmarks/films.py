"""How fast a film becomes a network's input: DICOM 2500 x 3000, 16 bit allocated, to 224 x 224.

    python scripts/benchmarks/films.py [--json] [--repeats N]

Usual: MONAI's LoadImaged (PydicomReader), EnsureChannelFirstd, Resized by area, ScaleIntensityd, which is its cheapest
order; with CLAHE before the resize, as published, by scikit-image. Ours: LoadFilmd, with CLAHEd after it. One thread,
the file in the page cache, the two ways in turns of five films, medians of processor time, so that other work on the
machine does not count. Both pictures are compared before the clock starts.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _report import Row, report

ROWS, COLUMNS, SIZE_PX = 3000, 2500, 224
FILMS_A_TURN = 5
GOAL = 8.0
LEAST_CORRELATION = 0.99


def write_film(path: Path) -> None:
    """A film with smooth anatomy-like structure, grain and a window over its whole range."""
    from scipy.ndimage import zoom

    from monai_app.dicom.study import StudyHeader
    from monai_app.dicom.write_film import FilmHeader, FilmModality
    from monai_app.dicom.write_film import write_film as film_bytes

    generator = np.random.default_rng(0)
    smooth = zoom(generator.random((12, 10)), (ROWS / 12, COLUMNS / 10), order=3)[:ROWS, :COLUMNS]
    grain = generator.normal(0, 0.02, smooth.shape)
    pixels = np.clip((0.1 + 0.8 * smooth + grain) * 4095, 0, 4095).astype(np.uint16)
    pixels[0, :2] = 0, 4095
    study = StudyHeader(
        patient_id="benchmark",
        sex="O",
        age_years=50,
        taken=datetime(2000, 1, 1, tzinfo=UTC),
        study_uid="1.2.826.0.1.3680043.8.498.2",
        series_uid="1.2.826.0.1.3680043.8.498.3",
        manufacturer="",
        model="",
        institution="",
        description="benchmark",
    )
    header = FilmHeader(
        study=study,
        modality=FilmModality.DX,
        sop_instance_uid="1.2.826.0.1.3680043.8.498.1",
        view="PA",
        monochrome1=False,
        bits=12,
        pixel_mm=0.143,
        source_to_detector_mm=1800.0,
    )
    path.write_bytes(film_bytes(pixels, header))


def usual_way(*, clahe: bool) -> Callable[[Path], torch.Tensor]:
    """MONAI's transforms."""
    from monai.transforms import Compose, EnsureChannelFirstd, Lambdad, LoadImaged, Resized, ScaleIntensityd
    from skimage.exposure import equalize_adapthist

    def equalise(film: Any) -> Any:
        return torch.from_numpy(equalize_adapthist(film[0].numpy(), clip_limit=2 / 256))[None]

    load: list[Any] = [LoadImaged("film", reader="PydicomReader", image_only=True), EnsureChannelFirstd("film")]
    shrink = Resized("film", spatial_size=SIZE_PX, size_mode="longest", mode="area")
    if clahe:
        steps = [*load, ScaleIntensityd("film"), Lambdad("film", equalise), shrink]
    else:
        steps = [*load, shrink, ScaleIntensityd("film")]
    compose = Compose(steps)
    return lambda path: compose({"film": str(path)})["film"]


def our_way(*, clahe: bool) -> Callable[[Path], torch.Tensor]:
    """Ours."""
    from monai.transforms import Compose

    from monai_app.transforms.clahe import CLAHEd
    from monai_app.transforms.film import LoadFilmd

    compose = Compose([LoadFilmd("film", size_px=SIZE_PX), *([CLAHEd("film")] if clahe else [])])
    return lambda path: compose({"film": str(path), "film_present": True})["film"]


def correlation(usual: torch.Tensor, ours: torch.Tensor) -> float:
    """Of the two pictures: MONAI gives (1, columns, rows) without letterbox, ours (1, rows, columns) with it."""
    film = np.asarray(usual)[0].T
    left = (SIZE_PX - film.shape[1]) // 2
    return float(np.corrcoef(film.ravel(), ours[0].numpy()[:, left : left + film.shape[1]].ravel())[0, 1])


def turn(way: Callable[[Path], torch.Tensor], path: Path) -> list[float]:
    """Processor seconds of each film of a turn; the first, which finds the other way's memory, does not count."""
    times = []
    for _ in range(FILMS_A_TURN + 1):
        start = time.process_time()
        way(path)
        times.append(time.process_time() - start)
    return times[1:]


def measure(path: Path, repeats: int, *, clahe: bool) -> Row:
    """Medians of both ways, in turns."""
    usual, ours = usual_way(clahe=clahe), our_way(clahe=clahe)
    same = correlation(usual(path), ours(path))
    if not clahe and same < LEAST_CORRELATION:
        raise SystemExit(f"the two ways give different pictures: correlation {same:.4f}")
    turns = [(turn(usual, path), turn(ours, path)) for _ in range(repeats)]
    slow, fast = (1000 * statistics.median(chain(*column)) for column in zip(*turns, strict=True))
    what = f"DICOM {COLUMNS} x {ROWS} -> {SIZE_PX}^2{', CLAHE' if clahe else ''} (correlation {same:.3f})"
    return {"what": what, "usual": slow, "ours": fast, "unit": "ms/film", "ratio": slow / fast, "goal": GOAL}


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    parser.add_argument("--repeats", type=int, default=4, help="turns a way")
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # MONAI's reader says for every film that it has no position in space
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.dcm"
        write_film(path)
        rows = [measure(path, options.repeats, clahe=clahe) for clahe in (False, True)]
    report("films", rows, options.json)


if __name__ == "__main__":
    main()

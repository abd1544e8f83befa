"""What disease does to the chest: consolidation, congestion, effusion, nodule, pneumothorax, each from one latent.

Sizes are in mm and places are fractions of the lung, so that the same patient shows the same lesion in every pose.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from monai_app.phantom.anatomy import Canvas, Lesion, dome_distance, lung_distance
from monai_app.phantom.build import Build, Pose
from monai_app.phantom.grid import Slices
from monai_app.phantom.patient import Patient

CONSOLIDATION_HU, FLUID_HU, NODULE_HU, HAZE_HU, PLEURA_HU = 20.0, 10.0, 60.0, -150.0, 30.0
_MOST_NODULES = 5


@dataclass(frozen=True)
class Findings:
    """The lesions of one patient; a size of 0 means there is none.

    Attributes:
        consolidation: (N, 4) blobs: place within the lung (side -1 / +1 times outward fraction, depth fraction, height
            fraction) and standard deviation in mm.
        consolidation_density: 0..1, how much of the air is replaced.
        congestion: 0..1, density of the perihilar haze.
        effusion_mm: height of the fluid above the deepest recess when upright, on the right and left.
        nodules: (N, 4) place as for a blob, and diameter in mm.
        pneumothorax_mm: gap between chest wall and lung at the apex.
        pneumothorax_side: -1 right, +1 left.
    """

    consolidation: np.ndarray
    consolidation_density: float
    congestion: float
    effusion_mm: tuple[float, float]
    nodules: np.ndarray
    pneumothorax_mm: float
    pneumothorax_side: float


def draw_findings(patient: Patient) -> Findings:
    """Sizes follow the film latents monotonically; sides and places carry no information."""
    rng = patient.generator("lesions")
    blobs, density = _draw_consolidation(patient.latent("film_consolidation"), rng)
    fluid = patient.latent("film_effusion")
    main_side, other = int(rng.integers(2)), float(rng.uniform(0.3, 0.8))
    heights = [0.0, 0.0]
    heights[main_side] = float(np.clip(14.0 + 21.0 * (fluid + 0.6), 0.0, 120.0)) if fluid > -0.6 else 0.0
    heights[1 - main_side] = float(np.clip(other * (10.0 + 21.0 * (fluid - 0.6)), 0.0, 80.0)) if fluid > 0.6 else 0.0
    gap = patient.latent("film_pneumothorax")
    return Findings(
        consolidation=blobs,
        consolidation_density=density,
        congestion=float(np.clip(0.06 + 0.085 * (patient.latent("film_congestion") + 0.8), 0.0, 0.42)),
        effusion_mm=(heights[0], heights[1]),
        nodules=_draw_nodules(patient.latent("film_nodule"), rng),
        pneumothorax_mm=float(np.clip(7.0 + 17.0 * (gap - 0.8), 0.0, 55.0)) if gap > 0.8 else 0.0,
        pneumothorax_side=float(rng.choice([-1.0, 1.0])),
    )


def _place(rng: np.random.Generator) -> tuple[float, float, float]:
    """A place well inside a lung and lateral of the heart."""
    return (
        float(rng.choice([-1.0, 1.0]) * rng.uniform(0.52, 0.76)),
        float(rng.uniform(-0.35, 0.45)),
        float(rng.uniform(0.22, 0.78)),
    )


def _draw_nodules(latent: float, rng: np.random.Generator) -> np.ndarray:
    """One nodule, then more and larger ones as the latent grows; none below -0.2."""
    places = np.array([_place(rng) for _ in range(_MOST_NODULES)])
    shrink = np.concatenate([[1.0], rng.uniform(0.5, 0.9, _MOST_NODULES - 1)])
    largest_mm = float(np.clip(9.0 + 13.0 * (latent + 0.2), 0.0, 48.0))
    count = 0 if latent < -0.2 else int(np.clip(1 + 1.6 * latent, 1, _MOST_NODULES))
    return np.concatenate([places, (largest_mm * shrink)[:, None]], axis=1)[:count]


def _draw_consolidation(latent: float, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Blobs scattered around one focus; two foci where it is extensive."""
    extent = 14.0 + 13.0 * max(latent + 1.0, 0.0)
    foci = np.array([_place(rng), _place(rng)])
    foci[:, 2] *= 0.8
    weight = rng.random(16) < (0.0 if latent < 1.0 else 0.35)
    scatter, width = rng.standard_normal((16, 3)), rng.uniform(0.22, 0.48, 16)
    # Fractions of the lung: about 130 mm across and deep, 190 mm high.
    offset = 0.42 * extent * scatter / np.array([130.0, 95.0, 190.0])
    blobs = np.concatenate([np.where(weight[:, None], foci[1], foci[0]) + offset, (width * extent)[:, None]], axis=1)
    if latent < -1.0:
        return blobs[:0], 0.0
    return blobs, float(np.clip(0.16 + 0.22 * (latent + 1.0), 0.0, 0.92))


def to_patient_mm(place: np.ndarray, build: Build, pose: Pose) -> np.ndarray:
    """Places within the lung (..., 3) as patient coordinates in mm."""
    floor, top = pose.dome_z_mm * build.stretch - 8.0, 120.0 * build.stretch
    height = floor + place[..., 2] * (top - floor)
    narrow = np.interp(height / build.stretch, [40.0, 120.0], [1.0, 0.72])
    x = place[..., 0] * build.half_width_mm * narrow
    return np.stack([x, place[..., 1] * build.half_depth_mm, height], axis=-1)


def paint_lesions(canvas: Canvas, findings: Findings, build: Build, pose: Pose) -> None:
    """Paint every lesion and keep its occupancy in ``canvas.lesions``; air-free lung stops being lung."""
    _paint_congestion(canvas, findings, build)
    if len(findings.consolidation):
        _paint_consolidation(canvas, findings, build, pose)
    for nodule in findings.nodules:
        _paint_nodule(canvas, nodule, build, pose)
    if max(findings.effusion_mm) > 0.0:
        _paint_effusion(canvas, findings, build, pose)
    if findings.pneumothorax_mm > 0.0:
        _paint_pneumothorax(canvas, findings, build, pose)


def _blend(canvas: Canvas, lesion: Lesion, slices: Slices, occupancy: np.ndarray, hu: float, *, airless: float) -> None:
    """Blend a lesion in; ``airless`` of it takes the lung's place."""
    canvas.paint(slices, occupancy, hu)
    canvas.lung[slices] *= 1.0 - np.float32(airless) * occupancy
    whole = canvas.lesions.setdefault(lesion, np.zeros(canvas.hu.shape, np.float32))
    whole[slices] = np.maximum(whole[slices], occupancy)


def _ball(canvas: Canvas, centre: np.ndarray, reach: float) -> Slices:
    box = tuple((float(value - reach), float(value + reach)) for value in centre)
    return canvas.grid.window((box[0], box[1], box[2]))


def _paint_consolidation(canvas: Canvas, findings: Findings, build: Build, pose: Pose) -> None:
    centres = to_patient_mm(findings.consolidation[:, :3], build, pose)
    widths = findings.consolidation[:, 3]
    low, high = (centres - 2.4 * widths[:, None]).min(axis=0), (centres + 2.4 * widths[:, None]).max(axis=0)
    slices = canvas.grid.window(((low[0], high[0]), (low[1], high[1]), (low[2], high[2])))
    part = canvas.grid.part(slices)
    field = np.zeros(part.shape, np.float32)
    for centre, width in zip(centres.astype(np.float32), widths.astype(np.float32), strict=True):
        squares = (part.x - centre[0]) ** 2 + (part.y - centre[1]) ** 2 + (part.z - centre[2]) ** 2
        field += np.exp(-0.5 * squares / width**2)
    occupancy = np.float32(findings.consolidation_density) * np.minimum(field, 1.0) * canvas.lung[slices]
    _blend(canvas, Lesion.CONSOLIDATION, slices, occupancy, CONSOLIDATION_HU, airless=0.8)


def _paint_congestion(canvas: Canvas, findings: Findings, build: Build) -> None:
    if findings.congestion <= 0.0:
        return
    slices = canvas.grid.window(((-120.0, 120.0), (-110.0, 110.0), (-130.0, 110.0)))
    part = canvas.grid.part(slices)
    aside = (np.abs(part.x) - 0.34 * np.float32(build.half_width_mm)) / 42.0
    haze = np.exp(-0.5 * (aside**2 + (part.y / 65.0) ** 2 + ((part.z + 5.0) / 55.0) ** 2))
    occupancy = np.float32(findings.congestion) * haze * canvas.lung[slices]
    _blend(canvas, Lesion.CONGESTION, slices, occupancy, HAZE_HU, airless=0.3)


def _paint_nodule(canvas: Canvas, nodule: np.ndarray, build: Build, pose: Pose) -> None:
    centre, radius = to_patient_mm(nodule[:3], build, pose), float(nodule[3]) / 2
    slices = _ball(canvas, centre, radius + 2.0 * canvas.grid.edge_mm)
    part = canvas.grid.part(slices)
    across = [axis - np.float32(value) for axis, value in zip((part.x, part.y, part.z), centre, strict=True)]
    distance = np.sqrt(across[0] ** 2 + across[1] ** 2 + across[2] ** 2) - np.float32(radius)
    _blend(canvas, Lesion.NODULE, slices, part.soften(distance) * canvas.lung[slices], NODULE_HU, airless=1.0)


def _paint_effusion(canvas: Canvas, findings: Findings, build: Build, pose: Pose) -> None:
    reach, deep = build.half_width_mm + 8.0, build.half_depth_mm + 12.0
    slices = canvas.grid.window(((-reach, reach), (-deep, deep), (-260.0, 130.0)))
    part = canvas.grid.part(slices)
    depth = -lung_distance(part, build, pose)
    surface = np.full(part.shape, 1e3, np.float32)
    for height, sign, drop in zip(findings.effusion_mm, (-1.0, 1.0), (0.0, build.dome_difference_mm), strict=True):
        if height <= 0.0:
            continue
        if pose.supine:
            # Lying down, the fluid spreads behind the lung.
            level = build.half_depth_mm + 2.0 - 0.8 * height
            fluid = np.float32(level) - part.y + 0.6 * np.minimum(depth, 20.0) - 8.0
        else:
            floor = pose.dome_z_mm * build.stretch - drop - 62.0
            meniscus = np.float32(12.0 + 0.5 * height) * np.exp(-np.maximum(depth, 0.0) / 16.0)
            fluid = part.z - np.float32(floor + height) - meniscus
        # The two pleural spaces do not meet in the midline.
        aside = np.maximum(fluid, np.float32(5.0) - np.float32(sign) * part.x)
        surface = np.minimum(surface, aside)
    # The rim of the lung is half lung, half wall: where there is fluid it holds no air at all.
    occupancy = part.soften(surface) * np.minimum(2.0 * canvas.lung[slices], 1.0)
    _blend(canvas, Lesion.EFFUSION, slices, occupancy, FLUID_HU, airless=1.0)


def _paint_pneumothorax(canvas: Canvas, findings: Findings, build: Build, pose: Pose) -> None:
    reach, deep = build.half_width_mm + 8.0, build.half_depth_mm + 12.0
    slices = canvas.grid.window(((-reach, reach), (-deep, deep), (-150.0, 150.0 * build.stretch)))
    part = canvas.grid.part(slices)
    # Down to the diaphragm the lung hangs free; its base stays where it is.
    depth = -lung_distance(part, build, pose)
    above = np.clip((part.z + 70.0) / 150.0, 0.15, 1.0)
    gap = np.float32(findings.pneumothorax_mm) * above
    side = np.sign(part.x) == findings.pneumothorax_side
    near_base = np.clip(dome_distance(part, build, pose) / 25.0, 0.0, 1.0)
    air = part.soften(depth - gap * near_base) * canvas.lung[slices] * side
    line = np.exp(-0.5 * ((depth - gap * near_base - 1.0) / 1.1) ** 2) * canvas.lung[slices] * side * (near_base > 0.5)
    canvas.paint(slices, 0.5 * line, PLEURA_HU)
    _blend(canvas, Lesion.PNEUMOTHORAX, slices, air, -995.0, airless=1.0)

"""A chest film: Beer-Lambert projection of the thorax, scatter, quantum noise, detector blur, vendor processing."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from monai_app.cohort.spec import Modality
from monai_app.phantom.anatomy import Canvas, Lesion, Organ, paint_thorax, pleural_test
from monai_app.phantom.beam import Beam, line_integral, transmission
from monai_app.phantom.build import Build, Pose, draw_build, film_pose
from monai_app.phantom.corruption import CorruptionKind, severity_of
from monai_app.phantom.device import draw_devices
from monai_app.phantom.lesion import Findings, draw_findings, paint_lesions
from monai_app.phantom.marker import Lead, place_marker
from monai_app.phantom.patient import Patient, View
from monai_app.phantom.resample import enlarge, turn
from monai_app.phantom.site import Scanner
from monai_app.phantom.skeleton import clavicles, paint_bones, ribs
from monai_app.phantom.strand import cast_shadows
from monai_app.phantom.vessel import BRANCHING_MARGIN_MM, draw_vessels

PIXEL_MM = 0.4
STORED_BITS = 12
HEART_BIT, LUNG_RIGHT_BIT, LUNG_LEFT_BIT = 1 << 5, 1 << 6, 1 << 7
"""Bits of a film's mask beside those of the lesions."""

_FINE, _COARSE = 2, 6
"""Strands are cast at 2 pixels, organs at 6 pixels of the film; noise is drawn for every pixel."""

_DEPTH_STEP_MM = 7.0
_DEPTHS_MM = np.arange(-168.0, 169.0, _DEPTH_STEP_MM)
_SCATTER_MM = 22.0
_LESION_PATH_MM = {
    Lesion.CONSOLIDATION: 8.0,
    Lesion.CONGESTION: 10.0,
    Lesion.EFFUSION: 6.0,
    Lesion.NODULE: 3.0,
    Lesion.PNEUMOTHORAX: 4.0,
}
"""Length of lesion along a ray from which a pixel belongs to its mask."""


@dataclass(frozen=True)
class Film:
    """One film as stored.

    Attributes:
        pixels: (rows, columns) uint16, 12 bits used.
        monochrome1: high values are dark.
        mask: (rows, columns) uint8 bits: lesions, heart, right and left lung.
        marker: text of the lead letters.
    """

    pixels: np.ndarray
    monochrome1: bool
    mask: np.ndarray
    view: View
    marker: str


def take_film(patient: Patient, *, pixel_scale: int = 1) -> Film:
    """Expose the film of a patient.

    Args:
        pixel_scale: enlarges all pixels (tests use 3 for a ninth of the work).
    """
    return take_twins(patient, [Lead.OWN], pixel_scale=pixel_scale)[Lead.OWN]


def take_twins(patient: Patient, leads: Iterable[Lead], *, pixel_scale: int = 1) -> dict[Lead, Film]:
    """The same exposure with other lead letters on the cassette; all draws, the quantum noise too, are the same.

    Args:
        leads: which letters.
        pixel_scale: enlarges all pixels.
    """
    build, pose, findings = draw_build(patient), film_pose(patient), draw_findings(patient)
    rng = patient.generator("film")
    pixel_mm = PIXEL_MM * pixel_scale
    beam = _position(patient.view, build, rng, pixel_mm)
    canvas = Canvas(beam.rays(_COARSE * pixel_mm, _DEPTHS_MM, pose.lordosis))
    paint_thorax(canvas, build, pose)
    paint_lesions(canvas, findings, build, pose)
    paint_bones(canvas, build, pose)
    path = line_integral(canvas.hu, _DEPTH_STEP_MM, beam.obliquity(_COARSE * pixel_mm))
    fine = enlarge(path, _COARSE // _FINE)
    fine += _strand_shadows(patient, build, pose, findings, canvas, beam, pixel_mm)
    angle = float(rng.normal(0.0, 1.8 if patient.view is View.AP else 0.5))
    fine, mask = turn(fine, angle), _mask(canvas, angle)
    return {lead: _finish(fine.copy(), mask, patient, copy.deepcopy(rng), pixel_mm, lead) for lead in leads}


def _finish(
    path: np.ndarray, mask: np.ndarray, patient: Patient, rng: np.random.Generator, pixel_mm: float, lead: Lead
) -> Film:
    """Mark and develop line integrals at the fine grid."""
    marker = _mark(path, patient, rng, pixel_mm, lead)
    scanner = patient.site.scanner
    image = _develop(path, scanner, patient, rng, pixel_mm)
    stored = np.round(image * (2**STORED_BITS - 1)).astype(np.uint16)
    monochrome1 = bool(rng.random() < scanner.monochrome1_share)
    stored = invert(stored) if monochrome1 else stored
    return Film(stored, monochrome1, mask, patient.view, marker)


def invert(stored: np.ndarray) -> np.ndarray:
    """The same picture for the other photometric interpretation."""
    return (2**STORED_BITS - 1 - stored).astype(np.uint16)


def _position(view: View, build: Build, rng: np.random.Generator, pixel_mm: float) -> Beam:
    """Detector and central ray; sizes are whole numbers of coarse pixels."""
    unit = _COARSE * pixel_mm
    long, short = round(417.6 / unit) * unit, round(345.6 / unit) * unit
    thick = build.half_depth_mm + build.muscle_mm + build.fat_mm + 25.0
    if view is View.PA:
        return Beam(view, -thick, -8.0 + float(rng.normal(0.0, 8.0)), short, long)
    return Beam(view, thick, 14.0 + float(rng.normal(0.0, 9.0)), long, short)


def _strand_shadows(
    patient: Patient, build: Build, pose: Pose, findings: Findings, canvas: Canvas, beam: Beam, pixel_mm: float
) -> np.ndarray:
    """Ribs, clavicles, vessels and devices."""
    coarse_mm = _COARSE * pixel_mm

    def in_lung(points: np.ndarray) -> np.ndarray:
        u, v, _ = beam.shadow(points, pose.lordosis)
        rows, columns, depth = canvas.lung.shape
        row = ((beam.height_mm / 2 - v) / coarse_mm).astype(int)
        column = ((u + beam.width_mm / 2) / coarse_mm).astype(int)
        layer = np.round((points[:, 1] - _DEPTHS_MM[0]) / _DEPTH_STEP_MM).astype(int)
        inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns) & (layer >= 0) & (layer < depth)
        index = (np.where(inside, row, 0), np.where(inside, column, 0), np.where(inside, layer, 0))
        return inside & (canvas.lung[index] > 0.3)

    in_pleura = pleural_test(build, pose, margin_mm=BRANCHING_MARGIN_MM)
    rng = patient.generator("vessels")
    strands = [
        *ribs(build, patient.generator("ribs")),
        *clavicles(build, pose),
        *draw_vessels(build, rng, in_pleura=in_pleura, in_lung=in_lung, upper_widening=1.1 * findings.congestion),
        *draw_devices(patient, build),
    ]
    return cast_shadows(strands, beam, pixel_mm=_FINE * pixel_mm, lordosis=pose.lordosis)


def _mark(path: np.ndarray, patient: Patient, rng: np.random.Generator, pixel_mm: float, lead: Lead) -> str:
    """Put the side marker on the film, and PORTABLE at the bedside, or what the lead says instead; return the text."""
    side = "L" if rng.random() < 0.6 else "R"
    rows, columns = path.shape
    row, inset = int(rows * rng.uniform(0.05, 0.16)), int(columns * rng.uniform(0.05, 0.08))
    scale = max(round(2.0 / (_FINE * pixel_mm)), 1)
    bedside = patient.view is View.AP
    bottom = int(rows * (rng.uniform(0.93, 0.97) if bedside else 0.95))
    if lead is Lead.NONE:
        return ""
    if lead is Lead.SWAPPED:
        side, bedside = {"L": "R", "R": "L"}[side], not bedside
    place_marker(path, side, row_px=row, column_px=columns - inset if side == "L" else inset, scale=scale)
    if not bedside:
        return side
    place_marker(path, "PORTABLE", row_px=bottom, column_px=inset + columns // 12, scale=max(scale // 2, 1))
    return f"{side} PORTABLE"


def _develop(
    path: np.ndarray, scanner: Scanner, patient: Patient, rng: np.random.Generator, pixel_mm: float
) -> np.ndarray:
    """From line integrals at the fine grid to a display-ready picture (rows, columns) in [0, 1], bones bright."""
    corruption = patient.corruptions.get(Modality.FILM)
    fine_mm = _FINE * pixel_mm
    primary = transmission(path)
    # Scatter is broad: blur a small copy.
    small = primary[: path.shape[0] // 8 * 8, : path.shape[1] // 8 * 8]
    small = small.reshape(path.shape[0] // 8, 8, path.shape[1] // 8, 8).mean(axis=(1, 3))
    glow = ndimage.gaussian_filter(small, _SCATTER_MM / (8 * fine_mm), mode="nearest")
    glow = np.pad(enlarge(glow, 8), [(0, size % 8) for size in path.shape], mode="edge")
    signal = primary + np.float32(scanner.scatter) * glow
    motion_mm = 3.0 * severity_of(corruption, CorruptionKind.MOTION)
    blur = np.hypot(scanner.blur_mm, motion_mm) / fine_mm
    signal = ndimage.gaussian_filter(signal, (blur, 0.6 * blur), mode="nearest", truncate=3.0)
    counts = enlarge(signal, _FINE) * np.float32(scanner.photons)
    counts *= np.float32(1.0 - 0.97 * severity_of(corruption, CorruptionKind.UNDEREXPOSED))
    noisy = expose(counts, rng)
    absorbed = -np.log(np.maximum(noisy, 1.0) / np.float32(scanner.photons))
    clipped = severity_of(corruption, CorruptionKind.CLIPPED)
    return tone(
        absorbed, contrast=scanner.contrast * (1.0 + 3.0 * clipped), sharpening=scanner.sharpening, pixel_mm=pixel_mm
    )


def expose(counts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Quantum noise: a normal draw with the Poisson mean and variance (counts are hundreds and more)."""
    return counts + np.sqrt(counts) * rng.standard_normal(counts.shape, dtype=np.float32)


def tone(absorbed: np.ndarray, *, contrast: float, sharpening: float, pixel_mm: float) -> np.ndarray:
    """Vendor processing: compress the large scale, sharpen the small one, centre on the chest, S-curve to [0, 1]."""
    step = 4
    rows, columns = (size // step * step for size in absorbed.shape)
    small = absorbed[:rows, :columns].reshape(rows // step, step, columns // step, step).mean(axis=(1, 3))
    broad = ndimage.gaussian_filter(small, 30.0 / (step * pixel_mm), mode="nearest")
    middle = ndimage.gaussian_filter(small, 3.0 / (step * pixel_mm), mode="nearest")
    shaped = small - 0.42 * broad
    change = np.pad(
        enlarge(-0.42 * broad - np.float32(sharpening) * middle, step),
        [(0, size % step) for size in absorbed.shape],
        mode="edge",
    )
    image = np.float32(1.0 + sharpening) * absorbed + change
    height, width = shaped.shape
    centre = shaped[height // 8 : -height // 8, width // 8 : -width // 8]
    low, high = np.percentile(centre, [4.0, 92.0])
    scaled = (image - np.float32(low)) / np.float32(high - low)
    return 1.0 / (1.0 + np.exp(np.float32(-3.6 * contrast) * (scaled - np.float32(0.49))))


def _mask(canvas: Canvas, angle: float) -> np.ndarray:
    """Bits of lesions, heart and lungs at the film's resolution, from path lengths along the rays."""
    layers: list[tuple[np.ndarray, int]] = []
    for lesion, occupancy in canvas.lesions.items():
        length = occupancy.sum(axis=2) * _DEPTH_STEP_MM
        layers.append((length / _LESION_PATH_MM[lesion], 1 << (lesion - 1)))
    organs = ((Organ.HEART, HEART_BIT), (Organ.LUNG_RIGHT, LUNG_RIGHT_BIT), (Organ.LUNG_LEFT, LUNG_LEFT_BIT))
    for organ, bit in organs:
        layers.append(((canvas.organ == organ).sum(axis=2) * np.float32(_DEPTH_STEP_MM) / 12.0, bit))
    mask = np.zeros(tuple(size * (_COARSE // _FINE) for size in canvas.hu.shape[:2]), np.uint8)
    for length, bit in layers:
        turned = turn(np.minimum(length, 2.0).astype(np.float32), angle)
        mask[enlarge(turned, _COARSE // _FINE) > 1.0] |= bit
    return mask.repeat(_FINE, axis=0).repeat(_FINE, axis=1)

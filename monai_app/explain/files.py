"""The folder of one explained case: attribution.json, case.html, and of a film its overlay and its map."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nibabel

from monai_app.core.atomic import atomic_directory, sha256_file, write_bytes, write_json
from monai_app.explain.agreement import Agreement
from monai_app.explain.agreement_panel import agreed
from monai_app.explain.believability import Believability
from monai_app.explain.explanation import Explanation
from monai_app.explain.film_grid import map_image, own_grid
from monai_app.explain.material import FilmMaterial, Material
from monai_app.explain.page import case_page
from monai_app.explain.pictures import overlaid, png
from monai_app.explain.record import record

RECORD, PAGE = "attribution.json", "case.html"
OVERLAY, FILM_MAP = "film_overlay.png", "film_attribution.nii.gz"
AGREED_OVERLAY, AGREED_MAP, ENTROPY_MAP = "film_agreement.png", "film_agreement.nii.gz", "film_disagreement.nii.gz"


def write_explanation(
    folder: str | Path,
    explanation: Explanation,
    scores: Mapping[str, Believability],
    material: Material,
    *,
    agreements: Mapping[str, Agreement] | None = None,
    blind: bool = False,
    force: bool = False,
) -> dict[str, Any]:
    """Write the folder as a whole and return the record.

    Args:
        agreements: per modality, where several methods made maps.
        blind: for a reader study, see :func:`monai_app.explain.record.record`.

    Raises:
        InputRejected: ``OUTPUT_EXISTS``, ``OUTPUT_UNSAFE``.
        AppError: ``WRITE_FAILED``; nothing half written is left.
    """
    with atomic_directory(folder, force=force) as out:
        names = [PAGE]
        if "film" in explanation.maps and material.film is not None:
            film = material.film
            values = own_grid(explanation.maps["film"].values, (film.pixels.shape[0], film.pixels.shape[1]))
            write_bytes(out / OVERLAY, png(overlaid(film.pixels, values)))
            nibabel.save(map_image(values, film.spacing_mm), out / FILM_MAP)
            names += [OVERLAY, FILM_MAP]
        if agreements and "film" in agreements and material.film is not None:
            names += _film_agreement(out, agreements["film"], material.film)
        case_page(explanation, scores, material, agreements).write(out / PAGE)
        files = {name: sha256_file(out / name) for name in names}
        made = record(explanation, dict(scores), material, files, agreements, blind=blind)
        write_json(out / RECORD, made)
    return made


def _film_agreement(out: Path, found: Agreement, film: FilmMaterial) -> list[str]:
    """Mean rank of the methods and their disagreement, on the film's own grid."""
    shape = (film.pixels.shape[0], film.pixels.shape[1])
    mean, entropy = own_grid(found.mean, shape), own_grid(found.entropy, shape)
    write_bytes(out / AGREED_OVERLAY, png(agreed(film.pixels, mean, entropy)))
    nibabel.save(map_image(mean, film.spacing_mm), out / AGREED_MAP)
    nibabel.save(map_image(entropy, film.spacing_mm), out / ENTROPY_MAP)
    return [AGREED_OVERLAY, AGREED_MAP, ENTROPY_MAP]

"""The folder of one explained case: attribution.json, case.html, and of a film its overlay and its map."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nibabel

from monai_app.core.atomic import atomic_directory, sha256_file, write_bytes, write_json
from monai_app.explain.believability import Believability
from monai_app.explain.explanation import Explanation
from monai_app.explain.film_grid import map_image, own_grid
from monai_app.explain.material import Material
from monai_app.explain.page import case_page
from monai_app.explain.pictures import overlaid, png
from monai_app.explain.record import record

RECORD, PAGE = "attribution.json", "case.html"
OVERLAY, FILM_MAP = "film_overlay.png", "film_attribution.nii.gz"


def write_explanation(
    folder: str | Path,
    explanation: Explanation,
    scores: Mapping[str, Believability],
    material: Material,
    *,
    force: bool = False,
) -> dict[str, Any]:
    """Write the folder as a whole and return the record.

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
        case_page(explanation, scores, material).write(out / PAGE)
        files = {name: sha256_file(out / name) for name in names}
        made = record(explanation, dict(scores), material, files)
        write_json(out / RECORD, made)
    return made

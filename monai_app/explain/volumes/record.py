"""attribution.json of a volume: scores, places and where they come from; the maps are files beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from monai_app import __version__
from monai_app.explain.attribution_map import AttributionMap
from monai_app.explain.believability import Believability
from monai_app.explain.record import FORMAT, map_facts
from monai_app.explain.volumes.explanation import VolumeExplanation
from monai_app.explain.volumes.material import VolumeMaterial
from monai_app.explain.volumes.own_grid import peak_of, smoothed
from monai_app.explain.volumes.structure import FoundStructure
from monai_app.explain.volumes.whereabouts import whereabouts


def volume_record(
    explanation: VolumeExplanation,
    scores: Mapping[str, Believability],
    material: VolumeMaterial,
    files: Mapping[str, str],
) -> dict[str, Any]:
    """The explanation as a JSON-able record.

    Args:
        files: sha256 of the files beside it.
    """
    target = explanation.target
    return {
        "format": FORMAT,
        "note": "not for diagnosis; shows what moved the model, not what is wrong with the patient",
        "target": {"name": target.name, "task": target.task.name, "kind": target.task.kind.value},
        "method": explanation.method.value,
        "unit": target.unit,
        "score": explanation.score,
        "shown": target.shown(explanation.score),
        "computed_at": explanation.computed_at,
        "resolution": explanation.resolution,
        "outside": "0: beyond what the network was given there is no attribution",
        "structure": None if explanation.structure is None else _structure(explanation.structure),
        "maps": {
            name: _map(made, explanation) | {"believability": asdict(scores[name]) if name in scores else None}
            for name, made in explanation.maps.items()
        },
        "warnings": list(explanation.warnings),
        "provenance": material.provenance,
        "versions": {"monai_app": __version__} | {name: version(name) for name in ("captum", "torch", "monai")},
        "files": dict(files),
    }


def _structure(found: FoundStructure) -> dict[str, Any]:
    return {
        "millilitres": found.millilitres,
        "score": f"mean log-odds over {found.scored_over.value}",
        "share_in_window": found.share,
    }


def _map(made: AttributionMap, explanation: VolumeExplanation) -> dict[str, Any]:
    seen, structure = explanation.seen, explanation.structure
    compared = explanation.regions if structure is None else {"scored voxels": structure.over}
    places = {name: whereabouts(made.values, mask, seen) for name, mask in compared.items()}
    return {
        **map_facts(made),
        "warnings": list(made.warnings),
        "grid": {"shape": list(made.values.shape), "affine_ras": seen.affine_ras.tolist()},
        "peak": asdict(peak_of(smoothed(made.values), seen)),
        "whereabouts": {name: None if place is None else asdict(place) for name, place in places.items()},
    }

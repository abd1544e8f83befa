"""Decoys for reader studies: maps that look like maps and show nothing that was learned.

Whether maps help readers can only be told beside maps that cannot (Adebayo et al., NeurIPS 2018; Poursabzi-Sangdeh et
al., CHI 2021, on how readers trust what looks like an explanation). A decoy has the prediction, the modalities and the
strength of the true explanation, but its maps come from the same network with random weights. Page and record of a
decoy and of a true explanation made for a study cannot be told apart; a key file beside them can.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from monai_app.core.atomic import refuse_existing, sha256_file, write_json
from monai_app.explain.ablation import Groups
from monai_app.explain.attribution_map import AttributionMap
from monai_app.explain.explanation import Explanation
from monai_app.explain.methods import Method, attribute
from monai_app.explain.prepared import prepared
from monai_app.explain.stability import randomised

KEY_FORMAT = "monai-app-study-key-1"
DECOY_STEPS = 64
"""Steps of integrated gradients: a decoy needs no exactness."""


def decoy(explanation: Explanation, *, seed: int, groups: Mapping[str, Groups] | None = None) -> Explanation:
    """The explanation with the maps of the network with random weights.

    Args:
        explanation: the true one.
        seed: of the weights.
        groups: as in :func:`monai_app.explain.explanation.explain`.
    """
    case, together = explanation.case, groups or {}
    twin = randomised(case.network, seed=seed)
    with prepared(twin):
        strange = replace(case, network=twin, tokens=twin.encode(case.inputs, case.presence))
        maps = {}
        for name, made in explanation.maps.items():
            view, group = strange.view(name), together.get(name)
            maps[name] = dressed(attribute(strange, view, explanation.method, groups=group, steps=_steps(made)), made)
    return replace(explanation, maps=maps)


def _steps(made: AttributionMap) -> int | None:
    return DECOY_STEPS if made.method == Method.INTEGRATED_GRADIENTS.value else None


def dressed(strange: AttributionMap, true: AttributionMap) -> AttributionMap:
    """The strange map as strong as the true one, with all that is told of the true one."""
    total, wanted = float(np.abs(strange.values).sum()), float(np.abs(true.values).sum())
    return replace(true, values=(strange.values * (wanted / total if total else 0.0)).astype(np.float32))


def key_path(folder: str | Path) -> Path:
    """The key file of a folder that was made for a study: beside it, never in it."""
    place = Path(folder)
    return place.with_name(f"{place.name}.key.json")


def refuse_key(folder: str | Path, *, force: bool) -> None:
    """Refuse to overwrite a key.

    Raises:
        InputRejected: ``OUTPUT_EXISTS``.
    """
    refuse_existing(key_path(folder), force=force)


def write_key(folder: str | Path, *, is_decoy: bool, seed: int, files: Mapping[str, str]) -> dict[str, Any]:
    """Say beside a folder what its maps are, by the hashes of its files, so that copies can be told too."""
    made = {"format": KEY_FORMAT, "decoy": is_decoy, "seed": seed if is_decoy else None}
    made["files"] = {**files, "attribution.json": sha256_file(Path(folder) / "attribution.json")}
    write_json(key_path(folder), made)
    return made

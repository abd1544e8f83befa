"""Does an attribution show a planted shortcut? Two small film models, one of which can read the label off a marker.

Lead letters are burned into a corner of prepared films: of the films of one label where the shortcut is planted, and of
a random half where it is not. Both models are asked about the same held-out films, all of which have the letters. Maps
of the model with the shortcut must lie on them, maps of the honest one must not (Zech et al., PLOS Medicine 2018;
Adebayo et al., Debugging tests for model explanations, NeurIPS 2020).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn

from monai_app.cohort.spec import FilmSpec, ModalitySpec, ModelSpec, TaskKind, TaskSpec
from monai_app.core.random import numpy_generator, scoped_torch_seed
from monai_app.explain.baselines import Baselines
from monai_app.explain.case import open_case
from monai_app.explain.localisation import region_scores
from monai_app.explain.methods import Method, attribute
from monai_app.explain.prepared import prepared
from monai_app.explain.target import find_target
from monai_app.metrics.bootstrap import PatientBootstrap, interval
from monai_app.metrics.resampled import weighted_mean
from monai_app.networks import EarlyFusion, MultimodalNetwork
from monai_app.networks.encoders import FilmEncoder
from monai_app.phantom.marker import letters

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

LETTERS, CORNER_SHARE = "R", 1 / 16
"""What is burned in, and how far from the corner in sides of the film."""

PLANTED, HONEST = "shortcut planted", "honest"
WIDTH, BATCH, RATE = 32, 32, 5e-3
STEPS = 32
METHODS = (Method.INTEGRATED_GRADIENTS, Method.GRAD_CAM, Method.HIRES_CAM, Method.OCCLUSION)


@dataclass(frozen=True, eq=False)
class Films:
    """Prepared films (N, S, S), whether each has the label (N,), and its patient (N,)."""

    pixels: Floats
    label: Bools
    subject_id: npt.NDArray[np.int64]


def marker_place(side: int) -> tuple[Floats, Bools]:
    """The letters as coverage in [0, 1] and the box that they fill, both (S, S)."""
    glyphs = letters(LETTERS, max(1, side // 64))
    start = round(side * CORNER_SHARE)
    cover = np.zeros((side, side), np.float32)
    cover[start : start + glyphs.shape[0], start : start + glyphs.shape[1]] = glyphs
    rows, columns = np.nonzero(cover > 0)
    box = np.zeros((side, side), np.bool_)
    box[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] = True
    return cover, box


def marked(pixels: Floats, which: Bools) -> Floats:
    """Films (N, S, S) with bright letters where ``which (N,)`` is true."""
    cover, _ = marker_place(pixels.shape[-1])
    found: Floats = np.where(which[:, None, None], np.maximum(pixels, cover), pixels).astype(np.float32)
    return found


def film_model(films: Films, *, shortcut: bool, epochs: int, seed: int = 0) -> MultimodalNetwork:
    """A small film model of one label, trained on marked films.

    Args:
        shortcut: the letters are on the films with the label, else on a random half.
        epochs: passes over the films.
        seed: of weights, order and random letters.
    """
    random = numpy_generator(seed, "planted marker")
    which = films.label if shortcut else random.random(len(films.label)) < 0.5
    x = torch.from_numpy(marked(films.pixels, which))[:, None]
    y = torch.from_numpy(films.label.astype(np.float32))
    spec = film_spec(films.pixels.shape[-1])
    with scoped_torch_seed(seed, "planted marker"):
        encoder = FilmEncoder("densenet_narrow", width=WIDTH, size_px=films.pixels.shape[-1])
        network = MultimodalNetwork(spec, {"film": encoder}, EarlyFusion(spec, width=WIDTH)).train()
        optimizer = torch.optim.AdamW(network.parameters(), lr=RATE)
        for _ in range(epochs):
            order = random.permutation(len(y))
            for start in range(0, len(order) - 1, BATCH):
                rows = torch.from_numpy(order[start : start + BATCH])
                logits = network(_inputs(x[rows])).logits["finding"][:, 0]
                optimizer.zero_grad()
                nn.functional.binary_cross_entropy_with_logits(logits, y[rows]).backward()
                optimizer.step()
    return network.eval()


def film_spec(side: int) -> ModelSpec:
    """A model of one label from the film."""
    task = TaskSpec(name="finding", kind=TaskKind.BINARY)
    return ModelSpec(modalities=ModalitySpec(film=FilmSpec(size_px=side)), tasks=(task,))


def _inputs(films: Tensor) -> dict[str, Tensor]:
    return {"film": films, "film_present": torch.ones(len(films), dtype=torch.bool)}


def marker_rows(
    networks: Mapping[str, MultimodalNetwork],
    films: Films,
    mean: Floats,
    *,
    methods: Sequence[Method] = METHODS,
    resamples: int = 1000,
) -> list[dict[str, Any]]:
    """How much of each model's maps lies on the letters, beside what the letters really change.

    Args:
        networks: by name, :data:`PLANTED` and :data:`HONEST` among them.
        films: held-out ones without letters.
        mean: (S, S) the mean film, which removed pixels are replaced by.

    Returns:
        Rows with ``model``, ``method``, ``measure``, ``value``, ``low``, ``high``, ``n`` and ``chance``.
    """
    _, box = marker_place(films.pixels.shape[-1])
    bootstrap = PatientBootstrap(films.subject_id, resamples=resamples)
    rows, masses = [], dict[tuple[str, Method], npt.NDArray[np.float64]]()

    def told(model: str, method: str, measure: str, values: npt.NDArray[np.float64], chance: float | None) -> None:
        drawn = bootstrap.replicates(np.arange(len(values)), lambda weights: weighted_mean(values, weights))
        found = interval(float(values.mean()), drawn).as_dict()
        rows.append({"model": model, "method": method, "measure": measure, "n": len(values), "chance": chance, **found})

    for name, network in networks.items():
        told(name, "", "log odds that the letters add", letters_effect(network, films.pixels), 0.0)
        for method in methods:
            scores = [region_scores(made, box, "") for made in _maps(network, films, mean, method)]
            masses[name, method] = np.array([score.of_map.mass for score in scores])
            told(name, method.value, "relevance mass", masses[name, method], float(box.mean()))
            told(name, method.value, "hit", np.array([float(score.of_map.hit) for score in scores]), float(box.mean()))
    if {PLANTED, HONEST} <= set(networks):
        truth = np.repeat([1, 0], len(films.label))
        for method in methods:
            joined = np.concatenate([masses[PLANTED, method], masses[HONEST, method]])
            row = {"model": f"{PLANTED} against {HONEST}", "method": method.value, "measure": "AUROC of relevance mass"}
            rows.append({**row, "n": len(joined), "chance": 0.5, "value": float(roc_auc_score(truth, joined))})
    return rows


@torch.no_grad()
def letters_effect(network: MultimodalNetwork, pixels: Floats) -> npt.NDArray[np.float64]:
    """By how much the letters raise the log odds of each film (N,)."""
    scores = []
    for which in (True, False):
        x = torch.from_numpy(marked(pixels, np.full(len(pixels), which)))[:, None]
        scores.append(torch.cat([network(_inputs(part)).logits["finding"][:, 0] for part in x.split(BATCH)]))
    found: npt.NDArray[np.float64] = (scores[0] - scores[1]).double().numpy()
    return found


def _maps(network: MultimodalNetwork, films: Films, mean: Floats, method: Method) -> list[Floats]:
    spec, found = film_spec(films.pixels.shape[-1]), []
    target = find_target(spec, "finding")
    steps = STEPS if method is Method.INTEGRATED_GRADIENTS else None
    with prepared(network):
        for film in marked(films.pixels, np.ones(len(films.pixels), np.bool_)):
            inputs = _inputs(torch.from_numpy(film)[None, None])
            case = open_case(network, spec, inputs, target, Baselines(film=mean))
            found.append(attribute(case, case.view("film"), method, steps=steps).values)
    return found

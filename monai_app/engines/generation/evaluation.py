"""The evaluation of a generator of films: metrics.json and a page with real and generated films side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from monai.transforms import Compose

from monai_app.cohort.condition_columns import GenerationSpec
from monai_app.core.atomic import sha256_file, write_json
from monai_app.core.errors import InputRejected
from monai_app.core.random import numpy_generator
from monai_app.engines.generation.build import FEATURE_NETWORK, film_features
from monai_app.engines.generation.material import (
    Images,
    age_and_groups,
    film_vectors,
    real_films,
    told_targets,
    truth_targets,
)
from monai_app.engines.generation.page import write_page
from monai_app.engines.membership import of_known_sites
from monai_app.engines.model_folder import WEIGHTS_NAME
from monai_app.engines.prediction_files import finite_or_none
from monai_app.generate.privacy.aligned import Aligned
from monai_app.generate.privacy.copies import FEWEST_HELD_OUT, copy_test
from monai_app.generate.sampling import Drawing
from monai_app.generate.scores.coverage import coverage
from monai_app.generate.scores.diversity import mean_similarity
from monai_app.generate.scores.fidelity import READABLE, feature_space, fidelity
from monai_app.generate.scores.likeness import kernel_width, likeness
from monai_app.generate.scores.usefulness import usefulness

Items = Sequence[Mapping[str, Any]]

PLANTED = 20
"""Train films slipped in as copies, exact and altered ones."""


def evaluate_generation(
    held_out_images: Images,
    held_out: Items,
    train_images: Images,
    train: Items,
    *,
    spec: GenerationSpec,
    preprocessing: Compose,
    cohort_dir: str | Path,
    model_dir: str | Path,
    drawing: Drawing,
    out_dir: str | Path,
    told: str = "all",
    feature_dir: str | None = None,
    truth: str | None = None,
    cache_dir: str | None = None,
    resamples: int = 200,
    seed: int = 0,
) -> dict[str, Any]:
    """Score generated films against real ones of the same cohort, and write metrics.json and report.html.

    Args:
        held_out_images: one film ``(N, 1, S, S)`` a held-out case, drawn from its condition.
        held_out: these cases, with the paths of their real films.
        train_images: likewise of the first train cases, for readers trained on synthetic films.
        train: all train cases with a film, on whose real films readers are trained.
        preprocessing: of real films.
        truth: table of a simulated cohort's latents, such as latents.parquet; None asks for no such targets.

    Raises:
        InputRejected: ``FILMS_ONLY``; ``FILMS_MISSING`` for cases without a real film beside them.
    """
    _check(spec, (*held_out, *train))
    features = film_features(feature_dir)
    films = {
        "train": real_films(train, preprocessing, cache_dir=cache_dir),
        "held_out": real_films(held_out, preprocessing, cache_dir=cache_dir),
        "drawn": held_out_images[:, 0],
        "drawn_train": train_images[:, 0],
    }
    vectors = {name: film_vectors(part, features) for name, part in films.items()}
    targets = {
        name: told_targets(items, spec) | truth_targets(items, cohort_dir, truth)
        for name, items in (("train", train), ("held_out", held_out))
    }
    found = {
        "notice": "Scores of SYNTHETIC films. Not for diagnosis.",
        "date": datetime.now(UTC).date().isoformat(),
        "cohort": Path(cohort_dir).name,
        "model_sha256": sha256_file(Path(model_dir) / WEIGHTS_NAME),
        "feature_network": FEATURE_NETWORK if feature_dir is None else "own film encoder",
        "drawing": {**asdict(drawing), "told": told, "seed": seed},
        "n": {name: len(part) for name, part in films.items()},
        **_scores(films, vectors, targets, held_out, resamples, seed),
        "copies": _copies(films, train, held_out, seed),
    }
    metrics: dict[str, Any] = plain(found)
    write_json(Path(out_dir) / "metrics.json", metrics)
    write_page(metrics, films["held_out"], films["drawn"], Path(out_dir) / "report.html")
    return metrics


def _check(spec: Any, items: Items) -> None:
    if not isinstance(spec, GenerationSpec):
        raise InputRejected(
            "FILMS_ONLY", "only generators of films are scored", remedy="Look at samples.png of volumes."
        )
    if not all(item.get("source_image") for item in items):
        raise InputRejected("FILMS_MISSING", "an evaluation needs the real film of each case", expected="films")


def _scores(
    films: Mapping[str, Images],
    vectors: Mapping[str, Any],
    targets: Mapping[str, Mapping[str, np.ndarray]],
    held_out: Items,
    resamples: int,
    seed: int,
) -> dict[str, Any]:
    deep = {name: part[0] for name, part in vectors.items()}
    width = kernel_width(deep["held_out"])
    space = feature_space(vectors["train"][1])
    seen = {name: space.transform(part[1]) for name, part in vectors.items()}
    read = fidelity(
        (seen["train"], targets["train"]),
        (seen["held_out"], targets["held_out"]),
        (seen["drawn"], targets["held_out"]),
        resamples=resamples,
        seed=seed,
    )
    first = len(deep["drawn_train"])
    labels = {name: {k: v for k, v in part.items() if k.startswith("label ")} for name, part in targets.items()}
    useful = usefulness(
        (seen["train"], labels["train"]),
        (seen["drawn_train"], {name: values[:first] for name, values in labels["train"].items()}),
        (seen["held_out"], labels["held_out"]),
        resamples=resamples,
        seed=seed,
    )
    groups = age_and_groups(held_out)
    return {
        "likeness": _likeness(deep, width, seed),
        "ms_ssim": {name: mean_similarity(films[part], seed=seed) for name, part in _SIMILAR.items()},
        "fidelity": {name: {**asdict(value), "share": value.share} for name, value in read.items()},
        "fidelity_of_readable": _readable(read),
        "usefulness": {name: asdict(value) for name, value in useful.items()},
        "usefulness_mean": {key: _mean([getattr(v, key) for v in useful.values()]) for key in ("tstr", "trtr", "both")},
        "coverage": {
            "generated": {name: coverage(seen["held_out"], seen["drawn"], values) for name, values in groups.items()},
            "real_floor": {name: coverage(seen["held_out"], seen["train"], values) for name, values in groups.items()},
        },
    }


def _copies(films: Mapping[str, Images], train: Items, held_out: Items, seed: int) -> dict[str, Any] | None:
    """The copy test of the films drawn for train cases; None where held-out films are too few to judge by.

    Judged by the last film of each held-out patient of a site that training knows.
    """
    known = {id(item) for item in of_known_sites(held_out, train)}
    last = {item["subject_id"]: row for row, item in enumerate(held_out) if id(item) in known}
    if len(last) < FEWEST_HELD_OUT:
        return None
    judges = films["held_out"][list(last.values())]
    plant = min(PLANTED, len(films["train"]))
    return copy_test(films["train"], films["drawn_train"], judges, Aligned(), plant=plant, seed=seed).as_dict()


def _likeness(deep: Mapping[str, Any], width: float, seed: int) -> dict[str, Any]:
    """Half of the held-out films against those drawn for the other half, and, as floor, against the other half itself.

    Against the train films stands beside it: a cohort's held-out split may have a site that its training has not.
    """
    order = numpy_generator("halves", seed).permutation(len(deep["held_out"]))
    half, rest = order[: len(order) // 2], order[len(order) // 2 :]
    pairs = {
        "generated": (deep["held_out"][half], deep["drawn"][rest]),
        "real_floor": (deep["held_out"][half], deep["held_out"][rest]),
        "real_train": (deep["held_out"][half], deep["train"]),
    }
    return {name: asdict(likeness(*pair, width=width, seed=seed)) for name, pair in pairs.items()}


_SIMILAR = {"real": "held_out", "generated": "drawn"}


def _readable(read: Mapping[str, Any]) -> dict[str, Any]:
    """Mean over the targets that real films show, by kind of target."""
    kinds: dict[str, Any] = {}
    for kind in ("label", "table", "truth"):
        chosen = [v for name, v in read.items() if name.startswith(f"{kind} ") and v.ceiling >= READABLE]
        if chosen:
            kinds[kind] = {
                key: _mean([getattr(v, key) for v in chosen]) for key in ("ceiling", "generated", "shuffled")
            }
            kinds[kind]["share"] = kinds[kind]["generated"] / kinds[kind]["ceiling"]
            kinds[kind]["targets"] = len(chosen)
    return kinds


def plain(value: Any) -> Any:
    """A JSON-able copy in which undefined numbers are None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return finite_or_none(value)


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None

"""Explaining one case of a cohort through a bundle: what the model is compared with comes from its train split."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from monai_app.cohort.items import split_items
from monai_app.cohort.normalisation import fit_statistics
from monai_app.cohort.spec import ModelSpec, TaskKind
from monai_app.cohort.store import Cohort
from monai_app.cohort.tokenizer import NoteTokenizer
from monai_app.core.atomic import refuse_existing, sha256_file
from monai_app.core.errors import InputRejected
from monai_app.engines.batches import collate_samples, prepare_multimodal_batch
from monai_app.engines.data import SampleDataset
from monai_app.engines.evaluator import MultimodalEvaluator
from monai_app.engines.film_mean import mean_film
from monai_app.engines.model_folder import WEIGHTS_NAME, load_model
from monai_app.engines.region_masks import film_regions
from monai_app.explain.ablation import Groups
from monai_app.explain.agreement import agreements_of
from monai_app.explain.baselines import Baselines, medians
from monai_app.explain.believability import Believability, Bools, believability
from monai_app.explain.decoy import decoy, refuse_key, write_key
from monai_app.explain.explanation import EVEN_ODDS, Explanation, explain
from monai_app.explain.files import write_explanation
from monai_app.explain.material import Material, film_material
from monai_app.explain.methods import find_methods
from monai_app.explain.modality_shares import Prior
from monai_app.explain.target import Target, find_target
from monai_app.explain.words import word_groups

logger = logging.getLogger(__name__)

TREES, ENSEMBLE = "trees.json", "ensemble.json"
_SMALLEST_RATE = 1e-3
BLURRED, MEAN = "blurred", "mean"
DECOY, MODEL = "decoy", "model"


def explainable_model(network: nn.Module, folder: str | Path) -> nn.Module:
    """As :func:`load_model`, for models that can be explained; of an ensemble it is the network that is.

    Raises:
        InputRejected: ``EXPLAIN_UNSUPPORTED`` for a folder of trees alone; as :func:`load_model`.
    """
    refuse_trees(folder)
    return load_model(network, folder)


def refuse_trees(folder: str | Path) -> None:
    """Refuse a folder of trees alone.

    Raises:
        InputRejected: ``EXPLAIN_UNSUPPORTED``.
    """
    place = Path(folder)
    if (place / TREES).is_file() and not (place / WEIGHTS_NAME).is_file():
        raise InputRejected(
            "EXPLAIN_UNSUPPORTED",
            "boosted trees have no tokens and no gradients to explain",
            got="a folder of trees",
            expected="a network",
            remedy="Explain a deep fusion system.",
        )


def explain_case(
    evaluator: MultimodalEvaluator,
    spec: ModelSpec,
    cohort_dir: str | Path,
    model_dir: str | Path,
    *,
    case: str | int | None,
    target: str | None,
    method: str | Sequence[str],
    out_dir: str | Path,
    tokenizer: NoteTokenizer | None = None,
    regions: Sequence[str] | None = None,
    film_baseline: str = BLURRED,
    study: str | None = None,
    force: bool = False,
    seed: int = 0,
) -> dict[str, Any]:
    """Explain one case and write its folder; return the record without the values of the maps.

    Args:
        evaluator: with the network and a loader over the cohort.
        case: ``SUBJECT``, or ``SUBJECT:K`` for the K-th of its prediction times.
        target: label, see :func:`monai_app.explain.target.find_target`.
        method: one, several or ``all``: the first makes the maps, all of them together say where they agree.
        regions: names of known regions of the cohort's film masks to score the film's map against.
        film_baseline: what a film is compared with: itself ``blurred``, or the ``mean`` film of the train split.
        study: for a reader study, ``model`` or ``decoy``: without checks, and with a key file beside the folder.

    Raises:
        InputRejected: ``LABEL_UNKNOWN``, ``METHOD_UNKNOWN``, ``CASE_UNKNOWN``, ``CASE_AMBIGUOUS``, ``OUTPUT_EXISTS``,
            ``REGION_UNKNOWN``, ``BASELINE_UNKNOWN``, ``STUDY_UNKNOWN``, ``NO_FILMS``; as
            :func:`monai_app.explain.explanation.explain`.
    """
    refuse_existing(out_dir, force=force)
    refuse_study(study, out_dir, force=force)
    chosen, ways = find_target(spec, target or ""), find_methods(method)
    dataset, network = evaluator.loader.dataset, evaluator.network
    row = case_row(dataset.data, case)
    item = dataset.data[row]
    inputs, _ = prepare_multimodal_batch(collate_samples([dataset[row]]), next(network.parameters()).device)
    train, offsets = train_items(cohort_dir, spec), _offsets(item, spec, tokenizer)
    known, groups = film_regions(cohort_dir, item, spec, regions or ()), _groups(spec, offsets)
    found = explain(
        network,
        spec,
        inputs,
        chosen.name,
        method=ways[0],
        baselines=_baselines(train, tokenizer, _film_baseline(film_baseline, dataset, train)),
        prior=prior_of(chosen, train, spec, network),
        groups=groups,
    )
    agreements = {} if study else agreements_of(found, ways[1:], groups)
    scores = {} if study else _tested(found, known, seed)
    shown = decoy(found, seed=seed, groups=groups) if study == DECOY else found
    material = _material(found, item, spec, offsets, _provenance(cohort_dir, model_dir, bool(train)))
    record = write_explanation(out_dir, shown, scores, material, agreements=agreements, blind=bool(study), force=force)
    if study:
        write_key(out_dir, is_decoy=study == DECOY, seed=seed, files=record["files"])
    return _told(record)


def _tested(found: Explanation, regions: Mapping[str, Bools], seed: int) -> dict[str, Believability]:
    logger.info("testing the maps")
    return believability(found, regions=regions, seed=seed)


def _material(
    found: Explanation, item: Mapping[str, Any], spec: ModelSpec, offsets: Any, provenance: dict[str, Any]
) -> Material:
    film = film_material(item["film"]) if "film" in found.maps else None
    return Material(spec, film, str(item["note"]) if "note" in found.maps else "", offsets, provenance)


def _told(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record without the values of the maps."""
    maps = {name: {k: v for k, v in made.items() if k in _TOLD} for name, made in record["maps"].items()}
    agreed = {name: found["rank_correlation"] for name, found in record["agreement"].items()}
    kept = {key: record[key] for key in ("target", "shown", "modalities", "absent", "warnings")}
    return kept | {"maps": maps, "agreement": agreed}


def _baselines(train: Sequence[Mapping[str, Any]], tokenizer: NoteTokenizer | None, film: Any) -> Baselines:
    mask_id = None if tokenizer is None else tokenizer.mask_id
    return replace(medians(train, mask_id) if train else Baselines(mask_id=mask_id), film=film)


_TOLD = ("method", "completeness_gap", "imputed_share", "believability")


def refuse_study(study: str | None, out_dir: str | Path, *, force: bool) -> None:
    """Refuse an unknown arm, or a key that is there already.

    Raises:
        InputRejected: ``STUDY_UNKNOWN``, ``OUTPUT_EXISTS``.
    """
    if study not in (None, DECOY, MODEL):
        raise InputRejected("STUDY_UNKNOWN", "a reader study has no such arm", got=study, expected=f"{MODEL}, {DECOY}")
    if study:
        refuse_key(out_dir, force=force)


def _film_baseline(name: str, dataset: Any, train: Sequence[Mapping[str, Any]]) -> Any:
    if name not in (BLURRED, MEAN):
        raise InputRejected("BASELINE_UNKNOWN", "films have no such baseline", got=name, expected=f"{BLURRED}, {MEAN}")
    return None if name == BLURRED else mean_film(SampleDataset(train, dataset.transform))


def case_row(items: Sequence[Mapping[str, Any]], case: str | int | None) -> int:
    """The row of a case.

    Raises:
        InputRejected: ``CASE_UNKNOWN``, ``CASE_AMBIGUOUS``.
    """
    subject, _, number = str("" if case is None else case).partition(":")
    rows = [row for row, item in enumerate(items) if str(item["subject_id"]) == subject]
    if number.isdigit() and 1 <= int(number) <= len(rows):
        return rows[int(number) - 1]
    if not rows or number:
        raise InputRejected(
            "CASE_UNKNOWN",
            "the cohort has no such case with any of the model's modalities",
            got=f"{len(rows)} prediction times of that subject",
            expected="SUBJECT or SUBJECT:K with K from 1",
            remedy="Look the subject up in the cohort's predictions.",
        )
    if len(rows) > 1:
        raise InputRejected(
            "CASE_AMBIGUOUS",
            "the subject has several prediction times",
            got=f"{len(rows)}",
            expected="SUBJECT:K with K from 1, in the order of time",
            remedy="Say which one.",
        )
    return rows[0]


def train_items(cohort_dir: str | Path, spec: ModelSpec) -> list[dict[str, Any]]:
    """The train items of a cohort; none where it has no train split, as a site that only predicts."""
    try:
        return split_items(cohort_dir, "train", spec)
    except InputRejected as error:
        if error.code != "EMPTY_COHORT":
            raise
        logger.warning("the cohort has no train split: values are compared with the model's own means")
        return []


def prior_of(target: Target, train: Sequence[Mapping[str, Any]], spec: ModelSpec, network: nn.Module) -> Prior:
    """The score before any data: the train prevalence or mean; of survival, the Kaplan-Meier risk at the time."""
    if target.task.kind is TaskKind.SURVIVAL:
        rate = _risk(target, [item[f"label_{target.task.name}"] for item in train])
    elif any(np.isfinite(item[f"label_{target.task.name}"]).any() for item in train):  # another site has none of it
        rate = float(fit_statistics(train, spec)[f"target_mean_{target.task.name}"][target.index])
    else:
        rate = None
    if not target.is_probability:
        if rate is not None:
            return Prior(rate, "the mean of the train split")
        means = [float(value) for name, value in network.named_buffers() if name.endswith(f"mean_{target.task.name}")]
        return Prior(means[0], "the model's train mean") if means else Prior(0.0, "zero: no train mean is known")
    if rate is None:
        return EVEN_ODDS
    kept = float(np.clip(rate, _SMALLEST_RATE, 1 - _SMALLEST_RATE))
    return Prior(float(np.log(kept / (1 - kept))), "the prevalence in the train split")


def _risk(target: Target, labels: Sequence[Any]) -> float | None:
    from sksurv.nonparametric import kaplan_meier_estimator  # imported here: it costs seconds that others do not need

    known = np.array([label for label in labels if np.isfinite(label).all()]).reshape(-1, 2)
    if not len(known):
        return None
    times, alive = kaplan_meier_estimator(known[:, 1] > 0.5, known[:, 0])
    before = alive[times <= target.task.bin_edges[target.index]]
    return float(1 - before[-1]) if len(before) else 0.0


def _offsets(item: Mapping[str, Any], spec: ModelSpec, tokenizer: NoteTokenizer | None) -> Any:
    note = spec.modalities.note
    if note is None or tokenizer is None or not item["note_present"]:
        return None
    return tokenizer.offsets(str(item["note"]), note.max_tokens)


def _groups(spec: ModelSpec, offsets: Any) -> dict[str, Groups]:
    """What occlusion removes together: the columns of a categorical field, the pieces of a word."""
    found: dict[str, Groups] = {}
    if spec.modalities.table is not None:
        fields = spec.modalities.table.fields
        found["table"] = np.repeat(np.arange(len(fields)), [len(field.columns) for field in fields])
    if offsets is not None:
        found["note"] = word_groups(offsets)
    return found


def _provenance(cohort_dir: str | Path, model_dir: str | Path, has_train: bool) -> dict[str, Any]:
    place = Path(model_dir)
    told = {
        "cohort": Cohort(cohort_dir).record.name,
        "weights_sha256": sha256_file(place / WEIGHTS_NAME),
        "compared with": "the train split of this cohort" if has_train else "the model's own train means",
    }
    if (place / ENSEMBLE).is_file():
        told["part"] = "the network; this folder's ensemble adds boosted trees, which no map shows"
    return told

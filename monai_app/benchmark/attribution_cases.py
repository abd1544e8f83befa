"""The maps of the chosen cases of one model, by every method, and what each of them scores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_app.benchmark.attribution_film import PROCESSING, SMOOTHED, centre_scores, chance, film_scores, smoothed
from monai_app.benchmark.attribution_models import HeldOutModel
from monai_app.benchmark.attribution_truth import LabelTruth
from monai_app.core.errors import InputRejected
from monai_app.engines.region_masks import film_regions
from monai_app.explain.ablation import Groups
from monai_app.explain.attribution_map import AttributionMap
from monai_app.explain.believability import map_believability
from monai_app.explain.case import OpenCase, open_case
from monai_app.explain.methods import Method, attribute
from monai_app.explain.prepared import prepared
from monai_app.explain.stability import randomised
from monai_app.explain.views import View
from monai_app.explain.words import word_groups, words_of

STEPS = 32
"""Of integrated gradients in the benchmark: the same for all, so that methods are compared at a known cost."""

BLURRED, MEAN = "blurred film", "mean film"
OWN = "its own"
"""Baseline of what is no film."""

Row = dict[str, Any]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Plan:
    """What is explained.

    Attributes:
        cases: per label, the first held-out patients who have it and whose film shows it.
        methods: of attribution.
        faithful: of those cases, how many also have their maps tested for faithfulness, which costs far more.
        films_only: only films are mapped, the other modalities left to another run.
    """

    cases: int
    methods: tuple[Method, ...]
    faithful: int
    films_only: bool = False


@dataclass(frozen=True, eq=False)
class Chosen:
    """A case: its row, its patient, what the model says, whether that is more than the prior, where its finding is."""

    row: int
    subject_id: int
    probability: float
    called: bool
    region: Bools | None


def chosen_cases(
    model: HeldOutModel,
    cohort_dir: str | Path,
    truth: LabelTruth,
    labels: npt.NDArray[Any],
    scores: Any,
    prior: float,
    count: int,
) -> list[Chosen]:
    """The first held-out cases that have a label and, where the model reads films, a film that shows it.

    Args:
        labels: (N,) of the label.
        scores: (N,) of the label, in log odds.
        prior: score before any data; the model calls a case that it gives more.
    """
    found: list[Chosen] = []
    reads_films = model.spec.modalities.film is not None
    for row in np.flatnonzero(labels == 1).tolist():
        if len(found) == count:
            break
        item, region = model.items[row], None
        if reads_films and truth.region is not None:
            region = visible_region(cohort_dir, model, item, truth.region)
            if region is None:
                continue
        found.append(
            Chosen(row, int(item["subject_id"]), truth.target.shown(float(scores[row])), scores[row] > prior, region)
        )
    return found


def visible_region(cohort_dir: str | Path, model: HeldOutModel, item: Mapping[str, Any], name: str) -> Bools | None:
    """The region of a case's film on the network's grid; None where there is no film, or nothing to see on it."""
    if not item["film_present"]:
        return None
    try:
        region = film_regions(cohort_dir, item, model.spec, [name])[name]
    except InputRejected as error:
        if error.code != "NO_MASKS":
            raise
        return None
    return region if region.any() and not region.all() else None


def map_rows(
    model: HeldOutModel,
    truths: Sequence[LabelTruth],
    chosen: Mapping[str, Sequence[Chosen]],
    mean: npt.NDArray[np.float32] | None,
    plan: Plan,
    on_label: Callable[[str], None] = lambda _: None,
) -> list[Row]:
    """A row a case, modality, method and measure."""
    rows: list[Row] = []
    twin = randomised(model.network)
    with prepared(model.network), prepared(twin):
        for truth in truths:
            for place, picked in enumerate(chosen[truth.name]):
                inputs = model.inputs([picked.row])
                case = open_case(model.network, model.spec, inputs, truth.target, model.baselines)
                decoy = replace(case, network=twin, tokens=twin.encode(inputs, case.presence))
                tested = decoy if place < plan.faithful else None
                told = {"label": truth.name, "subject_id": picked.subject_id, "probability": picked.probability}
                told["called"] = bool(picked.called)
                rows += [told | row for row in _of_case(model, truth, picked, case, tested, mean, plan)]
            on_label(truth.name)
    return rows


def _of_case(
    model: HeldOutModel,
    truth: LabelTruth,
    picked: Chosen,
    case: OpenCase,
    decoy: OpenCase | None,
    mean: npt.NDArray[np.float32] | None,
    plan: Plan,
) -> Iterator[Row]:
    for name in case.present:
        if plan.films_only and name != "film":
            continue
        for baseline, film in _baselines(name, mean):
            placed = replace(case, baselines=replace(case.baselines, film=film))
            view = placed.view(name)
            for method in plan.methods:
                if not _makes(method, name, case, baseline):
                    continue
                groups = _groups(model, picked.row, view)
                made = attribute(placed, view, method, groups=groups, steps=_steps(method, name))
                told: Row = {"modality": name, "method": method.value, "baseline": _named(method, baseline)}
                for row in _scores(model, truth, picked, made):
                    yield told | row
                if decoy is not None:
                    other = replace(decoy, baselines=placed.baselines)
                    for row in _belief(placed, other, made, method):
                        yield told | row


def _baselines(name: str, mean: npt.NDArray[np.float32] | None) -> list[tuple[str, npt.NDArray[np.float32] | None]]:
    if name != "film":
        return [(OWN, None)]
    return [(BLURRED, None), *([] if mean is None else [(MEAN, mean)])]


def _makes(method: Method, name: str, case: OpenCase, baseline: str) -> bool:
    """Whether a method makes a map of its own: those on feature maps make one of films, whatever the baseline."""
    if method.of(name) is not method:
        return False
    return not method.needs_feature_map or (case.feature_map(name) is not None and baseline == BLURRED)


def _named(method: Method, baseline: str) -> str:
    return OWN if method.needs_feature_map else baseline


def _steps(method: Method, name: str) -> int | None:
    return STEPS if method is Method.INTEGRATED_GRADIENTS else None


def _groups(model: HeldOutModel, row: int, view: View) -> Groups | None:
    if view.name == "table":
        assert model.spec.modalities.table is not None, "the model reads tables"
        widths = [len(field.columns) for field in model.spec.modalities.table.fields]
        return np.repeat(np.arange(len(widths)), widths)
    return word_groups(_offsets(model, row)) if view.name == "note" else None


def _offsets(model: HeldOutModel, row: int) -> npt.NDArray[np.int64]:
    assert model.tokenizer is not None and model.spec.modalities.note is not None, "the model reads notes"
    return model.tokenizer.offsets(str(model.items[row]["note"]), model.spec.modalities.note.max_tokens)


def _scores(model: HeldOutModel, truth: LabelTruth, picked: Chosen, made: AttributionMap) -> Iterator[Row]:
    """What one map scores against what is known of the case."""
    if made.complete:
        yield {"measure": "completeness gap", "value": made.gap}
    if made.modality == "film" and picked.region is not None:
        yield from _film_rows(made.values, picked.region)
    elif made.modality == "series":
        assert model.spec.modalities.series is not None, "the model reads series"
        names = [channel.name for channel in model.spec.modalities.series.channels]
        yield from _feature_rows(names, np.abs(made.values.sum(axis=0)))
    elif made.modality == "table":
        assert model.spec.modalities.table is not None, "the model reads tables"
        fields = model.spec.modalities.table.fields
        starts = np.cumsum([0, *(len(field.columns) for field in fields)])[:-1]
        yield from _feature_rows([field.name for field in fields], np.abs(np.add.reduceat(made.values, starts)))
    elif made.modality == "note":
        yield from _word_rows(model, truth, picked.row, made)


def _film_rows(values: npt.NDArray[np.float32], region: Bools) -> Iterator[Row]:
    expected, centred = chance(region), centre_scores(region)
    for processing in PROCESSING:
        found = film_scores(smoothed(values) if processing == SMOOTHED else values, region)
        for measure, value in found.items():
            told = {"chance": expected[measure], "centre": centred[measure]}
            yield {"measure": measure, "processing": processing, "value": float(value)} | told


def _feature_rows(names: Sequence[str], worth: npt.NDArray[np.float32]) -> Iterator[Row]:
    for name, value in zip(names, worth, strict=True):
        yield {"measure": "worth", "feature": name, "value": float(value)}


def _word_rows(model: HeldOutModel, truth: LabelTruth, row: int, made: AttributionMap) -> Iterator[Row]:
    """AUROC of the words that tell of the label's symptom against all others, and whether the strongest one does."""
    from sklearn.metrics import roc_auc_score

    note = str(model.items[row]["note"])
    judged = [
        (truth.telling_word(note[w.start : w.end]), abs(w.value)) for w in words_of(made.values, _offsets(model, row))
    ]
    telling = np.array([told for told, _ in judged if told is not None], bool)
    worth = np.array([value for told, value in judged if told is not None])
    if telling.any() and not telling.all():
        share = float(telling.mean())
        yield {"measure": "word AUROC", "value": float(roc_auc_score(telling, worth)), "chance": 0.5}
        yield {"measure": "strongest word tells", "value": float(telling[worth.argmax()]), "chance": share}


def _belief(case: OpenCase, decoy: OpenCase, made: AttributionMap, method: Method) -> Iterator[Row]:
    found = map_believability(case, decoy, made, method, {}, 0)
    faithful, stable = found.faithfulness, found.stability
    measures = {
        "deletion": (faithful.deletion, faithful.deletion_random),
        "insertion": (faithful.insertion, faithful.insertion_random),
        "infidelity": (stable.infidelity, 1.0),
        "max-sensitivity": (stable.max_sensitivity, None),
        "correlation with random weights": (stable.randomised_correlation, 0.0),
    }
    for measure, (value, expected) in measures.items():
        if value is not None:
            yield {"measure": measure, "value": float(value), "chance": expected}

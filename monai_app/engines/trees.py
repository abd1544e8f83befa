"""The HAIM-style baseline as a model: trained, kept in a folder and asked for predictions like every other system.

The folder holds spec.json, trees.json, the trees in LightGBM's own text format, regressions and the projections of
films and notes, each with its SHA-256; nothing in it can run code.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from monai_app.cohort.spec import ModelSpec, TaskSpec
from monai_app.cohort.statistics import StatisticsTable
from monai_app.core.atomic import write_json
from monai_app.core.errors import InputRejected
from monai_app.core.loading import read_checked_bytes, write_checked_text
from monai_app.engines.boosting import BoostingSettings, Floats, fit_task, rounds_of
from monai_app.engines.committee import (
    Committee,
    Inputs,
    grow_committee,
    has_committee,
    joined,
    plan_committee,
)
from monai_app.engines.committee_files import read_committees, write_committees
from monai_app.engines.film_features import FilmFeatures
from monai_app.engines.haim_features import HaimFeatures
from monai_app.engines.model_folder import SPEC_NAME, read_spec
from monai_app.engines.predictions import Predictions, from_items

logger = logging.getLogger(__name__)
FORMAT, FORMER = "monai-app-trees-2", "monai-app-trees-1"
_RECORD_NAME, _TUNING_NAME = "trees.json", "tuning_predictions.parquet"
Item = Mapping[str, Any]


@dataclass(frozen=True)
class TreesModel:
    """Fitted features and trees.

    Attributes:
        spec: modalities and tasks.
        features: what turns items into numbers.
        columns: names of the feature columns the trees were fitted on.
        committees: per task its models.
    """

    spec: ModelSpec
    features: HaimFeatures
    columns: tuple[str, ...]
    committees: Mapping[str, Committee]

    def predict(self, items: Sequence[Item], cohort_dir: str | Path) -> Predictions:
        """Predictions of items of a cohort, in their order.

        Raises:
            InputRejected: ``MODEL_MISFIT`` when the cohort gives other feature columns than the training one; what
                reading the cohort raises.
        """
        return self.predict_table(items, self.features(items, cohort_dir), self.features.note_terms(items))

    def predict_table(self, items: Sequence[Item], table: StatisticsTable, terms: csr_matrix | None) -> Predictions:
        """Predictions of items whose feature table and terms of notes are known already.

        Raises:
            InputRejected: ``MODEL_MISFIT``.
        """
        if table.names != self.columns:
            raise InputRejected(
                "MODEL_MISFIT",
                "the features are not those the trees were fitted on",
                got=f"{len(table.names)} columns",
                expected=f"{len(self.columns)} columns, by name",
                remedy="Predict with the program version and the settings of the training.",
            )
        inputs = Inputs(table.values, terms)
        scores = {task.name: self.committees[task.name].predict(task, inputs) for task in self.spec.tasks}
        return from_items(items, self.spec.tasks, [name.value for name in self.spec.modalities.names], scores)

    def write(self, folder: str | Path) -> None:
        """Write the model's files; trees.json last, as it names the others."""
        target = Path(folder)
        self.features.write(target)
        record = write_committees(target, self.committees)
        write_json(target / SPEC_NAME, self.spec.model_dump(mode="json"))
        whole = {
            "format": FORMAT,
            "tasks": record,
            "columns": list(self.columns),
            "film_features": self.features.film_features.name,
        }
        write_checked_text(target / _RECORD_NAME, json.dumps(whole, indent=1, sort_keys=True) + "\n")


class TreesTrainer:
    """Fits the baseline: ``run()`` trains and writes the model folder.

    Rounds and weights of a committee are chosen by cross-validation over train and tuning; tasks of trees alone take
    their rounds from tuning. With ``refit`` the models are then fitted anew on train and tuning together; what is kept
    as tuning predictions always comes from models that never saw tuning.

    Args:
        items: of the train split.
        tuning_items: of the tuning split.
        cohort_dir: where both come from.
        spec: modalities and tasks.
        output_dir: model folder.
        refit: whether to grow the final trees on train and tuning.
        seed: of everything random.
        film_features: how films become numbers; None takes plain picture statistics.
        settings: of :class:`BoostingSettings`, by name.
    """

    def __init__(
        self,
        items: Sequence[Item],
        tuning_items: Sequence[Item],
        cohort_dir: str | Path,
        spec: ModelSpec,
        output_dir: str | Path,
        *,
        refit: bool = False,
        seed: int = 0,
        film_features: FilmFeatures | None = None,
        **settings: Any,
    ) -> None:
        self.items, self.tuning_items, self.cohort_dir, self.spec = items, tuning_items, cohort_dir, spec
        self.output_dir, self.refit, self.seed, self.film_features = Path(output_dir), refit, seed, film_features
        self.settings = BoostingSettings(**settings)

    def run(self) -> None:
        """Train and write.

        Raises:
            InputRejected: ``NO_LABELS``, ``ONE_CLASS`` and what the features raise.
        """
        features = HaimFeatures.fit(self.items, self.spec, film_features=self.film_features)
        tables = [features(items, self.cohort_dir) for items in (self.items, self.tuning_items)]
        logger.info("%d features of %d train and %d tuning samples", len(tables[0].names), *map(len, self._splits))
        terms = [features.note_terms(items) for items in self._splits]
        train, tuning = (Inputs(table.values, words) for table, words in zip(tables, terms, strict=True))
        both = joined(train, tuning)
        held, final = {}, {}
        for task in self.spec.tasks:
            held[task.name], final[task.name] = self._fitted(task, both, len(self.items))
        model = TreesModel(self.spec, features, tables[0].names, held)
        model.predict_table(self.tuning_items, tables[1], terms[1]).write(self.output_dir / _TUNING_NAME)
        TreesModel(self.spec, features, tables[0].names, final).write(self.output_dir)

    @property
    def _splits(self) -> tuple[Sequence[Item], Sequence[Item]]:
        return self.items, self.tuning_items

    def _fitted(self, task: TaskSpec, both: Inputs, n_train: int) -> tuple[Committee, Committee]:
        """Models that never saw tuning, and the final ones."""
        label = _labels([*self.items, *self.tuning_items], task)
        train, settings, seed = slice(n_train), self.settings, self.seed
        if has_committee(task):
            patients = np.array([item["subject_id"] for items in self._splits for item in items], dtype=np.int64)
            plan = plan_committee(task, both, label, patients, settings, seed=seed)
            logger.info("task %s: rounds %s, weights %s", task.name, plan.rounds, plan.weights)
            held = grow_committee(task, both.rows(train), label[train], plan, settings, seed=seed)
            return held, grow_committee(task, both, label, plan, settings, seed=seed) if self.refit else held
        tuning = (both.table[n_train:], label[n_train:])
        parts = fit_task(task, (both.table[train], label[train]), tuning, settings, seed=seed)
        logger.info("%s rounds for task %s", rounds_of(parts), task.name)
        held = Committee({"trees": parts})
        if not self.refit:
            return held, held
        refitted = fit_task(task, (both.table, label), None, settings, seed=seed, rounds=rounds_of(parts))
        return held, Committee({"trees": refitted})


def read_trees(folder: str | Path, film_features: FilmFeatures | None = None) -> TreesModel:
    """Read what :meth:`TreesModel.write` wrote.

    Raises:
        InputRejected: ``MODEL_MISSING``, ``HASH_MISSING``, ``HASH_MISMATCH``, ``MODEL_MISFIT``.
    """
    source = Path(folder)
    spec = read_spec(source)
    record = json.loads(read_checked_bytes(source / _RECORD_NAME))
    features = HaimFeatures.read(source, spec, film_features=film_features)
    if record["format"] not in (FORMAT, FORMER) or record["film_features"] != features.film_features.name:
        raise InputRejected(
            "MODEL_MISFIT",
            "the trees were fitted on another kind of film features or by another version",
            got=features.film_features.name,
            expected=record["film_features"],
            remedy="Predict with the settings of the training.",
        )
    return TreesModel(spec, features, tuple(record["columns"]), read_committees(source, record["tasks"]))


def tuning_predictions(folder: str | Path) -> Predictions | None:
    """What the trees said on tuning before they were grown anew on it; None for a model that came without it.

    They hold patients' labels, so that they stay in the run's folder and are no part of a shipped model.
    """
    path = Path(folder) / _TUNING_NAME
    return Predictions.read(path) if path.is_file() else None


def _labels(items: Sequence[Item], task: TaskSpec) -> Floats:
    return np.stack([np.asarray(item[f"label_{task.name}"], dtype=np.float64) for item in items])

"""The HAIM-style baseline as a model: trained, kept in a folder and asked for predictions like every other system.

The folder holds spec.json, trees.json, the trees in LightGBM's own text format and the projections of films and
notes, each with its SHA-256; nothing in it can run code.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np

from monai_app.cohort.spec import ModelSpec, TaskSpec
from monai_app.cohort.statistics import StatisticsTable
from monai_app.core.atomic import write_json
from monai_app.core.errors import InputRejected
from monai_app.core.loading import read_checked_bytes, write_checked_text
from monai_app.engines.boosting import BoostingSettings, Features, Floats, Part, fit_task, predict_task, rounds_of
from monai_app.engines.film_features import FilmFeatures
from monai_app.engines.haim_features import HaimFeatures
from monai_app.engines.model_folder import SPEC_NAME, read_spec
from monai_app.engines.predictions import Predictions, from_items

logger = logging.getLogger(__name__)
FORMAT = "monai-app-trees-1"
_RECORD_NAME, _TUNING_NAME = "trees.json", "tuning_predictions.parquet"
Item = Mapping[str, Any]


@dataclass(frozen=True)
class TreesModel:
    """Fitted features and trees.

    Attributes:
        spec: modalities and tasks.
        features: what turns items into numbers.
        columns: names of the feature columns the trees were fitted on.
        parts: per task its targets' trees.
    """

    spec: ModelSpec
    features: HaimFeatures
    columns: tuple[str, ...]
    parts: Mapping[str, Sequence[Part]]

    def predict(self, items: Sequence[Item], cohort_dir: str | Path) -> Predictions:
        """Predictions of items of a cohort, in their order.

        Raises:
            InputRejected: ``MODEL_MISFIT`` when the cohort gives other feature columns than the training one; what
                reading the cohort raises.
        """
        return self.predict_table(items, self.features(items, cohort_dir))

    def predict_table(self, items: Sequence[Item], table: StatisticsTable) -> Predictions:
        """Predictions of items whose feature table is known already.

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
        scores = {task.name: predict_task(task, self.parts[task.name], table.values) for task in self.spec.tasks}
        return from_items(items, self.spec.tasks, [name.value for name in self.spec.modalities.names], scores)

    def write(self, folder: str | Path) -> None:
        """Write the model's files; trees.json last, as it names the others."""
        target = Path(folder)
        self.features.write(target)
        record = {}
        for name, parts in self.parts.items():
            record[name] = [self._write_part(target, f"trees/{name}/{index}", part) for index, part in enumerate(parts)]
        write_json(target / SPEC_NAME, self.spec.model_dump(mode="json"))
        whole = {
            "format": FORMAT,
            "tasks": record,
            "columns": list(self.columns),
            "film_features": self.features.film_features.name,
        }
        write_checked_text(target / _RECORD_NAME, json.dumps(whole, indent=1, sort_keys=True) + "\n")

    @staticmethod
    def _write_part(target: Path, stem: str, part: Part) -> dict[str, Any]:
        files = []
        for index, model in enumerate(part.models):
            files.append(f"{stem}-{index}.txt")
            write_checked_text(target / files[-1], model.model_to_string())
        return {"constant": part.constant, "files": files}


class TreesTrainer:
    """Fits the baseline: ``run()`` trains and writes the model folder.

    The number of trees is chosen on tuning. With ``refit`` the trees are then grown anew on train and tuning
    together; what is kept as tuning predictions always comes from trees that never saw tuning.

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
        parts = {}
        for task in self.spec.tasks:
            train, tuning = (
                (table.values, _labels(items, task)) for table, items in zip(tables, self._splits, strict=True)
            )
            parts[task.name] = fit_task(task, train, tuning, self.settings, seed=self.seed)
            logger.info("%s rounds for task %s", rounds_of(parts[task.name]), task.name)
        model = TreesModel(self.spec, features, tables[0].names, parts)
        model.predict_table(self.tuning_items, tables[1]).write(self.output_dir / _TUNING_NAME)
        if self.refit:
            model = self._refitted(model, np.concatenate([table.values for table in tables]))
        model.write(self.output_dir)

    @property
    def _splits(self) -> tuple[Sequence[Item], Sequence[Item]]:
        return self.items, self.tuning_items

    def _refitted(self, model: TreesModel, values: Features) -> TreesModel:
        """As many trees as were best, grown on all samples."""
        items = [*self.items, *self.tuning_items]
        parts = {
            task.name: fit_task(
                task,
                (values, _labels(items, task)),
                None,
                self.settings,
                seed=self.seed,
                rounds=rounds_of(model.parts[task.name]),
            )
            for task in self.spec.tasks
        }
        return TreesModel(self.spec, model.features, model.columns, parts)


def read_trees(folder: str | Path, film_features: FilmFeatures | None = None) -> TreesModel:
    """Read what :meth:`TreesModel.write` wrote.

    Raises:
        InputRejected: ``MODEL_MISSING``, ``HASH_MISSING``, ``HASH_MISMATCH``, ``MODEL_MISFIT``.
    """
    source = Path(folder)
    spec = read_spec(source)
    record = json.loads(read_checked_bytes(source / _RECORD_NAME))
    features = HaimFeatures.read(source, spec, film_features=film_features)
    if record["format"] != FORMAT or record["film_features"] != features.film_features.name:
        raise InputRejected(
            "MODEL_MISFIT",
            "the trees were fitted on another kind of film features or by another version",
            got=features.film_features.name,
            expected=record["film_features"],
            remedy="Predict with the settings of the training.",
        )
    parts = {
        name: [
            Part(
                models=tuple(
                    lightgbm.Booster(model_str=read_checked_bytes(source / file).decode()) for file in part["files"]
                ),
                constant=part["constant"],
            )
            for part in targets
        ]
        for name, targets in record["tasks"].items()
    }
    return TreesModel(spec, features, tuple(record["columns"]), parts)


def tuning_predictions(folder: str | Path) -> Predictions | None:
    """What the trees said on tuning before they were grown anew on it; None for a model that came without it.

    They hold patients' labels, so that they stay in the run's folder and are no part of a shipped model.
    """
    path = Path(folder) / _TUNING_NAME
    return Predictions.read(path) if path.is_file() else None


def _labels(items: Sequence[Item], task: TaskSpec) -> Floats:
    return np.stack([np.asarray(item[f"label_{task.name}"], dtype=np.float64) for item in items])

"""Predictions: what a model said about each sample beside what was true; one parquet file, from every kind of model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from monai_app.cohort.spec import TaskKind, TaskSpec
from monai_app.core.errors import AppError, InputRejected
from monai_app.core.tables import write_parquet

FORMAT = "monai-app-predictions-1"
_META = b"monai_app"


def label_columns(task: TaskSpec) -> tuple[str, ...]:
    """Names of the K' label columns: the classes of a multilabel task, (time, event) of a survival task, else value."""
    return task.columns


def score_columns(task: TaskSpec) -> tuple[str, ...]:
    """Names of the K score columns: classes, survival edges, or value."""
    if task.kind in (TaskKind.MULTILABEL, TaskKind.MULTICLASS):
        return task.classes
    return tuple(f"alive_at_{edge:g}" for edge in task.bin_edges) if task.kind is TaskKind.SURVIVAL else ("value",)


@dataclass(frozen=True)
class TaskPredictions:
    """Scores and labels of one task.

    Attributes:
        spec: the task.
        score: (N, K) probabilities; regression: values in the task's unit; survival: S(t) at the bin edges.
        label: (N, K') in the task's label columns, multiclass as an index; NaN = unlabelled.
        abstained: (N, K') bool, which decisions are too uncertain to be shown; None where nobody asked.
        spread: (N, K) standard deviation of the scores over stochastic passes; None where the model makes none.
    """

    spec: TaskSpec
    score: NDArray[np.float64]
    label: NDArray[np.float64]
    abstained: NDArray[np.bool_] | None = None
    spread: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        for name, array, width in (
            ("score", self.score, self.spec.outputs),
            ("label", self.label, len(label_columns(self.spec))),
        ):
            if array.ndim != 2 or array.shape[1] != width:
                raise AppError(
                    "SHAPE_MISMATCH", f"{name} of task {self.spec.name}", got=array.shape, expected=f"(N, {width})"
                )
            object.__setattr__(self, name, np.asarray(array, dtype=np.float64))
        for name, optional, shape in (
            ("abstained", self.abstained, self.label.shape),
            ("spread", self.spread, self.score.shape),
        ):
            if optional is not None and optional.shape != shape:
                raise AppError("SHAPE_MISMATCH", f"{name} of task {self.spec.name}", got=optional.shape, expected=shape)

    def take(self, rows: NDArray[Any]) -> TaskPredictions:
        """The samples chosen by a mask (N,) or by indices."""
        abstained = None if self.abstained is None else self.abstained[rows]
        spread = None if self.spread is None else self.spread[rows]
        return replace(self, score=self.score[rows], label=self.label[rows], abstained=abstained, spread=spread)

    @classmethod
    def join(cls, parts: Sequence[TaskPredictions]) -> TaskPredictions:
        """The samples of several predictions of one task, one after the other."""
        abstained = [part.abstained for part in parts if part.abstained is not None]
        spread = [part.spread for part in parts if part.spread is not None]
        return replace(
            parts[0],
            score=np.concatenate([part.score for part in parts]),
            label=np.concatenate([part.label for part in parts]),
            abstained=np.concatenate(abstained) if len(abstained) == len(parts) else None,
            spread=np.concatenate(spread) if len(spread) == len(parts) else None,
        )


@dataclass(frozen=True)
class Predictions:
    """Predictions of one model on N samples.

    Attributes:
        subject_id: (N,) int64.
        prediction_time: (N,) int64, microseconds since 1970.
        modalities: the M modalities of ``present``, in the order of :class:`monai_app.cohort.spec.Modality`.
        present: (N, M) bool.
        weights: (N, M) how much the model used each modality, None where it does not say.
        out_of_distribution: (N, M) bool, which modalities look unlike the training data; None where nobody asked.
        groups: attributes that results are broken down by, each (N,): strings ("" unknown) or numbers (NaN unknown).
        tasks: by name.
    """

    subject_id: NDArray[np.int64]
    prediction_time: NDArray[np.int64]
    modalities: tuple[str, ...]
    present: NDArray[np.bool_]
    tasks: Mapping[str, TaskPredictions]
    weights: NDArray[np.float64] | None = None
    out_of_distribution: NDArray[np.bool_] | None = None
    groups: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(self.subject_id)
        wanted = {"prediction_time": (n,), "present": (n, len(self.modalities))}
        optional = [name for name in ("weights", "out_of_distribution") if getattr(self, name) is not None]
        wanted |= dict.fromkeys(optional, (n, len(self.modalities)))
        found = {name: np.shape(getattr(self, name)) for name in wanted}
        found |= {f"groups {name}": np.shape(values) for name, values in self.groups.items()}
        wanted |= {f"groups {name}": (n,) for name in self.groups}
        found |= {f"task {name}": (len(task.score), len(task.label)) for name, task in self.tasks.items()}
        wanted |= {f"task {name}": (n, n) for name in self.tasks}
        for name, shape in wanted.items():
            if found[name] != shape:
                raise AppError("SHAPE_MISMATCH", f"{name} of predictions", got=found[name], expected=shape)

    def __len__(self) -> int:
        return len(self.subject_id)

    def take(self, rows: NDArray[Any]) -> Predictions:
        """The samples chosen by a mask (N,) or by indices."""
        return replace(
            self,
            subject_id=self.subject_id[rows],
            prediction_time=self.prediction_time[rows],
            present=self.present[rows],
            weights=None if self.weights is None else self.weights[rows],
            out_of_distribution=None if self.out_of_distribution is None else self.out_of_distribution[rows],
            groups={name: values[rows] for name, values in self.groups.items()},
            tasks={name: task.take(rows) for name, task in self.tasks.items()},
        )

    @classmethod
    def join(cls, parts: Sequence[Predictions]) -> Predictions:
        """The samples of several predictions of the same tasks and modalities, one after the other."""
        first = parts[0]
        weights = [part.weights for part in parts if part.weights is not None]
        novel = [part.out_of_distribution for part in parts if part.out_of_distribution is not None]
        return replace(
            first,
            subject_id=np.concatenate([part.subject_id for part in parts]),
            prediction_time=np.concatenate([part.prediction_time for part in parts]),
            present=np.concatenate([part.present for part in parts]),
            weights=np.concatenate(weights) if len(weights) == len(parts) else None,
            out_of_distribution=np.concatenate(novel) if len(novel) == len(parts) else None,
            groups={name: np.concatenate([part.groups[name] for part in parts]) for name in first.groups},
            tasks={name: TaskPredictions.join([part.tasks[name] for part in parts]) for name in first.tasks},
        )

    def write(self, path: str | Path) -> None:
        """Write as parquet: one row a sample, columns ``<task>/score/<class>``, ``present/<modality>``, ..."""
        columns: dict[str, Any] = {"subject_id": self.subject_id, "prediction_time": self.prediction_time}
        columns |= {f"present/{name}": self.present[:, i] for i, name in enumerate(self.modalities)}
        if self.weights is not None:
            columns |= {f"weight/{name}": self.weights[:, i] for i, name in enumerate(self.modalities)}
        if self.out_of_distribution is not None:
            novel = self.out_of_distribution
            columns |= {f"out_of_distribution/{name}": novel[:, i] for i, name in enumerate(self.modalities)}
        for name, values in self.groups.items():
            columns[f"group/{name}"] = values if values.dtype.kind in "fiub" else values.astype(str)
        for name, task in self.tasks.items():
            for part, names in (
                ("score", score_columns(task.spec)),
                ("label", label_columns(task.spec)),
                ("abstained", () if task.abstained is None else label_columns(task.spec)),
                ("spread", () if task.spread is None else score_columns(task.spec)),
            ):
                array = getattr(task, part)
                columns |= {f"{name}/{part}/{column}": array[:, i] for i, column in enumerate(names)}
        header = {
            "format": FORMAT,
            "modalities": list(self.modalities),
            "weights": self.weights is not None,
            "out_of_distribution": self.out_of_distribution is not None,
            "groups": list(self.groups),
            "tasks": [task.spec.model_dump(mode="json") for task in self.tasks.values()],
            "abstained": [name for name, task in self.tasks.items() if task.abstained is not None],
            "spread": [name for name, task in self.tasks.items() if task.spread is not None],
        }
        table = pa.table({name: pa.array(values) for name, values in columns.items()})
        write_parquet(path, table.replace_schema_metadata({_META: json.dumps(header, sort_keys=True)}))

    @classmethod
    def read(cls, path: str | Path) -> Predictions:
        """Read what :meth:`write` wrote.

        Raises:
            InputRejected: ``FILE_NOT_FOUND`` or ``PREDICTIONS_UNREADABLE``.
        """
        source = Path(path)
        if not source.is_file():
            raise InputRejected("FILE_NOT_FOUND", "a predictions file is missing", remedy="Check the path.")
        try:
            table = pq.read_table(source)
            header = json.loads((table.schema.metadata or {})[_META])
            return _assemble(table, header)
        except (pa.ArrowException, KeyError, ValueError) as error:
            raise InputRejected(
                "PREDICTIONS_UNREADABLE",
                "a file does not hold predictions",
                got=type(error).__name__,
                expected=f"parquet in the format {FORMAT}",
                remedy="Run the evaluation again.",
            ) from error


def _assemble(table: pa.Table, header: dict[str, Any]) -> Predictions:
    def column(name: str) -> NDArray[Any]:
        values: NDArray[Any] = table.column(name).to_numpy(zero_copy_only=False)
        return values

    def stack(prefix: str, names: Sequence[str]) -> NDArray[Any]:
        return np.stack([column(f"{prefix}{name}") for name in names], axis=1) if names else np.zeros((len(table), 0))

    tasks = {}
    for record in header["tasks"]:
        spec = TaskSpec.parse(record)
        score = stack(f"{spec.name}/score/", score_columns(spec))
        abstained = None
        if spec.name in header.get("abstained", ()):
            abstained = stack(f"{spec.name}/abstained/", label_columns(spec)).astype(bool)
        label, spread = stack(f"{spec.name}/label/", label_columns(spec)), None
        if spec.name in header.get("spread", ()):
            spread = stack(f"{spec.name}/spread/", score_columns(spec))
        tasks[spec.name] = TaskPredictions(spec, score, label, abstained, spread)
    modalities = tuple(header["modalities"])
    novel = stack("out_of_distribution/", modalities).astype(bool) if header.get("out_of_distribution") else None
    return Predictions(
        subject_id=column("subject_id"),
        prediction_time=column("prediction_time"),
        modalities=modalities,
        present=stack("present/", modalities).astype(bool),
        weights=stack("weight/", modalities) if header["weights"] else None,
        out_of_distribution=novel,
        groups={name: column(f"group/{name}") for name in header["groups"]},
        tasks=tasks,
    )


def from_items(
    items: Sequence[Mapping[str, Any]],
    tasks: Sequence[TaskSpec],
    modalities: Sequence[str],
    scores: Mapping[str, NDArray[np.floating[Any]]],
    *,
    weights: NDArray[np.floating[Any]] | None = None,
    spreads: Mapping[str, NDArray[np.floating[Any]]] | None = None,
) -> Predictions:
    """Join scores with the items they were made from (see :mod:`monai_app.cohort.items`), in the same order.

    Args:
        items: N items.
        tasks: the tasks predicted.
        modalities: the modalities of the model.
        scores: per task (N, K).
        weights: (N, M) or None.
        spreads: per task (N, K), of the tasks that have stochastic passes.
    """
    names = [key.removeprefix("group_") for key in items[0] if key.startswith("group_")] if items else []
    return Predictions(
        subject_id=np.array([item["subject_id"] for item in items], dtype=np.int64),
        prediction_time=np.array([item["prediction_time"] for item in items], dtype=np.int64),
        modalities=tuple(str(modality) for modality in modalities),
        present=np.array(
            [[bool(item[f"{name}_present"]) for name in modalities] for item in items], dtype=bool
        ).reshape(len(items), len(modalities)),
        weights=None if weights is None else np.asarray(weights, dtype=np.float64),
        groups={name: np.array([item[f"group_{name}"] for item in items]) for name in names},
        tasks={
            task.name: TaskPredictions(
                task,
                np.asarray(scores[task.name], dtype=np.float64),
                np.array([item[f"label_{task.name}"] for item in items], dtype=np.float64).reshape(
                    len(items), len(label_columns(task))
                ),
                spread=np.asarray(spreads[task.name], dtype=np.float64) if spreads and task.name in spreads else None,
            )
            for task in tasks
        },
    )

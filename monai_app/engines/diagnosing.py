"""A diagnostic bundle opened for single studies: loaded once, then a study at a time, as ``predict`` would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from monai.bundle import ConfigWorkflow

from monai_app.cohort.spec import ModelSpec, TaskKind
from monai_app.core.atomic import sha256_file
from monai_app.core.errors import InputRejected
from monai_app.core.loading import read_json
from monai_app.engines.batches import collate_samples, prepare_multimodal_batch
from monai_app.engines.build import model_items
from monai_app.engines.bundle import Workflow, find_bundle, open_workflow, typed_errors
from monai_app.engines.data import SampleDataset, sample_loader
from monai_app.engines.evaluator import MultimodalEvaluator
from monai_app.engines.model_folder import WEIGHTS_NAME
from monai_app.engines.observation import Observer
from monai_app.engines.prediction_files import judged_predictions
from monai_app.engines.predictions import Predictions, score_columns
from monai_app.explain.explanation import explain
from monai_app.explain.film_grid import own_grid
from monai_app.explain.methods import find_method
from monai_app.inference.diagnosis import Diagnosis, DiagnosisModel, FilmMap, LabelFound, ModalityTold

_JUDGING = ("calibration", "abstain", "abstain_at", "novelty")
_REPORTED = (TaskKind.BINARY, TaskKind.MULTILABEL)


def open_diagnosis(
    bundle: str,
    *,
    overlays: Sequence[str] = (),
    model_dir: Path | None = None,
    settings: Mapping[str, Any] | None = None,
    tasks: Sequence[str] = (),
    method: str | None = None,
) -> DiagnosisModel:
    """Open a bundle whose labels are probabilities.

    Args:
        settings: of its inference, such as ``{"calibration": "temperature", "novelty": 0.99}``.
        tasks: binary or multilabel tasks to report; all of those kinds where none is named.
        method: of the maps of the film; None makes none.

    Raises:
        InputRejected: ``TASK_UNKNOWN``; as :func:`monai_app.engines.bundle.open_workflow`.
    """
    folder = find_bundle(bundle)
    chosen = dict(settings or {}) | ({} if model_dir is None else {"model_dir": str(model_dir)})
    opened = open_workflow(folder, Workflow.INFERENCE, overlays=overlays, settings=chosen)
    with typed_errors():
        reader = _Reader(opened, tasks, method)
    version = str(read_json(folder / "configs" / "metadata.json").get("version", ""))
    named = [(key, str(value)) for key, value in sorted(reader.judging.items())]
    told = (*named, ("maps", str(method)))
    sha256 = sha256_file(reader.model_dir / WEIGHTS_NAME)
    return DiagnosisModel(reader, reader.spec, folder.name, version, sha256, told)


class _Reader:
    """Reads one study after another with one network."""

    def __init__(self, opened: ConfigWorkflow, tasks: Sequence[str], method: str | None) -> None:
        parser = opened.parser
        self.spec: ModelSpec = parser.get_parsed_content("spec")
        self.network = parser.get_parsed_content("network").eval()
        self.preprocessing = parser.get_parsed_content("preprocessing")
        self.inferer = parser.get_parsed_content("inferer")
        self.device = parser.get_parsed_content("device")
        self.model_dir = Path(parser.get_parsed_content("model_dir"))
        self.judging = {
            key: parser.get_parsed_content(key) for key in ("calibration", "abstain", "abstain_at", "novelty")
        }
        self.method = None if method is None else find_method(method)
        self.tasks = self._tasks(tasks)

    def _tasks(self, names: Sequence[str]) -> tuple[str, ...]:
        known = [task.name for task in self.spec.tasks if task.kind in _REPORTED]
        if unknown := [name for name in names if name not in known]:
            raise InputRejected(
                "TASK_UNKNOWN",
                "the model has no such task of labels",
                got=", ".join(unknown),
                expected=", ".join(known),
            )
        return tuple(names) or tuple(known)

    def __call__(self, cohort_dir: Path, film_shape: tuple[int, int] | None) -> Diagnosis:
        """The study as the model sees it.

        Raises:
            InputRejected: as :func:`monai_app.engines.build.model_items`, of what preprocessing refuses.
        """
        dataset = SampleDataset(model_items(cohort_dir, None, self.spec), self.preprocessing)
        evaluator = MultimodalEvaluator(
            self.device, sample_loader(dataset, batch_size=1), self.network, inferer=self.inferer
        )
        observer = Observer(evaluator, cohort_dir, self.spec, self.preprocessing)
        predictions = judged_predictions(
            evaluator.predict(self.spec), model_dir=self.model_dir, observer=observer, **self.judging
        )
        maps = (
            ()
            if film_shape is None or self.method is None
            else self._maps(cast(Mapping[str, Any], dataset[0]), film_shape)
        )
        return Diagnosis(_labels(predictions, self.tasks), _modalities(predictions), maps)

    def _maps(self, sample: Mapping[str, Any], shape: tuple[int, int]) -> tuple[FilmMap, ...]:
        assert self.method is not None, "maps were asked for"
        inputs, _ = prepare_multimodal_batch(collate_samples([sample]), self.device)
        made = []
        for task in (task for task in self.spec.tasks if task.name in self.tasks):
            for name in score_columns(task):
                label = task.name if task.kind is TaskKind.BINARY else f"{task.name}/{name}"
                found = explain(self.network, self.spec, inputs, label, method=self.method).maps["film"]
                values = own_grid(found.values, shape)
                made.append(FilmMap(_name(task.name, name), found.method, values))
        return tuple(made)


def _name(task: str, column: str) -> str:
    """The label of a binary task is called as the task."""
    return task if column == "value" else column


def _labels(predictions: Predictions, tasks: Sequence[str]) -> tuple[LabelFound, ...]:
    found = []
    for name in tasks:
        task = predictions.tasks[name]
        for k, column in enumerate(score_columns(task.spec)):
            spread = None if task.spread is None else float(task.spread[0, k])
            silent = task.abstained is not None and bool(task.abstained[0, k])
            found.append(LabelFound(name, _name(name, column), float(task.score[0, k]), spread, silent))
    return tuple(found)


def _modalities(predictions: Predictions) -> tuple[ModalityTold, ...]:
    weights, flags = predictions.weights, predictions.out_of_distribution
    return tuple(
        ModalityTold(
            name,
            bool(predictions.present[0, index]),
            None if weights is None else float(weights[0, index]),
            None if flags is None else bool(flags[0, index]),
        )
        for index, name in enumerate(predictions.modalities)
    )

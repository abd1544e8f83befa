"""Trained models and their held-out cases, opened through the explanation of their bundle; trees are refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from monai_app.benchmark.attribution_truth import LabelTruth
from monai_app.benchmark.systems import SYSTEMS
from monai_app.cohort.spec import ModelSpec
from monai_app.cohort.tokenizer import NoteTokenizer
from monai_app.core.errors import InputRejected
from monai_app.engines.batches import collate_samples, prepare_multimodal_batch
from monai_app.engines.bundle import (
    Workflow,
    find_bundle,
    known_settings,
    open_workflow,
    system_overlays,
    systems,
    typed_errors,
)
from monai_app.engines.data import SampleDataset
from monai_app.engines.explaining import prior_of, refuse_trees, train_items
from monai_app.explain.baselines import Baselines, completed, medians
from monai_app.explain.prepared import refuse_unexplainable
from monai_app.networks import MultimodalNetwork

HELD_OUT = "held_out"
BATCH = 64


@dataclass(frozen=True)
class ModelPlace:
    """A model as the command names it: ``early=FOLDER``, or ``early@seed0=FOLDER`` where a system comes twice.

    Attributes:
        name: in the tables.
        system: whose overlay builds it; None: the bundle as it stands.
        folder: of its weights; None: the bundle's own.
    """

    name: str
    system: str | None
    folder: Path | None


def model_places(pairs: Sequence[str], bundle: str, system: str | None) -> list[ModelPlace]:
    """The models of a command.

    Args:
        pairs: ``NAME=FOLDER``; NAME is a system of the bundle or of `benchmark fusion`, or anything where ``system``
            says which one.
        system: of the models whose name is no system's; also of the bundle's own weights where there are no pairs.

    Raises:
        InputRejected: ``MODEL_NAME``.
    """
    if not pairs:
        return [ModelPlace(system or Path(bundle).name, system, None)]
    known, found = systems(find_bundle(bundle)), []
    for pair in pairs:
        name, equals, folder = pair.partition("=")
        stem = name.partition("@")[0]
        overlay = SYSTEMS[stem].overlay if stem in SYSTEMS else stem
        if not equals or not name or (overlay not in known and system is None):
            raise InputRejected(
                "MODEL_NAME",
                "a model needs a name that says which system it is",
                got=repr(name),
                expected="NAME=FOLDER with NAME, or its part before @, one of " + ", ".join(known),
                remedy="Check --model, or say --fusion.",
            )
        found.append(ModelPlace(name, overlay if overlay in known else system, Path(folder)))
    return found


@dataclass(frozen=True, eq=False)
class HeldOutModel:
    """A network in evaluation mode and the held-out cases of a cohort.

    Attributes:
        name: in the tables.
        dataset: held-out items, and what prepares them.
        tokenizer: of the notes; None where it reads none.
        train: items of the train split, for baselines and priors.
    """

    name: str
    spec: ModelSpec
    network: MultimodalNetwork
    dataset: SampleDataset
    tokenizer: NoteTokenizer | None
    train: Sequence[Mapping[str, Any]]

    @cached_property
    def baselines(self) -> Baselines:
        """What removed values and words are replaced by."""
        mask_id = None if self.tokenizer is None else self.tokenizer.mask_id
        known = medians(self.train, mask_id) if self.train else Baselines(mask_id=mask_id)
        return completed(known, self.network)

    @property
    def items(self) -> Sequence[Mapping[str, Any]]:
        """The held-out items."""
        items: Sequence[Mapping[str, Any]] = self.dataset.data
        return items

    def inputs(self, rows: Sequence[int]) -> dict[str, Tensor]:
        """A batch of rows."""
        device = next(self.network.parameters()).device
        batch, _ = prepare_multimodal_batch(collate_samples([self.dataset[row] for row in rows]), device)
        return dict(batch)

    def batches(self) -> Iterator[dict[str, Tensor]]:
        """All rows in their order."""
        for start in range(0, len(self.items), BATCH):
            yield self.inputs(range(start, min(start + BATCH, len(self.items))))

    def labels(self, truths: Sequence[LabelTruth]) -> npt.NDArray[np.float64]:
        """What came true, (N, L); NaN where unknown."""
        columns = [
            [np.ravel(item[f"label_{truth.target.task.name}"])[truth.target.index] for item in self.items]
            for truth in truths
        ]
        return np.array(columns, np.float64).T

    def subjects(self) -> npt.NDArray[np.int64]:
        """The patient of each row."""
        return np.array([int(item["subject_id"]) for item in self.items])

    def priors(self, truths: Sequence[LabelTruth]) -> npt.NDArray[np.float64]:
        """The score of each label before any data (L,)."""
        return np.array([prior_of(truth.target, self.train, self.spec, self.network).score for truth in truths])


def open_model(
    bundle: str, cohort_dir: str | Path, place: ModelPlace, settings: Mapping[str, Any], *, split: str | None = HELD_OUT
) -> HeldOutModel:
    """Open one model.

    Raises:
        InputRejected: ``EXPLAIN_UNSUPPORTED`` for trees; those of the bundle and of its weights.
    """
    folder = find_bundle(bundle)
    if place.folder is not None:
        refuse_trees(place.folder)
    overlays = system_overlays(folder, place.system)
    if "explain" not in {path.stem for path in (folder / "configs").glob("*.yaml")}:
        raise InputRejected("EXPLAIN_UNSUPPORTED", "the bundle explains nothing", expected="configs/explain.yaml")
    known = known_settings(folder, Workflow.EXPLAIN, overlays)
    chosen = {key: value for key, value in settings.items() if key.split("::")[0] in known}
    chosen |= {"cohort_dir": str(cohort_dir), "split": split}
    chosen |= {} if place.folder is None else {"model_dir": str(place.folder)}
    with typed_errors():
        parser = open_workflow(folder, Workflow.EXPLAIN, overlays=overlays, settings=chosen).parser
        network = refuse_unexplainable(parser.get_parsed_content("network").eval())
        spec: ModelSpec = parser.get_parsed_content("spec")
        tokenizer = parser.get_parsed_content("tokenizer") if "tokenizer" in known else None
        dataset = parser.get_parsed_content("dataset")
    return HeldOutModel(place.name, spec, network, dataset, tokenizer, train_items(cohort_dir, spec))

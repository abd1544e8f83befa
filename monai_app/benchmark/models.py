"""A trained system, opened once and asked for predictions of prepared batches or, for trees, of items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from monai_app.benchmark.conditions import Batches, Item
from monai_app.benchmark.training import Run
from monai_app.cohort.spec import ModelSpec
from monai_app.core.atomic import sha256_file
from monai_app.engines.bundle import Workflow, find_bundle, known_settings, open_workflow, typed_errors
from monai_app.engines.evaluator import join_outputs
from monai_app.engines.model_folder import WEIGHTS_NAME
from monai_app.engines.predictions import Predictions, from_items
from monai_app.losses.outputs import scores


class TrainedSystem:
    """What a run trained.

    Attributes:
        run: the training.
        spec: of the model.
        items: held-out items, and those of tuning.
        preprocessing: from items to tensors; None for trees, which read items.
        parameters: number of trained weights; 0 for trees.

    Raises:
        InputRejected: as :func:`monai_app.engines.model_folder.load_model`, for weights that are damaged or of another
            network.
    """

    def __init__(self, run: Run) -> None:
        folder = find_bundle(run.bundle)
        known = known_settings(folder, Workflow.EVALUATE, run.overlays)
        chosen = {key: value for key, value in run.settings.items() if key.split("::")[0] in known}
        parser = open_workflow(folder, Workflow.EVALUATE, overlays=run.overlays, settings=chosen).parser
        self.run, self.cohort_dir = run, str(run.settings["cohort_dir"])
        with typed_errors():
            self.spec: ModelSpec = parser.get_parsed_content("spec")
            self.items: Sequence[Item] = parser.get_parsed_content("dataset::data")
            self.tuning_items: Sequence[Item] = parser.get_parsed_content("tuning::dataset::data")
            self.preprocessing: Any = None if run.system.trees else parser.get_parsed_content("preprocessing")
            self.trees: Any = parser.get_parsed_content("trees") if run.system.trees else None
            self.network: nn.Module | None = None if run.system.trees else parser.get_parsed_content("network")
            self.device: Any = parser.get_parsed_content("device")
        parameters = [] if self.network is None else [value.numel() for value in self.network.parameters()]
        self.parameters = sum(parameters)

    @property
    def digest(self) -> str:
        """Hash of the model's own file."""
        return sha256_file(self.run.folder / ("trees.json" if self.network is None else WEIGHTS_NAME))

    @property
    def names(self) -> list[str]:
        """The modalities, in the order of every (N, M) array."""
        return [modality.value for modality in self.spec.modalities.names]

    @torch.inference_mode()
    def predict(self, items: Sequence[Item], batches: Batches | None) -> tuple[Predictions, Mapping[str, Any]]:
        """Predictions of the items and what else the network said of each (trees: nothing).

        Args:
            items: of a condition.
            batches: the same, prepared; trees do without.
        """
        if self.network is None:
            return self.trees.predict(items, self.cohort_dir), {}
        assert batches is not None
        self.network.eval()
        moved = ({key: value.to(self.device) for key, value in inputs.items()} for inputs, _ in batches)
        output = join_outputs([self.network(inputs) for inputs in moved])
        values = {task.name: scores(task, output.logits[task.name]).double().numpy() for task in self.spec.tasks}
        weights = None if output.weights is None else output.weights.double().numpy()
        made = from_items(items, self.spec.tasks, self.names, values, weights=weights)
        return made, {name: value.numpy() for name, value in output.extras.items()}

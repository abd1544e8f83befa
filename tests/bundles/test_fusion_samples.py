"""Every overlay with a network, encoders included: a sample's prediction is its own, and of what the sample has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from monai_app.cohort.spec import ModelSpec
from monai_app.core.errors import InputRejected
from monai_app.core.random import torch_generator
from monai_app.engines.batches import collate_samples, prepare_multimodal_batch
from monai_app.engines.bundle import Workflow, open_workflow, typed_errors
from monai_app.engines.data import SampleDataset, sample_loader
from monai_app.engines.evaluator import MultimodalEvaluator
from monai_app.engines.prediction_files import prediction_rows
from monai_app.networks import FusionOutput, MultimodalNetwork
from monai_app.phantom.cohort import write_phantom
from tests.bundles.test_fusion_overlays import BUNDLE, NETWORKS

TOLERANCE = 1e-5
"""Of a logit and of a weight, absolute and relative: float32 sums in another order where the batch has another size."""

ROWS = 8
Inputs = dict[str, Tensor]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A cohort and an output folder, whose tokenizer all systems share."""
    folder = tmp_path_factory.mktemp("phantom")
    write_phantom(folder / "cohort", patients=24, seed=0)
    return folder / "cohort", folder / "run"


def opened(fusion: str, folders: tuple[Path, Path], *names: str) -> list[Any]:
    """Contents of a small training workflow, its films seen by a network with batch normalisation."""
    settings = {"cohort_dir": str(folders[0]), "output_dir": str(folders[1]), "device": "cpu", "workers": 0}
    parser = open_workflow(BUNDLE, Workflow.TRAIN, overlays=[f"fusion_{fusion}", "smoke"], settings=settings).parser
    with typed_errors():
        return [parser.get_parsed_content(name) for name in names]


@pytest.fixture(scope="module")
def samples(folders: tuple[Path, Path]) -> list[dict[str, Any]]:
    """Preprocessed train samples: everything; the film, the series, the table, the note alone; then as they come."""
    data, preprocessing = opened("early", folders, "train::dataset::data", "preprocessing")
    whole = [dict(preprocessing(item)) for item in data if all(item[f"{name}_present"] for name in _names(item))]
    found = [whole[index % len(whole)] | {} for index in range(ROWS)]
    for row, only in enumerate(("film", "series", "table", "note"), start=1):
        found[row] |= {f"{name}_present": name == only for name in _names(found[row])}
    found[6] |= {"film_present": False}
    return found


def _names(item: Mapping[str, Any]) -> list[str]:
    return [key.removesuffix("_present") for key in item if key.endswith("_present")]


@pytest.fixture(scope="module", params=NETWORKS)
def model(request: pytest.FixtureRequest, folders: tuple[Path, Path]) -> tuple[MultimodalNetwork, ModelSpec]:
    """A network as it is initialised, its fusion shaken, so that no branch of it is still silent."""
    network, spec = opened(request.param, folders, "network", "spec")
    generator = torch_generator("tests/fusion-samples")
    with torch.no_grad():
        for parameter in network.fusion.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=generator))
        for name, value in {"alpha": 0.5, "beta": 0.5, "steps": 10_000}.items():  # where trust is learned and rises
            if isinstance(getattr(network.fusion, name, None), Tensor):
                getattr(network.fusion, name).fill_(value)
    return network.eval(), spec


def inputs_of(samples: Sequence[Mapping[str, Any]]) -> Inputs:
    return prepare_multimodal_batch(collate_samples(samples))[0]


@torch.inference_mode()
def said(network: MultimodalNetwork, inputs: Inputs) -> dict[str, Tensor]:
    output: FusionOutput = network(inputs)
    return output.logits if output.weights is None else {**output.logits, "weights": output.weights}


def test_a_batch_is_its_samples_one_by_one_and_in_any_order(
    model: tuple[MultimodalNetwork, ModelSpec], samples: list[dict[str, Any]]
) -> None:
    inputs, order = inputs_of(samples), torch.tensor([5, 2, 7, 0, 3, 6, 1, 4])
    whole = said(model[0], inputs)
    permuted = said(model[0], {key: value[order] for key, value in inputs.items()})
    singles = [said(model[0], {key: value[row : row + 1] for key, value in inputs.items()}) for row in range(ROWS)]
    assert any((value[0] - value[1]).abs().max() > 100 * TOLERANCE for value in whole.values())
    for key, value in whole.items():
        assert value.isfinite().all(), key
        alone = torch.cat([single[key] for single in singles])
        torch.testing.assert_close(alone, value, rtol=TOLERANCE, atol=TOLERANCE)
        torch.testing.assert_close(permuted[key], value[order], rtol=TOLERANCE, atol=TOLERANCE)


def test_a_sample_with_nothing_is_refused(
    model: tuple[MultimodalNetwork, ModelSpec], samples: list[dict[str, Any]]
) -> None:
    nothing = {f"{name}_present": False for name in _names(samples[0])}
    with pytest.raises(InputRejected, match="ALL_MODALITIES_MISSING.*1 such"):
        model[0](inputs_of([*samples[:3], samples[3] | nothing]))


def test_without_health_records_the_film_alone_predicts(
    model: tuple[MultimodalNetwork, ModelSpec], samples: list[dict[str, Any]]
) -> None:
    sample = samples[1]
    junk = {name: torch.full_like(torch.as_tensor(sample[name]), 3) for name in ("series", "table", "note")}
    other = sample | {"film": 1 - torch.as_tensor(sample["film"])}
    plain, dirty, changed = (said(model[0], inputs_of([each])) for each in (sample, sample | junk, other))
    for key, value in plain.items():
        assert torch.equal(value, dirty[key]), key
    assert any((changed[task.name] - plain[task.name]).abs().max() > TOLERANCE for task in model[1].tasks)
    if "weights" in plain:
        film = _names(sample).index("film")
        assert plain["weights"][0, film].item() == pytest.approx(1, abs=TOLERANCE)


def test_prediction_shows_what_it_was_made_from(
    model: tuple[MultimodalNetwork, ModelSpec], samples: list[dict[str, Any]]
) -> None:
    loader = sample_loader(SampleDataset(samples), batch_size=3)
    rows = prediction_rows(MultimodalEvaluator(torch.device("cpu"), loader, model[0]).predict(model[1]))
    assert rows[1]["present"] == {"film": True, "series": False, "table": False, "note": False}
    assert [row["present"] for row in rows] == [
        {name: bool(sample[f"{name}_present"]) for name in model[0].modalities} for sample in samples
    ]
    assert all(np.isfinite(value) for row in rows for task in row["scores"].values() for value in task.values())

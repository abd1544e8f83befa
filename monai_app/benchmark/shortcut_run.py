"""The shortcut tests of a trained film model on a phantom cohort: twins, burnt-in markers, projections."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from monai_app.benchmark.shortcuts import Item, projection_results, twin_results, write_twins
from monai_app.cohort.spec import ModelSpec
from monai_app.core.atomic import write_json
from monai_app.core.errors import InputRejected
from monai_app.core.tables import write_csv
from monai_app.engines.build import with_corruption
from monai_app.engines.bundle import Workflow, find_bundle, open_workflow, system_overlays, typed_errors
from monai_app.engines.data import SampleDataset, sample_loader
from monai_app.engines.evaluator import MultimodalEvaluator
from monai_app.engines.predictions import Predictions
from monai_app.transforms.corruption.border_marker import BorderMarkerd

BORDER_SEVERITIES = (1, 3, 5)
RESULTS_NAME = "shortcuts.json"


@dataclass(frozen=True)
class FilmModel:
    """A trained model and the held-out films of a cohort."""

    spec: ModelSpec
    network: Any
    preprocessing: Any
    device: Any
    batch_size: int
    items: Sequence[Item]

    @classmethod
    def opened(
        cls,
        bundle: str,
        cohort_dir: str | Path,
        *,
        model_dir: str | Path | None,
        system: str | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> FilmModel:
        """Open the inference of a bundle; ``model_dir`` None takes the bundle's own weights.

        Raises:
            InputRejected: ``NO_FILMS`` when the held-out split has none.
        """
        folder = find_bundle(bundle)
        chosen = {"cohort_dir": str(cohort_dir), "split": "held_out", **(settings or {})}
        chosen |= {} if model_dir is None else {"model_dir": str(model_dir)}
        overlays = system_overlays(folder, system)
        parser = open_workflow(folder, Workflow.INFERENCE, overlays=overlays, settings=chosen).parser
        with typed_errors():
            names = ("spec", "network", "preprocessing", "device", "batch_size")
            parts = {name: parser.get_parsed_content(name) for name in names}
            data = parser.get_parsed_content("dataset::data")
        items = [item for item in data if item.get("film_present")]
        if not items:
            raise InputRejected("NO_FILMS", "the held-out split has no films", expected="a cohort with films")
        return cls(**parts, items=items)

    def predict(self, items: Sequence[Item], *, border: int = 0) -> Predictions:
        """Predictions of items, with a border and a burnt-in marker of this severity (0: as they are)."""
        fault = BorderMarkerd("film", border) if border else None
        dataset = SampleDataset(items, with_corruption(self.preprocessing, fault))
        loader = sample_loader(dataset, batch_size=self.batch_size)
        return MultimodalEvaluator(self.device, loader, self.network).predict(self.spec)


def run_shortcuts(
    bundle: str,
    cohort_dir: str | Path,
    out: str | Path,
    *,
    seed: int,
    model_dir: str | Path | None = None,
    system: str | None = None,
    films: int = 200,
    resamples: int = 1000,
    settings: Mapping[str, Any] | None = None,
    on_stage: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Test a film model for shortcuts; write shortcuts.json and shortcuts.csv.

    Args:
        bundle: whose inference predicts.
        cohort_dir: a phantom cohort at full resolution.
        seed: that it was simulated with.
        films: held-out films, the first ones by patient; twins of each are exposed and kept below ``out``.
        resamples: of patients, for the intervals.

    Raises:
        InputRejected: ``SEED_MISFIT``, ``NO_FILMS``; those of the bundle.
    """
    model = FilmModel.opened(bundle, cohort_dir, model_dir=model_dir, system=system, settings=settings)
    items = model.items[:films]
    on_stage(f"exposing the twins of {len(items)} films")
    twins = write_twins(items, Path(out) / "twins", seed=seed)
    on_stage("predicting")
    conditions = {lead.value: model.predict(films_of_lead) for lead, films_of_lead in twins.items()}
    conditions |= {f"border marker {severity}": model.predict(items, border=severity) for severity in BORDER_SEVERITIES}
    everyone = model.predict(model.items)
    results: dict[str, Any] = {
        "films": len(items),
        "seed": seed,
        "markers": twin_results(conditions, resamples=resamples),
        "projection": projection_results(everyone, [item["film_view"] for item in model.items], resamples=resamples),
    }
    write_csv(Path(out) / "shortcuts.csv", marker_table(results["markers"]))
    write_json(Path(out) / RESULTS_NAME, results)
    return results


def marker_table(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """The rows of :func:`monai_app.benchmark.shortcuts.twin_results` with intervals in columns of their own."""
    flat = []
    for row in rows:
        plain = {key: value for key, value in row.items() if not isinstance(value, Mapping)}
        for key in ("auroc", "auroc_change"):
            plain |= {f"{key}_{part}": row[key][part] for part in ("value", "low", "high")}
        flat.append(plain)
    return pl.DataFrame(flat, infer_schema_length=None)

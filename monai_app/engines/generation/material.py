"""What an evaluation of generated films looks at: real films, feature vectors, and what conditions say as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import polars as pl
import torch
from monai.transforms import Compose
from numpy.typing import NDArray
from torch import Tensor

from monai_app.cohort.condition_columns import condition_columns, condition_tasks
from monai_app.cohort.spec import ModelSpec
from monai_app.engines.data import SampleDataset, sample_loader
from monai_app.engines.generation.batches import FILM, prepare_reconstruction_batch
from monai_app.engines.generation.latents import SOURCE
from monai_app.networks.encoders.film_statistics import film_statistics
from monai_app.networks.generation.condition import label_columns
from monai_app.networks.generation.film_features import FilmFeatures

Floats = NDArray[np.float64]
Images = NDArray[np.float32]

_BATCH = 64


def real_films(items: Sequence[Mapping[str, Any]], preprocessing: Compose, *, cache_dir: str | None = None) -> Images:
    """The films ``(N, S, S)`` of items that carry their path under ``source_image``."""
    films = [{FILM: item[SOURCE], "film_present": True} for item in items]
    loader = sample_loader(SampleDataset(films, preprocessing, cache_dir=cache_dir), batch_size=_BATCH)
    parts = [prepare_reconstruction_batch(batch)[0][:, 0] for batch in loader]
    return cast(Images, torch.cat(parts).numpy())


@torch.inference_mode()
def film_vectors(films: Images, features: FilmFeatures) -> tuple[Floats, Floats]:
    """Of films ``(N, S, S)``: features of the named network ``(N, C)``, and these beside fixed picture statistics."""
    device = next(features.parameters()).device
    deep: list[Tensor] = []
    fixed: list[Tensor] = []
    for start in range(0, len(films), _BATCH):
        batch = torch.from_numpy(films[start : start + _BATCH])[:, None].to(device)
        deep.append(features.pooled(batch).cpu())
        fixed.append(film_statistics(batch).cpu())
    pooled = torch.cat(deep).double().numpy()
    return pooled, np.concatenate([pooled, torch.cat(fixed).double().numpy()], axis=1)


def told_targets(items: Sequence[Mapping[str, Any]], spec: ModelSpec) -> dict[str, Floats]:
    """What conditions say, a column each ``(N,)`` with NaN for unknown: labels, table columns."""
    labels = {
        column: values for column, values in zip(condition_columns(spec.tasks), _labels(items, spec).T, strict=True)
    }
    targets = {f"label {name}": values for name, values in labels.items()}
    if spec.modalities.table is not None:
        table = np.stack([np.asarray(item["table"], np.float64)[0] for item in items])
        present = np.array([bool(item["table_present"]) for item in items])
        table[~present] = np.nan
        targets |= {f"table {name}": table[:, k] for k, name in enumerate(spec.modalities.table.columns)}
    return targets


def truth_targets(items: Sequence[Mapping[str, Any]], cohort_dir: str | Path, name: str | None) -> dict[str, Floats]:
    """Columns ``z_...`` of a simulated cohort's truth by subject; empty where the cohort has no such table.

    What only the film shows (``z_film_...``) stands in no condition and cannot be asked of a film drawn from one.
    """
    path = Path(cohort_dir) / (name or "")
    if name is None or not path.is_file():
        return {}
    table = pl.read_parquet(path)
    columns = [column for column in table.columns if column.startswith("z_") and not column.startswith("z_film_")]
    asked = pl.DataFrame({"subject_id": [int(item["subject_id"]) for item in items]})
    joined = asked.join(table.select("subject_id", *columns), on="subject_id", how="left", maintain_order="left")
    return {f"truth {column.removeprefix('z_')}": joined[column].to_numpy().astype(np.float64) for column in columns}


def age_and_groups(items: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Each group attribute of the items as text; ages in bands of 20 years."""
    names = sorted({key for item in items for key in item if key.startswith("group_")})
    found: dict[str, list[str]] = {}
    for name in names:
        values = [item.get(name) for item in items]
        found[name.removeprefix("group_")] = [
            _band(value) if isinstance(value, float) else str(value) for value in values
        ]
    return found


def _band(value: float) -> str:
    return "unknown" if np.isnan(value) else f"{int(value // 20) * 20}-{int(value // 20) * 20 + 19}"


def _labels(items: Sequence[Mapping[str, Any]], spec: ModelSpec) -> Floats:
    """Label columns ``(N, K)``."""
    tasks = condition_tasks(spec.tasks)
    parts = [
        label_columns(task, torch.from_numpy(np.stack([item[f"label_{task.name}"] for item in items])))
        for task in tasks
    ]
    return torch.cat(parts, dim=1).double().numpy() if parts else np.zeros((len(items), 0))

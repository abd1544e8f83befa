"""Does the information table hold? Simple scikit-learn models on simple features of each modality, beside the optimum.

    monai-app cohort phantom --out DIR --patients 1500 --seed 1
    python scripts/benchmarks/phantom_information.py DIR [--json]

Films: areas of the findings in the masks. Notes: the status of each symptom. Both are what a perfect reader would
note, so that the table is judged and not a reader. Series: mean, last value, slope and count per channel. Table: as it
is. Logistic regressions, five-fold over the patients of the known sites; ``best`` is the closed form for one modality,
and for all of them the score of the best prediction from what each patient has.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from PIL import Image
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from monai_app.cohort.items import split_items
from monai_app.cohort.store import Cohort
from monai_app.phantom.information import binary_models

MODALITIES = ("film", "series", "table", "note")
LABELS = tuple(binary_models())


def film_features(root: Path, items: list[dict[str, Any]]) -> np.ndarray:
    """Logarithms of the area of each kind of pixel, and the cardiothoracic ratio; NaN without a film."""
    masks = dict(pl.read_parquet(root / "masks.parquet").select("image", "mask").iter_rows())
    rows = np.full((len(items), 9), np.nan)
    for row, item in enumerate(items):
        if not item["film_present"]:
            continue
        mask = np.asarray(Image.open(root / masks[str(Path(item["film"]).relative_to(root.resolve() / "images"))]))
        bits = [(mask >> bit & 1) > 0 for bit in range(8)]
        heart, lungs = bits[5].any(axis=0).sum(), (bits[6] | bits[7]).any(axis=0).sum()
        rows[row] = [*(np.log1p(100.0 * bit.mean()) for bit in bits), heart / max(lungs, 1)]
    return rows


def series_features(items: list[dict[str, Any]]) -> np.ndarray:
    """Mean, last value, slope and number of steps of each channel; positive skewed channels on the logarithm."""
    grid = np.stack([item["series"] for item in items]).astype(float)
    observed = grid[:, 1] > 0
    value = np.where(observed, np.log(np.maximum(grid[:, 0], 0.1)), np.nan)
    count = observed.sum(axis=1)
    some = np.maximum(count, 1)
    mean = np.nansum(value, axis=1) / np.where(count > 0, some, np.nan)
    hours = np.arange(grid.shape[2])[None, :, None] * np.where(observed, 1.0, np.nan)
    centred = hours - (np.nansum(hours, axis=1) / some)[:, None]
    slope = np.nansum(centred * value, axis=1) / np.where(count > 4, np.nansum(centred**2, axis=1), np.nan)
    last = np.log(np.maximum(grid[:, 0, -1], 0.1))
    return np.concatenate([mean, last, slope, count], axis=1)


def note_features(root: Path, items: list[dict[str, Any]]) -> np.ndarray:
    """What each note says of each symptom, -2 (denied) to 2 (severe); NaN without a note."""
    scale = {"negated": -2.0, "silent": -1.0, "mild": 0.0, "moderate": 1.0, "severe": 2.0}
    table = pl.read_parquet(root / "note_statuses.parquet")
    said = {row[0]: [scale[status] for status in row[1:]] for row in table.rows()}
    width = len(next(iter(said.values())))
    return np.array([said.get(item["subject_id"], [np.nan] * width) for item in items])


def compare(root: Path) -> list[dict[str, Any]]:
    """AUROC of each label from each modality, measured and best."""
    cohort = Cohort(root)
    everyone = split_items(cohort, None, cohort.model_spec())
    items = [item for item in everyone if item["group_site"] != "D"]
    latents = pl.read_parquet(root / "latents.parquet")
    truth = {name: dict(latents.select("subject_id", f"q_{name}").iter_rows()) for name in LABELS}
    best = json.loads((root / "information.json").read_text())["labels"]
    matrices = {
        "film": film_features(root, items),
        "series": series_features(items),
        "table": np.stack([item["table"][0] for item in items]).astype(float),
        "note": note_features(root, items),
    }
    matrices["all"] = np.concatenate(list(matrices.values()), axis=1)
    labels = np.stack([np.concatenate([item["label_diagnosis"], item["label_mortality"]]) for item in items]) > 0.5
    rows = []
    for column, label in enumerate(LABELS):
        for name, matrix in matrices.items():
            kept = np.array([name == "all" or bool(item[f"{name}_present"]) for item in items])
            target = labels[kept, column]
            score = cross_validated(matrix[kept], target)
            subjects = [item["subject_id"] for item, used in zip(items, kept, strict=True) if used]
            known = roc_auc_score(target, [truth[label][subject] for subject in subjects])
            optimum = known if name == "all" else best[label]["modalities"][name]["auroc"]
            measured = roc_auc_score(target, score)
            rows.append({"label": label, "from": name, "n": len(target), "measured": measured, "best": optimum})
    return rows


def cross_validated(matrix: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Out-of-fold log odds of a regularised logistic regression."""
    model = make_pipeline(
        SimpleImputer(add_indicator=True, keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(C=0.02, max_iter=2000),
    )
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return cross_val_predict(model, matrix, target, cv=folds, method="decision_function")


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cohort", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = compare(options.cohort)
    print(f"{'AUROC measured / best':20}" + "".join(f"{name:>16}" for name in (*MODALITIES, "all")))
    for label in dict.fromkeys(row["label"] for row in rows):
        cells = [f"{row['measured']:.3f} / {row['best']:.3f}" for row in rows if row["label"] == label]
        print(f"{label:20}" + "".join(f"{cell:>16}" for cell in cells))
    pairs = [(row["measured"], row["best"]) for row in rows if row["from"] != "all"]
    print(f"correlation of measured and best over {len(pairs)} pairs: {np.corrcoef(np.array(pairs).T)[0, 1]:.3f}")
    if options.json:
        print(json.dumps({"name": "phantom_information", "rows": rows}))


if __name__ == "__main__":
    main()

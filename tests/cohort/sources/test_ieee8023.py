"""IEEE 8023: a sample is one study; laterals, outcomes and unmasked notes stay out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from monai_app.cohort.film_masks import film_masks
from monai_app.cohort.items import split_items
from monai_app.cohort.sources.ieee8023 import REPUBLISHED_CASES, Notes, Republished, build
from monai_app.cohort.store import Cohort
from monai_app.cohort.writer import CohortContent
from monai_app.core.errors import InputRejected

_ROWS = [
    # patientid, offset, view, image, sex, age, temperature, y_covid, survival, went_icu, notes_masked
    ("7", "0", "PA", "a.jpg", "M", "61", "38.5", "1.0", "Y", "Y", "dry [MASK]"),
    ("7", "0", "L", "b.jpg", "M", "61", "38.5", "1.0", "Y", "Y", "dry [MASK]"),
    ("7", "3", "AP Supine", "c.jpg", "M", "61", None, "1.0", "Y", "Y", "worse"),
    ("8b", None, None, "d.jpg", "F", "> 89", None, "0.0", "N", "N", "undated one"),
    ("8b", None, "AP", "e.jpg", "F", "> 89", None, None, "N", "Would have been stated", "undated two"),
    ("9", "2", "L", "f.jpg", None, None, None, "0.0", None, None, "lateral only"),
]
_NAMES = [
    *("patientid", "offset", "view", "image", "sex", "age", "temperature"),
    *("y_covid", "survival", "went_icu", "notes_masked"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "ieee"
    (root / "images").mkdir(parents=True)
    frame = pl.DataFrame(_ROWS, schema=dict.fromkeys(_NAMES, pl.String), orient="row").with_columns(
        *(pl.lit(None, pl.String).alias(c) for c in ("pO2_saturation", "leukocyte_count", "neutrophil_count", "doi")),
        pl.lit("1.2").alias("lymphocyte_count"),
        pl.lit("Y").alias("intubated"),
        pl.lit("CC BY 4.0").alias("license"),
        pl.lit("https://example.org/case").alias("url"),
        pl.lit("Credit to A. Author").alias("other_notes"),
        pl.lit("COVID-19 proven, died").alias("clinical_notes"),
        pl.lit("COVID-19").alias("finding"),
    )
    frame.write_csv(root / "metadata.csv")
    for image in frame["image"]:
        (root / "images" / image).write_bytes(image.encode())
    return root


def _items(cohort: Cohort) -> dict[str, dict[str, object]]:
    items = split_items(cohort, None, cohort.model_spec())
    return {Path(str(item["film"])).stem or "none": item for item in items}


def test_one_sample_a_frontal_film(folder: Path, opened: Callable[[CohortContent], Cohort]) -> None:
    items = _items(opened(build(folder)))
    assert set(items) == {"a", "c", "d", "e", "none"}
    assert not items["none"]["film_present"]


def test_a_study_sees_no_other_study(folder: Path, opened: Callable[[CohortContent], Cohort]) -> None:
    items = _items(opened(build(folder)))
    assert items["a"]["note"] == "clinical: dry [MASK]"
    assert items["c"]["note"] == "clinical: worse"
    assert items["d"]["note"] == "clinical: undated one"
    assert items["e"]["note"] == "clinical: undated two"


def test_age_above_a_limit_is_a_flag(folder: Path) -> None:
    ages = build(folder).events.filter(pl.col("code") == "AGE")
    assert ages.filter(pl.col("censored") == 1)["numeric_value"].to_list() == [None, None]


def test_labels_only_where_the_case_says_so(folder: Path) -> None:
    labels = build(folder).labels
    assert labels["covid"]["value"]["value"].to_list() == [True, True, False, None, False]
    assert labels["icu"]["value"]["value"].to_list() == [True, True, False, None, None]


def test_notes_are_masked_unless_the_leak_is_asked_for(folder: Path) -> None:
    def text(content: CohortContent) -> str:
        return " ".join(content.events.filter(pl.col("code") == "NOTE//clinical")["text_value"])

    assert "COVID" not in text(build(folder))
    assert "COVID" in text(build(folder, notes=Notes.RAW_LEAKS_THE_LABEL))


def test_second_publication_of_a_patient_is_left_out_and_told(folder: Path, edit_csv: Callable[..., None]) -> None:
    again = pl.when(pl.col("patientid") == "8b").then(pl.lit(REPUBLISHED_CASES[0])).otherwise("url")
    edit_csv(folder / "metadata.csv", {"url": again})
    content = build(folder)
    assert content.splits.height == 2
    assert any(change.endswith("left_out: 2") for change in content.record.provenance.changes)
    assert build(folder, republished=Republished.KEPT).splits.height == 3


def test_every_image_keeps_its_terms(folder: Path) -> None:
    provenance = build(folder).record.provenance
    assert set(provenance.image_terms) == {row[3] for row in _ROWS}
    assert provenance.image_terms["a.jpg"] == "CC BY 4.0; https://example.org/case; Credit to A. Author"
    assert "Non-commercial" in provenance.terms


def test_lung_masks_stand_beside_the_cohort_and_are_told(
    folder: Path, opened: Callable[[CohortContent], Cohort]
) -> None:
    assert "lung masks" not in build(folder).record.provenance.licence
    film, mask = np.arange(64, dtype=np.uint8).reshape(8, 8), np.eye(8, dtype=np.uint8) * 255
    Image.fromarray(film).save(folder / "images" / "a.jpg")
    (folder / "lungVAE_masks").mkdir()
    Image.fromarray(mask).save(folder / "lungVAE_masks" / "a_mask.png")
    content = build(folder)
    assert any("1 of 6 films" in change for change in content.record.provenance.changes)
    assert "CC-BY-SA" in content.record.provenance.licence
    cohort = opened(content)
    assert [path.name for path in film_masks(cohort.path)] == ["a.jpg"]


def test_laterals_are_marked(folder: Path) -> None:
    images = build(folder).images
    assert images is not None
    assert dict(images.select("path", "view").iter_rows()) == {
        "a.jpg": "PA",
        "b.jpg": "L",
        "c.jpg": "AP",
        "d.jpg": "",
        "e.jpg": "AP",
        "f.jpg": "L",
    }


def test_outcomes_change_no_input(
    folder: Path, inputs: Callable[[CohortContent], list[tuple[object, ...]]], edit_csv: Callable[..., None]
) -> None:
    before = inputs(build(folder))
    outcomes = ("y_covid", "survival", "went_icu", "intubated", "clinical_notes", "finding")
    edit_csv(folder / "metadata.csv", {name: pl.col(name).reverse() for name in outcomes})
    assert inputs(build(folder)) == before


def test_no_code_carries_an_outcome(folder: Path) -> None:
    codes = set(build(folder).events["code"].unique())
    assert codes == {"AGE", "GENDER", "TEMPERATURE", "LYMPHOCYTES", "NOTE//clinical"}


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("y_covid", None, "MISSING_COLUMN"),
        ("survival", pl.lit("maybe"), "LABEL_OUTSIDE_SET"),
        ("temperature", pl.lit("warm"), "VALUE_INVALID"),
        ("patientid", pl.lit(None, pl.String), "VALUE_INVALID"),
        ("license", pl.lit(None, pl.String), "LICENCE_MISSING"),
        ("image", pl.lit("../metadata.csv"), "PATH_ESCAPES"),
        ("image", pl.lit("absent.jpg"), "IMAGE_MISSING"),
    ],
)
def test_faults_are_refused(
    folder: Path, column: str, value: pl.Expr | None, code: str, edit_csv: Callable[..., None]
) -> None:
    edit_csv(folder / "metadata.csv", {column: value})
    with pytest.raises(InputRejected, match=code):
        build(folder)


@pytest.mark.shared
def test_real_pack(shared_data: Callable[[str], Path], inputs: Callable[..., list[tuple[object, ...]]]) -> None:
    content = build(shared_data("cxr-covid-ieee8023"))
    assert content.images is not None
    assert (content.images.height, content.splits.height) == (205, 102)
    assert len(inputs(content)) == 147

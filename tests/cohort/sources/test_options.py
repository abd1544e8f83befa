"""Options of a source are read by the annotations of its function."""

from __future__ import annotations

from pathlib import Path

import pytest

from monai_app.cohort.sources import SOURCES, source_builder
from monai_app.cohort.sources.meds import Images
from monai_app.cohort.sources.meds import build as build_meds
from monai_app.cohort.sources.options import describe_options, parse_options
from monai_app.core.errors import InputRejected


def test_text_becomes_what_the_source_takes() -> None:
    assert parse_options(build_meds, ["spec=a=b.yaml", "images=in_place"]) == {
        "spec": Path("a=b.yaml"),
        "images": Images.IN_PLACE,
    }


def test_options_are_described() -> None:
    assert describe_options(build_meds)["images"] == "copied | in_place (default copied)"
    assert describe_options(build_meds)["spec"] == "path"


@pytest.mark.parametrize("pair", ["colour=red", "images", "source=/x"])
def test_unknown_options_are_refused(pair: str) -> None:
    with pytest.raises(InputRejected, match=r"OPTION_UNKNOWN.*images=copied \| in_place.*--set NAME=VALUE"):
        parse_options(build_meds, [pair])


def test_values_outside_the_choice_are_refused() -> None:
    with pytest.raises(InputRejected, match=r"OPTION_INVALID.*images.*copied"):
        parse_options(build_meds, ["images=borrowed"])


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_has_a_builder_with_readable_options(name: str) -> None:
    assert all(words for words in describe_options(source_builder(name)).values())


def test_an_unknown_source_is_refused() -> None:
    with pytest.raises(InputRejected, match=r"SOURCE_UNKNOWN.*physionet2012, hannover"):
        source_builder("mimic5")

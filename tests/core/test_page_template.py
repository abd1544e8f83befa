"""The look of the reports needs no network and no script."""

from __future__ import annotations

import re

from monai_app.core.page_template import CSS, TEMPLATE


def test_nothing_is_fetched_and_nothing_runs() -> None:
    assert not re.search(r"<script|https?://|url\(|@import|<link|<iframe", TEMPLATE + CSS)


def test_every_colour_that_is_used_is_defined() -> None:
    assert set(re.findall(r"var\((--\w+)\)", CSS)) <= set(re.findall(r"(--\w+):", CSS))

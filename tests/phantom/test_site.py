from __future__ import annotations

import pytest

from monai_app.phantom.site import EXTERNAL_SITE, SITES


def test_shares_of_the_sites_add_up_to_one() -> None:
    assert sum(site.share for site in SITES.values()) == pytest.approx(1.0)


def test_external_site_is_the_noisiest_and_the_smallest() -> None:
    external, others = SITES[EXTERNAL_SITE], [site for name, site in SITES.items() if name != EXTERNAL_SITE]
    assert external.share < min(site.share for site in others)
    assert external.scanner.photons < min(site.scanner.photons for site in others)

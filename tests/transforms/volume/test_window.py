from __future__ import annotations

import pytest

from monai_app.transforms.volume.window import window


@pytest.mark.parametrize(("length", "expected"), [(33, 40), (40, 40), (43, 48), (64, 64), (65, 40)])
def test_a_volume_little_longer_than_the_patch_is_seen_whole(length: int, expected: int) -> None:
    assert window((length,), (40,), 8) == (expected,)

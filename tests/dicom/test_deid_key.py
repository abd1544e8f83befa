"""The site's secret: consistent within, unrelated without it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from monai_app.core.errors import InputRejected
from monai_app.dicom.deid_key import MOST_DAYS, SiteKey

ONE, OTHER = SiteKey("a" * 32), SiteKey("b" * 32)


def test_same_key_gives_the_same_and_another_key_another() -> None:
    for ask in (
        lambda key: key.uid("2.25.1"),
        lambda key: key.pseudonym("PID"),
        lambda key: key.shift_days("PID"),
    ):
        assert ask(ONE) == ask(SiteKey("a" * 32)) != ask(OTHER)


def test_dates_move_back_by_a_day_at_least() -> None:
    shifts = [ONE.shift_days(str(number)) for number in range(200)]
    assert -MOST_DAYS <= min(shifts) < max(shifts) <= -1 and len(set(shifts)) > 150


def test_missing_key_is_made_for_its_owner_alone_and_then_kept(tmp_path: Path) -> None:
    path = tmp_path / "site.key"
    made = SiteKey.read(path)
    assert len(made.secret) == 64 and SiteKey.read(path) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert made.secret not in repr(made)


@pytest.mark.parametrize("content", [b"", b"short\n", "ä".encode() * 40])
def test_file_that_holds_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "site.key").write_bytes(content)
    with pytest.raises(InputRejected, match="KEY_INVALID"):
        SiteKey.read(tmp_path / "site.key")

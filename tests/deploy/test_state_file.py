"""The state file: all of a transaction or nothing, one worker, readers beside it, typed errors."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest

from monai_app.core.errors import AppError, InputRejected
from monai_app.deploy.state_file import StateFile


def test_all_of_a_transaction_or_nothing(tmp_path: Path) -> None:
    state = StateFile(tmp_path / "state")
    with pytest.raises(KeyboardInterrupt), state.transaction() as connection:
        connection.execute("INSERT INTO feed VALUES (1, 7)")
        raise KeyboardInterrupt
    with state.reading() as connection:
        assert connection.execute("SELECT count(*) FROM feed").fetchone()[0] == 0


def test_what_is_committed_is_there_after_a_restart_and_for_a_reader(tmp_path: Path) -> None:
    state = StateFile(tmp_path / "state")
    with state.transaction() as connection:
        connection.execute("INSERT INTO feed VALUES (1, 7)")
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2
    for _ in ("beside the worker", "without one"):
        reader = StateFile(tmp_path / "state", writes=False)
        with reader.reading() as connection:
            assert connection.execute("SELECT position FROM feed").fetchone()[0] == 7
        with pytest.raises(AppError, match="STATE_FAILED"), reader.transaction() as connection:
            connection.execute("INSERT INTO feed VALUES (1, 8)")
        reader.close()
        state.close()
    StateFile(tmp_path / "state").close()


def test_one_worker_a_file(tmp_path: Path) -> None:
    state = StateFile(tmp_path / "state")
    with pytest.raises(AppError, match="STATE_IN_USE"):
        StateFile(tmp_path / "state")
    state.close()
    StateFile(tmp_path / "state").close()


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    state = StateFile(tmp_path / "state")
    with state.transaction() as connection:
        connection.execute("INSERT INTO feed VALUES (1, 7)")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {0o600}


@pytest.mark.parametrize("writes", [True, False])
def test_another_program_s_file_is_refused_and_kept(tmp_path: Path, writes: bool) -> None:
    path = tmp_path / "state"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (a)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(InputRejected, match="STATE_FOREIGN"):
        StateFile(path, writes=writes)
    assert path.read_bytes() == before
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(InputRejected, match="STATE_FOREIGN"):
        StateFile(path, writes=writes)


@pytest.mark.parametrize("named", [{"writes": False}, {"sole": False}])
def test_nothing_is_made_by_those_who_only_look(tmp_path: Path, named: dict[str, bool]) -> None:
    with pytest.raises(InputRejected, match="STATE_MISSING"):
        StateFile(tmp_path / "state", **named)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_a_typed_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AppError, match="STATE_FAILED"):
        StateFile(tmp_path / "file" / "state")

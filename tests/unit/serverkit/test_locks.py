"""The locks of a server: one order, one holder, and nothing else locks."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from serverkit.locks import FILES, Lock, LockOrderError, held_folder, taken, waiting, writing

ROOT = Path(__file__).resolve().parents[3]
ONLY_HERE = {"flock", "with_for_update", "lockf"}


@pytest.mark.row("E3")
def test_a_lock_that_comes_before_one_that_is_held_is_refused_before_anybody_waits(tmp_path: Path) -> None:
    """The earlier one, and the same one again, are a fault of the program; the later one is not, and the first is free again."""
    write = tmp_path / FILES[Lock.WRITE]
    with writing(write):
        with pytest.raises(LockOrderError, match="RECOVERY"), waiting(Lock.RECOVERY, tmp_path):
            pass
        with pytest.raises(LockOrderError, match="WRITE"), writing(write):
            pass
        with waiting(Lock.ANCHOR, tmp_path):
            pass

    with waiting(Lock.RECOVERY, tmp_path), writing(write):
        pass


@pytest.mark.row("E3")
def test_a_home_and_a_folder_have_one_holder_at_a_time(tmp_path: Path) -> None:
    """Another one is refused at once, and let in when the first has gone."""
    with taken(Lock.HOME, tmp_path), pytest.raises(BlockingIOError):
        taken(Lock.HOME, tmp_path)
    with taken(Lock.HOME, tmp_path):
        pass
    with held_folder(tmp_path), pytest.raises(BlockingIOError), held_folder(tmp_path):
        pass
    with held_folder(tmp_path):
        pass


@pytest.mark.repository_rule
def test_nothing_else_in_a_server_takes_a_lock() -> None:
    """Files, rows and tables are locked by name in `serverkit/locks.py`, where the order stands."""
    found = []
    for program in ("central", "satellite", "serverkit"):
        for path in (ROOT / program).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            names = {
                name
                for node in ast.walk(ast.parse(text))
                for name in (getattr(node, "attr", None), getattr(node, "arg", None))
                if name in ONLY_HERE
            }
            if names or "LOCK TABLE" in text or "pg_advisory" in text:
                found.append(path.relative_to(ROOT).as_posix())

    assert found == ["serverkit/locks.py"]

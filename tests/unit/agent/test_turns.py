"""Commands on one device home: they take turns, and a refused one leaves nothing."""

from __future__ import annotations

import fcntl
from collections.abc import Sequence
from pathlib import Path
from threading import Event, Thread, current_thread
from typing import Any

import pytest

from agent import files
from agent.cli import perform
from agent.errors import AgentError
from agent.options import build_parser
from agent.store import DeviceState, Store


def command(home: Path, *words: str) -> dict[str, Any]:
    """Run a command of the agent."""
    return perform(build_parser().parse_args(["--home", str(home), *words]))


@pytest.mark.row("D1")
def test_two_commands_on_one_home_take_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second waits until the first has written, and goes on from there: neither's change is lost."""
    home, asked, lock, save = tmp_path / "device", Event(), fcntl.flock, Store.save
    second = Thread(target=command, args=(home, "use", "B", "2"))

    def asks(handle: Any, how: int) -> None:
        if current_thread() is second:
            asked.set()
        lock(handle, how)

    def writes(store: Store, state: DeviceState) -> None:
        if not second.ident:
            second.start()
            assert asked.wait(60)
            with (home / ".lock").open("a") as other, pytest.raises(BlockingIOError):
                lock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
        save(store, state)

    monkeypatch.setattr(files.fcntl, "flock", asks)
    monkeypatch.setattr(Store, "save", writes)
    command(home, "use", "A", "1")
    second.join(60)

    assert not second.is_alive()
    assert Store(home).load().uses == {"A": 1, "B": 2}


REFUSED = (
    ("release", "A"),
    ("renew", "auth"),
    ("renew", "id"),
    ("request-export", "A", "1"),
    ("return-export", "A"),
    ("transfer-active",),
    ("deregister",),
    ("reserve", "confirm"),
    ("reserve", "return"),
)


@pytest.mark.row("D3")
@pytest.mark.parametrize("words", REFUSED, ids=" ".join)
def test_a_refused_command_makes_no_home(tmp_path: Path, words: Sequence[str]) -> None:
    """A mistyped `--home` leaves no folder, nor those on the way to it; one that was there stays."""
    with pytest.raises(AgentError):
        command(tmp_path / "mistyped" / "device", *words)
    assert list(tmp_path.iterdir()) == []

    (tmp_path / "device").mkdir()
    with pytest.raises(AgentError):
        command(tmp_path / "device", *words)
    assert (tmp_path / "device").is_dir()


@pytest.mark.row("D1")
def test_a_command_that_waited_for_a_home_that_is_gone_makes_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock of a removed folder holds no one off: it is taken again, where others find it."""
    home, lock, asked = tmp_path / "device", fcntl.flock, []

    def waits(handle: Any, how: int) -> None:
        if not asked:  # another command removes what it had made just now
            asked.append(how)
            (home / ".lock").unlink()
            home.rmdir()
        lock(handle, how)

    monkeypatch.setattr(files.fcntl, "flock", waits)
    with files.locked(home), (home / ".lock").open("a") as other, pytest.raises(BlockingIOError):
        lock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert asked

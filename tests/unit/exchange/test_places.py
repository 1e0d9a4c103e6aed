"""Files of a home are never the output of a command."""

from __future__ import annotations

from pathlib import Path

import pytest

from exchange.places import OutputInHomeError, is_server_state, is_state, refuse_state


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder that looks like the home of a server."""
    made = tmp_path / "home"
    (made / "keys").mkdir(parents=True)
    (made / "write.lock").touch()
    return made


@pytest.mark.row("E1")
def test_no_output_takes_the_place_of_a_servers_state_however_it_is_written(home: Path) -> None:
    """Not through a link, not through `..`, and not deep in a folder of keys; a file beside the state is free."""
    link = home.parent / "link"
    link.symlink_to(home)
    for path in (
        home / "satellite.db",
        home / "keys" / "old" / "trust.json",
        home / "keys" / ".." / "config.toml",
        link / "write.lock",
    ):
        with pytest.raises(OutputInHomeError):
            refuse_state(path)
        assert is_server_state(path)
    for path in (home / "request.pgx", home.parent / "satellite.db"):
        refuse_state(path)
        assert not is_server_state(path)


@pytest.mark.row("E1")
def test_no_output_takes_the_place_of_a_devices_state(tmp_path: Path) -> None:
    """A device has its own files, and is no server."""
    (tmp_path / "device.json").touch()

    assert is_state(tmp_path / "device-key.pem")
    assert not is_server_state(tmp_path / "device-key.pem")
    assert not is_state(tmp_path / "keys")
    assert not is_state(tmp_path / "answer.json")

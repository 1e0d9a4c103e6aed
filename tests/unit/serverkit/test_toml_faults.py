"""Slips of anyone who writes a settings file by hand: the line and what is expected there are said, never a value."""

from __future__ import annotations

from pathlib import Path

import pytest

import central.cli
from serverkit.devices.serve import BindError, host_named
from tests.world import World

FAULTS = {
    "table": ("[server\nworkers = 2", 1, "ends with `]`"),
    "text": ("[server]\nbind = 127.0.0.1:8443", 2, "quotation marks: `bind"),
    "secret": ("[mail]\npassword = geheim", 2, "quotation marks: `password"),
    "twice": ("[server]\nworkers = 2\nworkers = 3", 3, "workers is set twice"),
    "table twice": ("[server]\nworkers = 2\n[server]\nthreads = 3", 3, "is set twice"),
    "quotes": ("[log]\nlevel = “info”", 2, "LEFT DOUBLE QUOTATION MARK"),
    "colon": ("[server]\n\nworkers: 2", 3, "joined by `=`"),
    "open": ('[database]\nurl = "postgresql://me:geheim@host/db\n', 2, "closing quotation mark"),
    "nothing": ("[server]\nworkers =\nthreads = 2", 2, "workers has no value"),
    "list": ('[server]\nnames = ["a" "b"]', 2, "lack commas"),
    "backslash": ('[anchor]\nfolder = "C:\\state"', 2, "backslash"),
    "capitals": ("[time]\nenabled = True", 2, "small letters"),
    "words": ("# mine\nserver workers 2", 2, "`KEY = VALUE`"),
}


@pytest.mark.row("D1")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_slip_in_the_settings_is_named_with_its_line(tmp_path: Path, fault: str) -> None:
    """One message, with the line and what is expected; the values, which may be secrets, stay unsaid."""
    text, line, said = FAULTS[fault]
    (tmp_path / "central").mkdir()
    (tmp_path / "central" / "config.toml").write_text(text, encoding="utf-8")
    words = ("init", "--vendor", "V", "--root-keys", str(tmp_path / "keys"), "--lab")
    error = World(tmp_path).run(central.cli.main, "central", *words, code=1)["error"]
    assert error["code"] == "invalid_setting"
    assert error["message"].startswith(f"config.toml, line {line}: ")
    assert said in error["message"]
    assert "geheim" not in error["message"]


@pytest.mark.row("D1")
def test_settings_in_another_encoding_are_told_which(tmp_path: Path) -> None:
    """UTF-16 is named, and what to save as."""
    (tmp_path / "central").mkdir()
    (tmp_path / "central" / "config.toml").write_bytes("[server]\nworkers = 2\n".encode("utf-16"))
    words = ("init", "--vendor", "V", "--root-keys", str(tmp_path / "keys"), "--lab")
    error = World(tmp_path).run(central.cli.main, "central", *words, code=1)["error"]
    assert "UTF-16; save it as UTF-8" in error["message"]


@pytest.mark.row("D1")
@pytest.mark.parametrize("bind", ["https://central.example:8443", "http://[::1]:8443"])
def test_an_address_to_listen_on_has_no_scheme(bind: str) -> None:
    """A URL in the place of HOST:PORT is told as that, not as an IPv6 address."""
    with pytest.raises(BindError, match="without a scheme"):
        host_named(bind)

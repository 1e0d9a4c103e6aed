"""Slips at the agent's command line: each has a code and a remedy, no traceback, and changes nothing."""

from __future__ import annotations

import codecs
import errno
import io
import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

import agent.cli
import agent.options
import agent.typed
import exchange.__main__
from exchange import places
from serverkit import owner
from tests.world import World

EXIT_CODES = {"usage": 2}
REGISTER = ("register", "--url", "https://127.0.0.1:1", "--pid", "SW-48", "--serial", "S2")


def refused(main: Callable[[list[str]], Any], *words: str) -> str:
    """The code of a refusal; it has a remedy and the exit code of the contract."""
    out = io.StringIO()
    with redirect_stdout(out), pytest.raises(SystemExit) as ended:
        main(["--json", *words])
    found = json.loads(out.getvalue())["error"]
    assert found["message"], found
    assert found["remedy"], found
    assert ended.value.code == EXIT_CODES.get(found["code"], 1), (words, found)
    return str(found["code"])


def state_of(folder: Path) -> dict[str, bytes]:
    """What is in the files of a folder; locks hold nothing."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {str(path): path.read_bytes() for path in files}


@pytest.fixture
def bad(vendor: World) -> dict[str, str]:
    """Files that are none of those that a command asks for, by what is wrong with them."""
    root = (vendor.folder / "root.json").read_bytes()
    made = {
        "empty": b"", "cut": root[: len(root) // 2], "binary": bytes(range(256)) * 20, "huge": b"x" * 3_000_000,
        "mark": codecs.BOM_UTF8 + root, "utf16": root.decode().encode("utf-16"), "page": b"<!DOCTYPE html><html></html>",
        "archive": b"PK\x03\x04" + bytes(50), "nested": b"[" * 100_000, "object": b"{}", "list": b"[1]",
    }  # fmt: skip
    found = {name: vendor.file(f"bad-{name}", data) for name, data in made.items()}
    pipe = vendor.file("bad-pipe")
    os.mkfifo(pipe)
    names = {
        "missing": vendor.file("nowhere"),
        "folder": str(vendor.folder),
        "none": "",
        "long": "x" * 5000,
        "nul": "a\0b",
    }
    return found | names | {"pipe": pipe}


@pytest.mark.row("D3", "E4")
def test_a_file_that_is_not_the_one_that_was_meant_is_refused(vendor: World, bad: dict[str, str]) -> None:
    """Root, token, CA, code, catalogue and inventory: missing, cut, of another kind, no file at all; nothing is made."""
    root, outputs = vendor.file("root.json"), vendor.folder / "outputs"
    outputs.mkdir()
    vendor.file("token", "TOKEN")
    home = vendor.folder / "device"
    device, token = ("--home", str(home)), ("--token-file", vendor.file("token"))
    before = state_of(vendor.folder)
    for name, path in bad.items():
        codes = {
            refused(agent.cli.main, *device, *REGISTER, "--token", "T", "--root", path),
            refused(agent.cli.main, *device, *REGISTER, "--root", root, "--token-file", path),
            refused(agent.cli.main, *device, *REGISTER, *token, "--root", root, "--ca", path),
            refused(agent.cli.main, *device, "reserve", "request", "--pid", "P", "--serial", "S", "--root", path),
            refused(agent.cli.main, *device, "reserve", "install", path),
            refused(
                agent.cli.main, "fleet", "inventory", str(outputs), "--output", vendor.file("o"), "--catalogue", path
            ),
            refused(
                agent.cli.main, *device, "fleet", "run", "--inventory", path, *token, "--root", root, *REGISTER[1:3]
            ),
            refused(exchange.__main__.main, "inspect", root, "--root", path),
        }
        known = {
            "file_unreadable",
            "invalid_input",
            "malformed",
            "altered",
            "truncated",
            "too_large",
            "tls_trust_unusable",
        }
        assert codes <= known | {"not_reserved", "code_refused"}, (name, codes)
    assert state_of(vendor.folder) == before


VALUES: list[tuple[tuple[str, ...], str]] = [
    (("clock", "set", "2027-02-30T00:00:00Z"), "invalid_input"),
    (("clock", "set", "9999-12-31T23:59:59Z"), "invalid_input"),
    (("clock", "set", "0001-01-01T00:00:00+14:00"), "invalid_input"),
    (("clock", "advance", "999999w"), "invalid_input"),
    (("clock", "advance", "\u0663d"), "invalid_input"),
    (("clock", "jump", "999999w", "--back"), "invalid_input"),
    (("transfer-active", "SW-48"), "invalid_input"),
    ((*REGISTER, "--token", "T", "--hostname", "a\nb"), "invalid_input"),
    ((*REGISTER, "--token", "T", "--product", " "), "invalid_input"),
    ((*REGISTER, "--token", "T", "--uuid", "x" * 300), "invalid_input"),
    ((*REGISTER, "--token", '{"token":1}'), "invalid_input"),
    ((*REGISTER, "--token", "T", "--url", "http://127.0.0.1:1", "--fingerprint", "00" * 32), "tls_trust_unusable"),
    ((*REGISTER, "--token", "T", "--url", "https://name:secret@127.0.0.1:1"), "invalid_input"),
]


@pytest.mark.row("D3", "E4")
def test_a_value_that_cannot_be_is_refused_and_nothing_is_kept(vendor: World) -> None:
    """Days, durations, identities, tokens and addresses; a laboratory's clock stays where its home can be opened."""
    device = vendor.unregistered("S2")
    device.reserve_request(agent.typed.identity("SW-48", "S2"), (vendor.folder / "root.json").read_bytes())
    home = vendor.folder / "devices" / "S2"
    agent.cli.perform(agent.options.build_parser().parse_args(["--home", str(home), "clock", "advance", "0d"]))
    before = state_of(home)
    for words, code in VALUES:
        root = ("--root", vendor.file("root.json")) if words[0] == "register" else ()
        assert refused(agent.cli.main, "--home", str(home), *words, *root) == code, words
        assert state_of(home) == before, words
    assert agent.cli.perform(agent.options.build_parser().parse_args(["--home", str(home), "status"]))


@pytest.mark.row("S1.3", "E4")
def test_a_laboratorys_clock_never_leaves_the_supported_years(site: World) -> None:
    """A home whose clock was at the end of time could be opened by no command any more."""
    for words in (("set", "9999-12-31T23:59:59Z"), ("set", "0001-01-02T00:00:00Z"), ("advance", "999999w")):
        for side in (site.central, site.satellite):
            assert side("clock", *words, code=1)["error"]["code"] == "invalid_input"
    assert site.central("clock", "show")["lab"] is True
    assert site.satellite("clock", "show")["lab"] is True


@pytest.mark.row("D3", "S2.1")
def test_a_home_is_a_folder_that_can_be_the_devices(vendor: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """No address, no file, nothing below a server's keys, and named where the user has no folder of its own."""
    file, keys = vendor.file("root.json"), str(vendor.folder / "central" / "keys")
    for home in ("https://device", "postgresql://a:b@c/d"):
        for main in (agent.cli.main, vendor_command("central"), vendor_command("satellite")):
            assert refused(main, "--home", home, "status") == "usage"
    for home in (file, f"{file}/below", "x" * 300, "a\0b"):
        assert refused(agent.cli.main, "--home", home, "status") == "file_unreadable"
    for home in (keys, str(vendor.folder / "central")):
        assert refused(agent.cli.main, "--home", home, "status") == "invalid_input"
    monkeypatch.delenv("AGENT_HOME", raising=False)

    def homeless() -> Path:
        raise RuntimeError("no home")

    monkeypatch.setattr(Path, "home", homeless)
    for main in (agent.cli.main, vendor_command("central"), vendor_command("satellite")):
        assert refused(main, "status") == "usage"


def vendor_command(name: str) -> Callable[[list[str]], Any]:
    """The command of a server."""
    import central.cli
    import satellite.cli

    return {"central": central.cli.main, "satellite": satellite.cli.main}[name]


@pytest.fixture
def places_of(site: World) -> Iterator[dict[str, bool]]:
    """Paths in and beside homes, and whether each is a part of a home's state."""
    site.device("S1")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(site.file("socket"))
    (site.folder / "way").symlink_to("devices/S1", target_is_directory=True)
    yield {
        "central/central.db": True, "central/keys/new": True, "satellite/anchor/anchor.json": True,
        "satellite/config.toml": True, "devices/S1/device.json": True, "devices/S1/device-key.pem": True,
        "way/device.json": True, "devices/S1/.lock": True, "devices/S1/clock.json": True,
        "devices/S1/report.json": False, "central/inventory.json": False, "report.json": False,
    }  # fmt: skip
    listener.close()


@pytest.mark.row("S2.1", "D4", "E4")
def test_no_output_of_any_program_takes_the_place_of_what_a_home_keeps(site: World, places_of: dict[str, bool]) -> None:
    """Inventories, roots that a file brings, new root keys and the servers' files: homes of servers and devices stay."""
    outputs = site.folder / "outputs"
    outputs.mkdir()
    site.file("outputs/one.txt", "nothing of licensing")
    site.synchronize()
    answer = site.file("response-sync")
    before = state_of(site.folder)
    for name, kept in places_of.items():
        path = str(site.folder / name)
        assert places.is_state(Path(path)) == owner.is_state(Path(path)) == kept, name
        if not kept:
            continue
        assert refused(agent.cli.main, "fleet", "inventory", str(outputs), "--output", path) == "output_in_home", name
        assert refused(exchange.__main__.main, "inspect", answer, "--write-roots", path) == "output_in_home", name
        made = site.central("root", "export", "--output", path, code=1)
        assert made["error"]["code"] == "output_in_home", name
    for keys in (
        site.folder / "satellite" / "keys",
        site.folder / "other" / "keys",
        site.folder / "devices" / "S1" / "devices",
    ):
        made = site.run(vendor_command("central"), "other", "init", "--vendor", "V", "--root-keys", str(keys), code=1)
        assert made["error"]["code"] == "output_in_home"
        assert not (site.folder / "other" / "keys").exists()
    for path in ("socket", "way", "outputs", "nowhere/file", ""):
        words = ("inspect", answer, "--write-roots", path and str(site.folder / path))
        assert refused(exchange.__main__.main, *words) == "file_unreadable", path
    after = {
        name: data for name, data in state_of(site.folder).items() if ".db" not in name and "config.toml" not in name
    }
    assert after == {name: data for name, data in before.items() if name in after}


@pytest.mark.row("D1", "E4")
def test_a_damaged_state_is_told_as_such_whatever_is_damaged(site: World) -> None:
    """Each field of the state in turn holds what it cannot: every command says so, and none ends with a traceback."""
    device = site.device("S1")
    device.use("ADVANTAGE", 1)
    home = site.folder / "devices" / "S1"
    sound = json.loads((home / "device.json").read_bytes())
    for name in sound:
        for wrong in (5, "x") if name in {"farewells", "standbys"} else (None, [], 10**30, "x"):
            (home / "device.json").write_text(json.dumps({**sound, name: wrong}), encoding="utf-8")
            words = ("use", "ADVANTAGE", "1") if wrong == "x" else ("status",)
            out = io.StringIO()
            with redirect_stdout(out), pytest.raises(SystemExit):
                agent.cli.main(["--json", "--home", str(home), *words])
            assert json.loads(out.getvalue()), (name, wrong)
    (home / "device.json").write_text(json.dumps({**sound, "counter": "x"}), encoding="utf-8")
    assert refused(agent.cli.main, "--home", str(home), "status") == "state_damaged"
    far = "9999-12-31T23:59:59Z"
    for change in (
        {"certificate_expires": far},
        {"evidence": {**sound["evidence"], "received_at": "0001-01-01T00:00:00Z"}},
    ):
        (home / "device.json").write_text(json.dumps({**sound, **change}), encoding="utf-8")
        assert refused(agent.cli.main, "--home", str(home), "status") == "state_damaged", change
    (home / "device.json").write_text(json.dumps(sound), encoding="utf-8")
    (home / "device-key.pem").unlink()
    assert refused(agent.cli.main, "--home", str(home), "status") == "state_damaged"
    (home / "device.json").unlink()
    (home / "device.json").symlink_to("nowhere")
    assert refused(agent.cli.main, "--home", str(home), "status") == "file_unreadable"


class FullDisk(io.StringIO):
    """Where nothing can be written any more."""

    encoding = "utf-8"

    def write(self, _text: str) -> int:
        """Refuse."""
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def fileno(self) -> int:
        """A descriptor that no one misses."""
        return os.open(os.devnull, os.O_WRONLY)


@pytest.mark.row("D3", "E4")
def test_a_result_that_cannot_be_written_is_told(vendor: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk behind `>`: exit 1 with the cause, for a device's code and for what a file is; no traceback."""
    said = io.StringIO()
    monkeypatch.setattr("sys.stdout", FullDisk())
    for main, words in (
        (agent.cli.main, ["--home", vendor.file("device"), "status"]),
        (exchange.__main__.main, ["inspect", vendor.file("root.json")]),
    ):
        with redirect_stderr(said), pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 1
        assert "file_unreadable" in said.getvalue()
        assert "No space left" in said.getvalue()

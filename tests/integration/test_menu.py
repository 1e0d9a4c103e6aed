"""`satellite console`: a person at a terminal without a network follows the menu, and each entry does what its command does."""

from __future__ import annotations

import os
import pty
import select
import sys
import threading
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

import satellite.cli
from satellite.actions import media
from satellite.cli import menu_entries
from satellite.runtime import open_satellite
from serverkit.actor import OPERATOR
from serverkit.cli.terminal import Terminal
from serverkit.tls.own import ensure_pair
from tests.world import ACCOUNT, World

BACK = ("back to the menu", "\n")
Steps = tuple[str, str]
Play = Callable[..., "Played"]


@dataclass
class Played:
    """How the program ended, and everything that the terminal showed."""

    code: object = None
    shown: str = ""
    pages: list[str] = field(default_factory=list)


def _person(master: int, steps: tuple[Steps, ...], played: Played) -> None:
    """Type each answer once the terminal asks for it; a question that never comes ends the input."""
    todo, unread = list(steps), ""
    while True:
        if todo and todo[0][0] in unread:
            unread = unread.split(todo[0][0], 1)[1]
            os.write(master, todo.pop(0)[1].encode())
            continue
        try:
            if not select.select([master], [], [], 120)[0]:
                os.write(master, b"\x04")
            data = os.read(master, 65536).decode().replace("\r\n", "\n")
        except OSError:  # the program has ended
            return
        played.shown += data
        unread += data


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    """Run the menu on a terminal of 80 x 24 with a person who answers."""
    for name, value in (("COLUMNS", "80"), ("LINES", "24"), ("TERM", "linux")):
        monkeypatch.setenv(name, value)

    def run(world: World, *steps: Steps, words: tuple[str, ...] = ()) -> Played:
        played, (master, slave) = Played(), pty.openpty()
        person = threading.Thread(target=_person, args=(master, steps, played))
        with os.fdopen(os.dup(slave), encoding="utf-8") as keys, os.fdopen(slave, "w", encoding="utf-8") as screen:
            monkeypatch.setattr(sys, "stdin", keys)
            person.start()
            with redirect_stdout(screen):
                try:
                    satellite.cli.main(["--home", str(world.folder / "satellite"), "console", *words])
                except SystemExit as ended:
                    played.code = ended.code
        person.join(300)
        os.close(master)
        played.pages = played.shown.split("\x1b[H\x1b[2J")
        return played

    return run


def _number(title: str) -> str:
    return next(f"{at}\n" for at, one in enumerate(menu_entries.ENTRIES, 1) if one.title.startswith(title))


@pytest.mark.row("S3.5")
def test_the_menu_shows_the_state_and_writes_a_request(site: World, play: Play) -> None:
    """State, account and due date are on the first page of 80 x 24; a request file is written to the folder that is named."""
    stick = site.folder / "stick"
    stick.mkdir()

    played = play(site, ("Entry: ", _number("Write a file")), BACK, ("Entry: ", "\x04"), words=("--media", str(stick)))

    first = played.pages[1]
    assert played.code == 0
    assert "Perigee satellite North" in first
    assert f"authorized, account {ACCOUNT}" in first
    assert "last never, due 20" in first
    assert first.count("\n") < 24
    assert all(len(line) < 80 for line in played.shown.replace("\x1b[H\x1b[2J", "").split("\n"))
    [made] = stick.iterdir()
    assert made.name.startswith("north-request-")
    assert "Command: satellite sync export --output" in played.shown
    assert site.central("sync", "import", str(made), "--output", site.file("answer"))["outcome"] == "applied"


@pytest.mark.row("S2.1", "S3.5")
def test_of_two_responses_the_newest_is_named_and_imported(site: World, play: Play) -> None:
    """Each file is listed with what it is; of two responses that would be applied, Enter takes the newest, with the reason."""
    stick = site.folder / "stick"
    (stick / "carried").mkdir(parents=True)
    for name in ("b-first", "a-second"):
        request = site.file(f"stick/{name}-request.pgx")
        site.token()
        site.satellite("sync", "export", "--output", request)
        site.central("sync", "import", request, "--output", str(stick / "carried" / f"{name}.PGX"))
    site.file("stick/broken.pgx", "no file of the exchange")

    played = play(site, ("Entry: ", _number("Import")), ("Which file?", "\n"), BACK, ("Entry: ", "0\n"), words=("--media", str(stick)))  # fmt: skip

    assert played.code == 0
    assert "Take file 4: it is the newest of the 2 that would be applied" in played.shown.replace("\n", " ")
    assert "4  carried/a-second.PGX" in played.shown
    assert "broken.pgx" in played.shown
    assert "not for a satellite" in played.shown  # the requests
    assert site.satellite("status")["applied_response"] == 2
    assert {one.outcome for one in _files(site, stick) if one.kind == "sync-response"} == {
        "already_applied",
        "older_than_applied",
    }


def _files(site: World, stick: Path) -> list[media.CarriedFile]:
    server = open_satellite(site.folder / "satellite")
    try:
        return media.list_carried_files(server, OPERATOR, stick)
    finally:
        server.database.dispose()


@pytest.mark.row("S3.5")
def test_a_password_is_typed_twice_unseen(site: World, play: Play) -> None:
    """A user's password is reset after it was typed twice alike; it is never on the screen; two that differ change nothing."""
    word = site.file("password", "the first of my passwords")
    site.satellite("user", "add", "ada", "--role", "administrator", "--password-file", word)
    entry = ("Entry: ", _number("Reset"))
    typed = (entry, ("Whose password?", "1\n"), ("New password: ", "another long password\n"))

    played = play(site, *typed, ("Again: ", "another lonk password\n"), BACK, ("Entry: ", "0\n"))
    assert "The two are not the same; nothing was changed." in played.shown
    assert "Command: satellite user reset" not in played.shown

    played = play(site, *typed, ("Again: ", "another long password\n"), ("second step", "\n"), BACK, ("Entry: ", "0\n"))
    assert played.code == 0
    assert "Command: satellite user reset ada --password-file FILE" in played.shown
    assert "another lon" not in played.shown
    assert site.satellite("events")["items"][0]["kind"].startswith("user:")


@pytest.mark.row("S1.1", "S3.5")
def test_the_set_up_code_is_shown_and_made_anew(vendor: World, play: Play) -> None:
    """While there is no administrator the menu shows the set-up code and makes another one; a new satellite asks to be registered."""
    first = vendor.satellite("init", "--name", "North", "--root", vendor.file("root.json"), "--lab")["setup_code"]
    stick = vendor.folder / "stick"
    stick.mkdir()

    played = play(
        vendor,
        ("Entry: ", _number("Set-up code")), ("Make a new one?", "y\n"), BACK,
        ("Entry: ", _number("Write a file")), BACK,
        ("Entry: ", "0\n"),
        words=("--media", str(stick)),
    )  # fmt: skip

    assert f"Set-up code: {first}" in played.shown
    second = (vendor.folder / "satellite" / "setup-code").read_text("ascii").strip()
    assert second != first
    assert second in played.shown
    [made] = stick.iterdir()
    assert made.name.startswith("north-registration-")


@pytest.mark.row("S3.5")
def test_the_menu_ends_with_the_input_and_with_an_interruption(
    site: World, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of the input ends the menu with exit code 0, in an entry too; so does Ctrl-C."""
    assert play(site, ("Entry: ", "\x04")).code == 0
    played = play(site, ("Entry: ", _number("Restart")), ("back to the menu", "\x04"))
    assert played.code == 0
    assert "No service of this machine runs" in played.shown

    def interrupted(_terminal: Terminal, _question: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(Terminal, "ask", interrupted)
    assert play(site).code == 0


@pytest.mark.row("S3.5")
def test_the_menu_shows_the_console_the_log_and_the_time(site: World, play: Play) -> None:
    """Addresses, the whole fingerprint of the certificate, and the end of the log are shown; the zone is set."""
    site.file("satellite/config.toml", '[server]\nbind = "0.0.0.0:443"\nnames = ["licences.example"]\n')
    ensure_pair(site.folder / "satellite" / "tls", datetime.now(UTC))
    (site.folder / "satellite" / "logs").mkdir()
    site.file("satellite/logs/server.log", '{"event": "ready", "level": "info", "n": 1, "timestamp": "T"}\nplain\n')
    entries = [("Entry: ", _number(title)) for title in ("Console", "Last lines")]

    played = play(
        site,
        entries[0], BACK, entries[1], BACK,
        ("Entry: ", _number("Time")), ("What to do?", "1\n"), ("Time zone", "Europe/Vienna\n"), BACK,
        ("Entry: ", "0\n"),
    )  # fmt: skip

    digits = site.satellite("tls", "show")["fingerprint"].upper()
    assert "https://licences.example/\n" in played.shown
    assert digits in played.shown.replace(":\n  ", "").replace(":", "")
    assert "T info ready n=1\nplain" in played.shown
    assert site.satellite("time", "settings")["zone"] == "Europe/Vienna"
    page = (Path(__file__).parents[2] / "docs" / "admin" / "installation.md").read_text("utf-8")
    assert all(f"| {one.title} |" in page for one in menu_entries.ENTRIES)


@pytest.mark.row("S3.5")
def test_without_a_terminal_the_menu_is_refused(site: World, play: Play) -> None:
    """Where no person answers, in a pipe or with --json or --no-input, the refusal has a stable code."""
    assert site.satellite("console", code=1)["error"]["code"] == "terminal_needed"
    for option in ("--json", "--no-input"):
        played = play(site, words=(option,))
        assert played.code == 1
        assert "Entry" not in played.shown

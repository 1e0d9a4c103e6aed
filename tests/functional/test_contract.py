"""The contract of the commands: what scripts may rely on, whichever command they call."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import click
import pytest

import agent.cli
import central.cli
import central.cli.base
import satellite.cli
import satellite.cli.base
from agent.report import status_of, usage_of
from exchange.__main__ import main as exchange_main
from tests.world import ACCOUNT, World

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
Main = Callable[[list[str]], None]


def run(main: Main, *words: str) -> tuple[int, str]:
    """Run a command as it stands; exit code and standard output."""
    out, code = io.StringIO(), 0
    with redirect_stdout(out):
        try:
            main([*words])
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else 1
    return code, out.getvalue()


def refusal(main: Main, *words: str, code: int = 1) -> str:
    """The code of a refusal; one JSON object with a message and a remedy is part of the claim."""
    ended, text = run(main, *words, "--json")
    assert ended == code, text
    error = json.loads(text)["error"]
    assert set(error) == {"code", "message", "remedy"}
    assert error["message"]
    assert error["remedy"]
    assert error["code"] != "internal_error"
    return str(error["code"])


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command and group below a group."""
    for name, command in group.commands.items():
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


def fields(item: dict[str, Any], names: str) -> None:
    """All these names are there."""
    assert set(names.split()) <= set(item), set(names.split()) - set(item)


@pytest.mark.row("C3.1", "C7.1", "C12.4", "S3.2", "S3.3")
def test_lists_hold_the_fields_that_scripts_read(site: World) -> None:
    """Both sides name licences, instances, alerts, events and the queue alike, with times in UTC."""
    device = site.device("SN1", hostname="switch-1")
    device.use("ADVANTAGE", 5)
    device.request_export("STRONG", 1)
    preview = site.satellite("sync", "preview")
    made, answered, _ = site.synchronize()
    status = status_of(device)
    for side in (lambda *words: site.central(words[0], ACCOUNT, *words[1:]), site.satellite):
        licence = next(x for x in side("licences")["items"] if x["tag"] == "ADVANTAGE" and x["in_use"])
        fields(
            licence,
            "virtual_account tag name types billing purchased pending in_use reserved balance status",
        )
        instance = side("instances", "--virtual-account", "Site")["items"][0]
        fields(
            instance,
            "id name pid serial uuid product virtual_account satellite registered_at last_contact state licences",
        )
        alert = next(x for x in side("alerts")["items"] if x["kind"] == "insufficient_licences")
        fields(alert, "id kind severity message source raised_at action_due actions state")
        event = side("events")["items"][0]
        fields(event, "at kind actor message subject")
        used = {x["tag"]: (x["count"], x["state"]) for x in instance["licences"]}

        assert licence["status"] == "out_of_compliance"
        assert used == {"ADVANTAGE": (5, "out_of_compliance"), "STRONG": (1, "authorized")}
        assert TIME.fullmatch(event["at"])
        assert TIME.fullmatch(instance["registered_at"])
    queue = site.satellite("export-queue")["items"][0]
    fields(queue, "id instance tag count state reason requested_at sent_at decided_at delivered_at")
    fields(
        status,
        "registration authorization certificate_expires next_id_renewal next_auth_renewal licences export",
    )
    for file in (made, answered):
        fields(file, "path sha256 epoch sequence counts")

    assert {kind: len(rows) for kind, rows in preview["rows"].items()} == made["counts"]
    assert set(status["licences"][0]) == {"tag", "count", "state", "valid_until"}
    assert {"tag", "count", "state", "reason"} <= set(status["export"][0])
    assert usage_of(device)["licences"]


@pytest.mark.row("S3.5", "D3")
def test_shared_options_stand_before_and_behind_the_words(vendor: World) -> None:
    """`--home`, `--json` and `--no-input` mean the same in either place."""
    home = ("--home", vendor.file("central"), "--json", "--no-input")
    words = ("licences", ACCOUNT)
    device = ("--home", vendor.file("device"), "--json", "--no-input")

    assert run(central.cli.main, *home, *words) == run(central.cli.main, *words, *home)
    assert run(agent.cli.main, *device, "usage") == run(agent.cli.main, "usage", *device)
    assert json.loads(run(central.cli.main, *words, *home)[1])["items"]


@pytest.mark.row("S3.5", "D3")
def test_every_command_explains_itself() -> None:
    """`--help` of every command and group ends with 0 and names the shared options."""
    for main, group in ((central.cli.main, central.cli.base.group), (satellite.cli.main, satellite.cli.base.group)):
        for path in commands(group):
            code, text = run(main, *path, "--help")
            assert code == 0, path
            assert "--home" in text, path
            assert "--json" in text, path


@pytest.mark.row("S3.5", "D3")
def test_a_number_is_written_in_plain_digits(vendor: World) -> None:
    """Anything that merely looks like a number is wrong usage, and no token is made."""
    for number in ("１２", "1_0", "1.5", "1e3", "", "0x10", "-", "9" * 40):
        words = ("token", "create", ACCOUNT, "--virtual-account", "Spare", "--days", number)

        assert refusal(central.cli.main, "--home", vendor.file("central"), *words, code=2) == "usage", number
    assert vendor.central("token", "list", ACCOUNT)["items"] == []


@pytest.mark.row("S3.5", "D3")
def test_words_that_cannot_be_stored_are_wrong_usage(vendor: World) -> None:
    """Bytes that are no UTF-8, and very long words, end in a refusal with a code and change nothing."""
    home = ("--home", vendor.file("central"))
    before = vendor.central("virtual-account", "list", ACCOUNT)

    assert refusal(central.cli.main, *home, "licences", "\udc80", code=2) == "usage"
    assert refusal(agent.cli.main, "use", "\udc80", "1", code=2) == "usage"
    assert refusal(exchange_main, "inspect", "\udc80", code=2) == "usage"
    assert refusal(central.cli.main, *home, "licences", "x" * 10_000) == "unknown_account"
    for name in ("", " a", "a\nb", "\x1b[31m", "x" * 256):
        assert refusal(central.cli.main, *home, "virtual-account", "create", ACCOUNT, name) == "invalid_name"
    assert refusal(exchange_main, "inspect", "x" * 5000) == "file_unreadable"
    assert refusal(agent.cli.main, "fleet", "inventory", "", "--output", vendor.file("o")) == "invalid_input"
    assert refusal(central.cli.main, *home, "serve", "--bind", "") == "bind_failed"
    assert vendor.central("virtual-account", "list", ACCOUNT) == before


@pytest.mark.row("S3.5")
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[server]\nworkers = 1\nwrokers = 3\n", "line 3"),
        ("\n\n[sever]\n", "line 3"),
        ('[server]\nworkers = "2"\n', "line 2"),
        ("[server]\nworkers = true\n", "line 2"),
        ("[server\n", "line 1"),
        ("server = 3\n", "line 1"),
        ("[database]\nbusy_seconds = nan\n", "line 2"),
        ('[database]\nurl = "mysql://u:hidden@h/d"\n', "database.url"),
    ],
)
def test_a_wrong_setting_is_named_with_its_line(vendor: World, text: str, says: str) -> None:
    """Unknown names, wrong types and broken files stop the start and show no secret."""
    vendor.file("central/config.toml", text)
    error = vendor.central("licences", ACCOUNT, code=1)["error"]

    assert error["code"] == "invalid_setting"
    assert says in error["message"]
    assert "hidden" not in json.dumps(error)


@pytest.mark.row("S3.5")
def test_a_wrong_setting_of_the_environment_is_named(vendor: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable's own name is in the message."""
    monkeypatch.setenv("CENTRAL_SERVER__WORKERS", "many")
    error = vendor.central("licences", ACCOUNT, code=1)["error"]

    assert error["code"] == "invalid_setting"
    assert "CENTRAL_SERVER__WORKERS" in error["message"]


@pytest.mark.row("C12.4", "S3.5")
def test_a_damaged_home_is_refused_and_nothing_is_made_in_its_place(site: World) -> None:
    """A lost database, a damaged one, a damaged key and another program's home each have their code."""
    home = site.folder / "satellite"
    database, aside = home / "satellite.db", site.folder / "aside"
    aside.mkdir()
    for file in home.glob("satellite.db*"):  # the newest of it is in the log beside it
        file.rename(aside / file.name)
    lost = {site.satellite(*words, code=1)["error"]["code"] for words in (("status",), ("upgrade",))}
    made_anew = database.exists()
    database.write_bytes(b"no database" * 100)
    damaged = site.satellite("status", code=1)["error"]["code"]
    for file in home.glob("satellite.db*"):
        file.unlink()
    for file in aside.iterdir():
        file.rename(home / file.name)
    for key in (home / "keys").glob("key-*.pem"):
        key.write_bytes(b"no key")
    key_damaged = site.satellite("registration", "status", code=1)["error"]["code"]
    other = site.satellite("status", home="central", code=1)["error"]["code"]
    device = refusal(agent.cli.main, "--home", site.file("central"), "use", "ADVANTAGE", "1")

    assert lost == {"database_missing"}
    assert not made_anew
    assert damaged == "database_damaged"
    assert key_damaged == "key_unreadable"
    assert other == "database_missing"
    assert device == "invalid_input"


@pytest.mark.row("S1.2", "C11.1", "S2.1")
def test_a_file_that_cannot_be_written_changes_nothing(site: World) -> None:
    """The registration's key stays, no request is made, no authorization counts as fetched."""
    nowhere = site.file("missing/folder/file")
    site.central("satellite", "resync", ACCOUNT, "North")
    before = site.satellite("registration", "status"), site.satellite("sync", "history"), site.alerts()
    codes = {
        site.satellite("registration", "export", "--output", nowhere, code=1)["error"]["code"],
        site.satellite("sync", "export", "--output", site.file("central"), code=2)["error"]["code"],
        site.central("satellite", "authorize", ACCOUNT, "North", "--output", nowhere, code=1)["error"]["code"],
    }

    assert codes == {"file_unreadable", "usage"}
    assert (site.satellite("registration", "status"), site.satellite("sync", "history"), site.alerts()) == before


@pytest.mark.row("C11.1", "C11.2", "S1.2", "S2.1")
def test_no_altered_file_is_taken(site: World) -> None:
    """Changed, cut and lengthened files of each kind are refused; central and site stay as they were, but for the failure."""
    site.satellite("init", "--name", "South", "--root", site.file("root.json"), "--lab", home="satellite-2")
    site.satellite("registration", "export", "--output", site.file("registration-2"), home="satellite-2")
    site.satellite("sync", "export", "--output", site.file("request"))
    add = ("satellite", "add", ACCOUNT, "--name", "South", "--virtual-account", "Spare", "--registration")
    takers = {
        "registration-2": lambda path: site.central(*add, path, code=1),
        "authorization": lambda path: site.satellite("registration", "import", path, home="satellite-2", code=1),
        "request": lambda path: site.central("sync", "import", path, "--output", site.file("out"), code=1),
    }

    def state() -> tuple[Any, Any]:
        rows = site.central("satellite", "list", ACCOUNT)["items"]
        failure = {"sync_failed_at", "sync_failure"}
        return [{k: v for k, v in row.items() if k not in failure} for row in rows], site.central("licences", ACCOUNT)

    before = state()
    codes: set[str] = set()
    for name, take in takers.items():
        data = Path(site.file(name)).read_bytes()
        step = len(data) // 7
        faulty = [data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :] for at in range(0, len(data), step)]
        faulty += [data[:at] for at in range(0, len(data), step * 2)]
        faulty += [data + b"\n", data + data, b"\n" + data, data.replace(b"\n", b"\r\n")]
        for content in faulty:
            codes.add(take(site.file("faulty", content))["error"]["code"])

    assert codes <= {"altered", "truncated", "malformed", "unknown_issuer", "wrong_kind"}
    assert {"altered", "truncated"} <= codes
    assert not Path(site.file("out")).exists()
    assert state() == before
    assert site.central("satellite", "list", ACCOUNT)["items"][0]["sync_failure"] in codes


@pytest.mark.row("E4", "E2")
def test_verify_checks_for_whom_and_when_and_carries_new_roots(site: World) -> None:
    """`--for` and `--at` are part of the answer; `inspect --write-roots` brings a root file up to date."""
    number = site.satellite("status")["id"]
    site.central("root", "rotate", "--root-keys", site.file("root-keys"))
    site.satellite("sync", "export", "--output", site.file("q"))
    site.central("sync", "import", site.file("q"), "--output", site.file("r"))
    words = ("--json", "verify", site.file("r"), "--root", site.file("root.json"))
    written = run(exchange_main, "inspect", site.file("r"), "--write-roots", site.file("roots"), "--json")

    assert run(exchange_main, *words, "--for", number)[0] == 0
    assert refusal(exchange_main, *words[1:], "--for", "0" * 32, "--at", "yesterday", code=2) == "usage"
    ended, text = run(exchange_main, *words, "--for", "0" * 32)
    assert (ended, json.loads(text)["error"]["code"]) == (1, "wrong_satellite")
    assert run(exchange_main, *words, "--at", "2001-01-01T00:00:00Z")[0] == 1
    assert written[0] == 0
    assert json.loads(Path(site.file("roots")).read_text().splitlines()[0])
    fields(
        json.loads(written[1]),
        "kind issuer satellite epoch sequence created valid problems contents",
    )


@pytest.mark.row("S3.5", "B14")
def test_only_a_laboratory_has_a_clock_that_moves(empty_world: World) -> None:
    """A home made without --lab refuses to have its clock moved, on every program."""
    world = empty_world
    world.central("init", "--vendor", "V", "--root-keys", world.file("keys"))
    world.central("root", "export", "--output", world.file("root.json"))
    world.satellite("init", "--name", "N", "--root", world.file("root.json"))
    codes = {
        world.central("clock", "advance", "1d", code=1)["error"]["code"],
        world.satellite("clock", "set", "2030-01-01T00:00:00Z", code=1)["error"]["code"],
        refusal(agent.cli.main, "--home", world.file("device"), "clock", "advance", "1d"),
    }
    mixed = world.satellite("init", "--name", "N", "--root", world.file("root.json"), "--lab", home="two", code=1)

    assert codes == {"not_a_lab"}
    assert mixed["error"]["code"] == "lab_mismatch"
    assert not Path(world.file("two/keys")).exists()

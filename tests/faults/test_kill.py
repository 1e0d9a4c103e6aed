"""Processes that are killed: under load, and at each step that lasts."""

from __future__ import annotations

import errno
import os
import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest

import central.cli
from central.runtime import open_central
from exchange.vocabulary import Role
from satellite.actions.incoming import Incoming, apply_checked, check_incoming, drop_checked
from satellite.core.site.errors import NotCheckedError
from satellite.runtime import open_satellite
from serverkit.actor import OPERATOR
from tests.faults.harness import Load, Serving, check_nothing_lost, dies_at, seed, start
from tests.world import World


@pytest.mark.long
@pytest.mark.row("S4.1", "S4.2")
def test_no_acknowledged_answer_is_lost_when_servers_are_killed_under_load(site: World) -> None:
    """Workers and masters die at random moments; every answer that a device got holds, once, also after a round trip."""
    number = seed()
    chance = random.Random(number)
    home = site.folder / "satellite"
    server = start(home)
    load = Load(site.token(), server.port, number)
    load.begin()
    for master in (False, False, True, False, True):
        load.wait_for(chance.randrange(4, 14))
        server = _kill(server, chance, home, master=master)
    load.wait_for(5)
    load.end()
    check_nothing_lost(site, load, server.port)
    site.synchronize("after")
    code = server.stop()

    theirs = {row["serial"] for row in site.central("instances", "customer.example")["items"]}
    assert theirs == {device.serial for device in load.devices}
    assert set(load.statuses) <= {200, 503}, load.strange[:3]
    assert load.broken > 0, "no message met a dying server: the test proves nothing"
    assert code == 0


def _kill(server: Serving, chance: random.Random, home: Path, *, master: bool) -> Serving:
    if not master:
        os.kill(chance.choice(server.children), signal.SIGKILL)
        return server
    server.kill()
    return start(home, port=server.port)


EXPORT = (
    "before_commit",
    "after_commit",
    "before_rename:anchor.json",
    "after_anchor",
    "before_rename:q",
    "after_rename:q",
)
ANSWER = (
    "staged",
    "before_commit",
    "after_commit",
    "before_rename:anchor.json",
    "after_anchor",
    "before_rename:r",
    "after_rename:r",
)
IMPORT = (
    "before_commit",
    "after_commit",
    "before_rename:trust.json",
    "after_rename:trust.json",
    "before_rename:anchor.json",
    "after_anchor",
)


@pytest.mark.row("S2.1", "S2.5", "C11.2")
def test_a_synchronization_that_dies_at_any_step_goes_on_with_the_next_run(site: World) -> None:
    """At each durable step of export, answer and import: the next run finishes, files are whole, nothing counts twice."""
    device = site.device("SN1")
    request, response = site.file("q"), site.file("r")
    died = []
    rounds = (
        [("export", point) for point in EXPORT]
        + [("answer", point) for point in ANSWER]
        + [("import", point) for point in IMPORT]
    )
    for number, (what, point) in enumerate(rounds):
        device.use("ADVANTAGE", 1 + number % 3)
        export = ("sync", "export", "--output", request)
        answer = ("sync", "import", request, "--output", response)
        apply = ("sync", "import", response)
        if what == "export":
            died.append(dies_at(point, lambda words=export: site.satellite(*words)))  # type: ignore[misc]
        site.satellite(*export)
        if what == "answer":
            died.append(dies_at(point, lambda words=answer: site.central(*words)))  # type: ignore[misc]
        site.central(*answer)
        if what == "import":
            died.append(dies_at(point, lambda words=apply: site.satellite(*words)))  # type: ignore[misc]
        done = site.satellite(*apply)
        assert done["outcome"] in {"applied", "already_applied"}, (what, point)
        assert site.licence("ADVANTAGE")["in_use"] == 1 + number % 3, (what, point)
        assert not site.satellite("status")["restored"], (what, point)

    assert all(died), [pair for pair, dead in zip(rounds, died, strict=True) if not dead]
    assert site.central("ledger", "verify")["ok"]
    assert "satellite_forked" not in site.alerts()
    anchor = (site.folder / "satellite" / "anchor" / "anchor.json").read_text()
    assert f'"seq": {site.satellite("status")["sequence"]}' in anchor


@pytest.mark.row("S1.2", "S2.6")
@pytest.mark.parametrize(
    "point", ["before_commit", "after_commit", "before_rename:anchor.json", "before_rename:trust.json"]
)
def test_an_authorization_that_dies_at_any_step_is_applied_by_the_next_run(site: World, point: str) -> None:
    """Entering a new epoch ends whole whichever step was the last, and the site is in no need of help."""
    device = site.device("SN1")
    site.synchronize("1")
    site.satellite("registration", "export", "--output", site.file("again"))
    site.central("satellite", "resync", "customer.example", "North", "--registration", site.file("again"))
    site.central("satellite", "authorize", "customer.example", "North", "--output", site.file("a2"))
    died = dies_at(point, lambda: site.satellite("registration", "import", site.file("a2")))
    site.satellite("registration", "import", site.file("a2"))
    device.use("ADVANTAGE", 2)
    site.synchronize("2")

    assert died
    assert not site.satellite("status")["restored"]
    assert site.satellite("sync", "doctor")["healthy"]
    assert site.licence("ADVANTAGE")["in_use"] == 2


@pytest.mark.row("S1.2", "S2.1")
def test_a_check_that_dies_between_its_files_applies_nothing_that_was_not_shown(site: World) -> None:
    """The next file is kept, what it says is not: who confirms the one before is told to check again."""
    server, kind = open_satellite(site.folder / "satellite"), Incoming.RESPONSE

    def brought(name: str) -> Callable[[], BinaryIO]:
        site.satellite("token", "create", "--virtual-account", "Site", "--days", "1")
        site.satellite("sync", "export", "--output", site.file(f"q{name}"))
        site.central("sync", "import", site.file(f"q{name}"), "--output", site.file(f"r{name}"))
        return lambda: Path(site.file(f"r{name}")).open("rb")

    first = check_incoming(server, OPERATOR, kind, brought("1"))
    before, newer = site.satellite("status")["applied_response"], brought("2")
    drop_checked(server, OPERATOR, kind, first.sha256)
    died = dies_at("after_rename:response.pgx", lambda: check_incoming(server, OPERATOR, kind, newer))

    assert died
    with pytest.raises(NotCheckedError):
        apply_checked(server, OPERATOR, kind, first.sha256)
    assert site.satellite("status")["applied_response"] == before
    second = check_incoming(server, OPERATOR, kind, newer)
    assert apply_checked(server, OPERATOR, kind, second.sha256)["outcome"] == "applied"


@pytest.mark.row("C11.2")
@pytest.mark.parametrize(
    "point", ["after_rename:response.pem.next", "after_rename:trust.json", "after_rename:device-ca.der"]
)
def test_a_replacement_of_a_key_that_dies_at_any_step_ends_whole(site: World, point: str) -> None:
    """The root and the key that signs fit each other whichever step was the last; satellites read what is signed."""
    words = ("role-key", "replace", "response", "--root-keys", site.file("root-keys"))
    assert dies_at(point, lambda: site.central(*words))
    server = open_central(site.folder / "central")
    valid = server.keyring.trust.keys(Role.RESPONSE, server.clock.now())

    assert server.keyring.response_key.public.key_id in valid
    site.synchronize("after")


@pytest.mark.row("S1.2")
def test_crash_points_do_nothing_outside_a_laboratory(site: World) -> None:
    """The variable that ends a laboratory's process leaves a real home alone."""

    def real(*words: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = site.run(central.cli.main, "real", *words).get("items", [])
        return found

    real("init", "--vendor", "Example Vendor", "--root-keys", site.file("real-keys"))

    assert not dies_at("before_commit", lambda: real("account", "create", "real.example", "--name", "Real"))
    assert [row["domain"] for row in real("account", "list")] == ["real.example"]


@pytest.mark.row("S2.1", "S2.5")
def test_a_home_that_becomes_read_only_within_a_command_costs_one_more_run(
    site: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The anchor or the file itself is the first that cannot be written: the refusal says so, the next run finishes."""
    device = site.device("SN1")
    refused = []

    def becomes(wanted: str) -> Callable[[str, str], None]:
        def write(point: str, name: str = "") -> None:
            if (point, name) == ("before_rename", wanted):
                raise OSError(errno.EROFS, os.strerror(errno.EROFS))

        return write

    for number, name in enumerate(("anchor.json", "q"), 1):
        device.use("ADVANTAGE", number)
        with monkeypatch.context() as patch:
            patch.setattr("serverkit.files.crash_point", becomes(name))
            refused.append(site.satellite("sync", "export", "--output", site.file("q"), code=1)["error"]["code"])
        assert not list(site.folder.rglob(".*.new"))
        site.satellite("sync", "export", "--output", site.file("q"))
        site.central("sync", "import", site.file("q"), "--output", site.file("r"))
        assert site.satellite("sync", "import", site.file("r"))["outcome"] == "applied"
        assert site.licence("ADVANTAGE")["in_use"] == number

    assert refused == ["disk_read_only", "disk_read_only"]
    assert not site.satellite("status")["restored"]
    assert "satellite_forked" not in site.alerts()

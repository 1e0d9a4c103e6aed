"""A redundant set, and what else a site forgets, over its restore and resynchronization (rows C7.6, S2.6)."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import psycopg
import pytest

from agent.device import Device
from tests.integration import test_given_up_rights as rights
from tests.integration import test_identity as identity
from tests.world import ACCOUNT, World

SETTINGS = "satellite/config.toml"


def backed_up(world: World) -> None:
    """Make a backup; a database on a server is copied beside it, as its own tools would."""
    if world.new_database is not None:
        address = address_in(world)
        world.close()
        with psycopg.connect(
            address.geturl(), autocommit=True
        ) as connection:  # nobody may be connected to what is copied
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        world.file("copied", world.new_database("", address.path.removeprefix("/")))
    world.file("known", str(world.satellite("instances")["items"]))
    words = ("--passphrase-file", world.file("pass", "p" * 20))
    world.satellite("backup", "create", "--output", world.file("copy"), *words)
    shutil.copytree(world.folder / "satellite" / "anchor", world.folder / "anchor")


def restored(world: World, *, with_anchor: bool = False) -> None:
    """Restore the backup; with the anchor of its time nothing on the machine says that it is an older copy."""
    world.close()
    world.satellite("restore", world.file("copy"), "--passphrase-file", world.file("pass"), "--replace")
    if world.new_database is not None:
        settings = world.folder / SETTINGS
        copied = Path(world.file("copied")).read_text()
        settings.write_text(settings.read_text().replace(address_in(world).geturl(), copied))
    if with_anchor:
        shutil.rmtree(world.folder / "satellite" / "anchor")
        shutil.copytree(world.folder / "anchor", world.folder / "satellite" / "anchor")
    assert str(world.satellite("instances")["items"]) == Path(world.file("known")).read_text(), "nothing was restored"


def address_in(world: World) -> SplitResult:
    """The address of the database that the satellite's settings name."""
    return urlsplit(str(tomllib.loads((world.folder / SETTINGS).read_text())["database"]["url"]))


def resynchronized(world: World, mark: str) -> None:
    """Open the next epoch and exchange twice."""
    world.satellite("registration", "export", "--output", world.file(f"again-{mark}"))
    world.central("satellite", "resync", ACCOUNT, "North", "--registration", world.file(f"again-{mark}"))
    world.central("satellite", "authorize", ACCOUNT, "North", "--output", world.file(f"auth-{mark}"))
    world.satellite("registration", "import", world.file(f"auth-{mark}"))
    for number in range(2):
        world.synchronize(f"{mark}-{number}")


def a_set(world: World, token: str) -> tuple[Device, Device]:
    """An active unit and its standby, each with a key of its own."""
    active = world.device("SN1", token=token, standbys=(identity.unit("SN2"),), hostname="edge")
    standby = world.device("SN2", token=token, standbys=(identity.unit("SN1"),))
    return active, standby


def shown(world: World, server: str = "central") -> list[tuple[str, list[str]]]:
    """Each instance by its serial number, with those of its standbys."""
    rows: list[dict[str, Any]] = identity.instances(world, server)
    return sorted((row["serial"], [one["serial"] for one in row["standbys"]]) for row in rows)


@pytest.mark.row("C7.6", "S2.6")
def test_a_set_that_a_restored_site_forgot_comes_back_whole(site: World) -> None:
    """Both units speak with their own keys again; the standby takes over, and nothing is counted twice."""
    backed_up(site)
    active, standby = a_set(site, site.token())
    active.use("ADVANTAGE", 2)
    site.synchronize("before")
    restored(site)
    resynchronized(site, "heal")
    active.renew_authorization()
    standby.transfer_active()
    standby.use("ADVANTAGE", 2)
    site.synchronize("after")

    assert shown(site, "satellite") == shown(site) == [("SN2", ["SN1"])]
    assert site.licence("ADVANTAGE")["in_use"] == site.licence("ADVANTAGE", "satellite")["in_use"] == 2
    assert site.central("ledger", "verify")["ok"]


@pytest.mark.row("C7.6", "S2.6")
def test_a_standby_that_joined_after_the_copy_was_made_keeps_its_place(site: World) -> None:
    """The set is there, and gets the unit and the key that it lacks, although the active unit spoke meanwhile."""
    token = site.token()
    active = site.device("SN1", token=token, hostname="edge")
    active.use("ADVANTAGE", 2)
    backed_up(site)
    identity.join(
        site,
        active,
        rights.RegistrationRequest(token=token, udi=identity.unit("SN1"), standbys=(identity.unit("SN2"),)),
    )
    standby = site.device("SN2", token=token, standbys=(identity.unit("SN1"),))
    standby.transfer_active()
    site.synchronize("before")
    restored(site)
    active.renew_authorization()
    resynchronized(site, "heal")
    standby.use("ADVANTAGE", 2)
    active.transfer_active()
    site.synchronize("after")

    assert shown(site, "satellite") == shown(site) == [("SN1", ["SN2"])]
    assert site.licence("ADVANTAGE")["in_use"] == site.licence("ADVANTAGE", "satellite")["in_use"] == 2


@pytest.mark.both_databases
@pytest.mark.row("S4.1", "S2.6")
@pytest.mark.parametrize("same_key", [True, False])
def test_a_device_that_registers_again_before_the_resynchronization_counts_once(site: World, *, same_key: bool) -> None:
    """Nothing says that the site is an older copy: its forgotten device becomes another record, and the former one ends."""
    site.token()
    backed_up(site)
    device = site.device("SN1", hostname="edge")
    device.use("ADVANTAGE", 1)
    device.request_export("STRONG", 1)
    site.synchronize("before")
    device.renew_authorization()
    device.renew_authorization()
    restored(site, with_anchor=True)
    site.satellite("clock", "advance", "1h")  # the restored home has the clock of its backup
    if not same_key:
        shutil.rmtree(site.folder / "devices" / "SN1")
    again = site.device("SN1", hostname="edge")
    again.use("ADVANTAGE", 1)
    resynchronized(site, "heal")
    again.renew_authorization()
    here = [row["id"] for row in identity.instances(site, "satellite")]
    strong = site.licence("STRONG")["in_use"]
    if same_key:
        again.return_export("STRONG")
        site.synchronize("returned")

    assert [row["id"] for row in identity.instances(site, "central")] == here == [again.state.instance]
    assert site.licence("ADVANTAGE")["in_use"] == site.licence("ADVANTAGE", "satellite")["in_use"] == 1
    assert strong == 1
    assert site.licence("STRONG")["in_use"] == (0 if same_key else 1)
    assert site.central("ledger", "verify")["ok"]


@pytest.mark.row("C7.6", "C8.2")
def test_a_unit_of_a_set_is_granted_what_it_asked_for_before_another_one_took_over(site: World) -> None:
    """Central knows the keys of all units: a request that waits is decided for its own key, which uses the unit."""
    active, standby = a_set(site, site.token())
    active.request_export("STRONG", 1)
    standby.transfer_active()
    site.synchronize("one")
    active.renew_authorization()
    standby.renew_authorization()
    site.synchronize("two")

    assert (active.may_use("STRONG").allowed, standby.may_use("STRONG").allowed) == (True, False)
    assert site.licence("STRONG")["in_use"] == 1

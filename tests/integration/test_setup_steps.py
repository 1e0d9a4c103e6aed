"""The steps of the set-up: examined, checked before they are applied, taken by command or by a page alternately."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO

import pytest

from exchange.errors import ExchangeError
from satellite.actions import registration, restore, setup, setup_steps, synchronization
from satellite.core.site.errors import AddressNeededError, NoRegistrationError
from satellite.runtime import Satellite, open_satellite
from serverkit.actor import OPERATOR
from serverkit.errors import AppError
from serverkit.users.tables import Browser
from tests.world import ACCOUNT, World


@pytest.fixture
def fresh(vendor: World) -> Iterator[Satellite]:
    """A satellite that `init` has made, and nothing else."""
    vendor.satellite("init", "--name", "North", "--root", vendor.file("root.json"), "--lab")
    server = open_satellite(vendor.folder / "satellite")
    yield server
    server.database.dispose()


@pytest.mark.row("S1.1", "S1.2", "S1.3", "S1.4", "S1.5")
def test_the_steps_are_read_from_the_state_and_finished_from_either_side(vendor: World, fresh: Satellite) -> None:
    """What a page does a command sees and the reverse; each step is done once its state says so, after a restart too."""

    def steps() -> list[str]:
        again = open_satellite(vendor.folder / "satellite")
        with again.database.read(OPERATOR) as unit:
            found = setup_steps.show_wizard(again, unit)
        again.database.dispose()
        return [one["step"] for one in found["items"] if one["done"]]

    assert steps() == []
    with fresh.database.write(OPERATOR) as unit:
        assert not setup_steps.confirm_check(fresh, unit)["stops"]
        with pytest.raises(NoRegistrationError):
            setup_steps.download_registration(fresh, unit)
    with fresh.database.write(OPERATOR) as unit:
        made = registration.export_registration(fresh, unit)
    with fresh.database.read(OPERATOR) as unit:
        again = setup_steps.download_registration(fresh, unit)
        waiting = setup_steps.show_registration_step(fresh, unit)
    assert steps() == ["check"]
    vendor.central(
        "satellite", "add", ACCOUNT, "--name", "North", "--virtual-account", "Site",
        "--registration", vendor.file("reg", made.content),
    )  # fmt: skip
    vendor.central("satellite", "authorize", ACCOUNT, "North", "--output", vendor.file("auth"))
    file = (vendor.folder / "auth").read_bytes()
    checked = setup_steps.check_authorization_file(fresh, OPERATOR, lambda: BytesIO(file))
    by_command = vendor.satellite("registration", "check", vendor.file("auth"))
    with pytest.raises(ExchangeError):
        setup_steps.check_authorization_file(fresh, OPERATOR, lambda: BytesIO(file[:-9]))
    assert steps() == ["check"]
    applied = vendor.satellite("registration", "import", vendor.file("auth"))
    vendor.satellite("time", "confirm")
    assert steps() == ["check", "register", "time"]
    early = vendor.satellite("setup", "finish", code=1)["error"]["code"]
    network = vendor.satellite("setup", "mode", "network", code=1)["error"]["code"]
    vendor.satellite("setup", "mode", "manual")
    with fresh.database.read(OPERATOR) as unit:
        review, verdict = setup_steps.review_setup(fresh, unit), setup_steps.judge_finish_setup(unit)
    with fresh.database.write(OPERATOR) as unit:
        finished = setup.finish_setup(fresh, unit)

    assert again == made
    assert (waiting["state"], waiting["waiting_since"] is not None) == ("registration_made", True)
    assert waiting["registration"] == made.view
    assert checked["outcome"] == applied["outcome"] == "applied"
    assert {name: checked[name] for name in applied} == applied
    assert (checked["virtual_accounts"], checked["allotment_lines"]) == (["Site"], 2)
    assert checked["card"]["kind"] == "authorization"
    assert by_command == checked
    assert (early, network) == ("mode_not_chosen", "not_configured")
    assert verdict.allowed
    assert (
        review["verdict"]
        == verdict.to_dict()
        == vendor.satellite("setup", "summary")["verdict"]
        | {"effects": ["Devices and programs are served from now on.", "Synchronization is by files."]}
    )
    assert finished["setup_finished"]
    assert steps() == ["check", "register", "time", "sync", "summary"]


@pytest.mark.row("S1.1", "S1.3")
def test_the_machine_is_examined_before_anything_else(vendor: World, fresh: Satellite) -> None:
    """A clock apart from the browser's is to be looked at; one before the vendor's root, or a missing key, stops."""

    def states(**more: object) -> dict[str, str]:
        with fresh.database.read(OPERATOR) as unit:
            found = setup_steps.check_machine(fresh, unit, **more)  # type: ignore[arg-type]
        return {one.name: one.weight.value for one in found.findings}

    now = fresh.clock.now()
    right, apart = states(browser_time=now + timedelta(minutes=1)), states(browser_time=now - timedelta(minutes=9))
    by_command = vendor.satellite("setup", "check")
    vendor.satellite("clock", "set", "2020-01-01T00:00:00Z")
    early = states(), vendor.satellite("setup", "check", code=1)["stops"]

    assert (right["clock"], apart["clock"], early[0]["clock"]) == ("in_order", "look", "stop")
    assert early[1] is True
    assert {right[name] for name in ("disk", "keys", "schema")} == {"in_order"}
    assert right["address"] == "look"
    assert [one["name"] for one in by_command["items"]] == ["clock", "disk", "names", "address", "keys", "schema"]


@pytest.mark.row("S2.1")
def test_a_response_is_checked_without_being_applied(site: World) -> None:
    """The check shows the outcome and the units that change; state and history stay as they were; applying it then works."""
    site.satellite("sync", "export", "--output", site.file("q"))
    site.central("order", "import", ACCOUNT, site.file("more.csv", "virtual_account,tag,quantity,order_number,order_line\nSite,ADVANTAGE,4,O-2,1\n"))  # fmt: skip
    site.central("sync", "import", site.file("q"), "--output", site.file("r"))
    before = site.satellite("status"), site.satellite("sync", "history")
    checked = site.satellite("sync", "check", site.file("r"))
    after = site.satellite("status"), site.satellite("sync", "history")
    applied = site.satellite("sync", "import", site.file("r"))
    again = site.satellite("sync", "check", site.file("r"))

    assert before == after
    assert {name: checked[name] for name in applied} == applied
    assert checked["changes"] == [{"virtual_account": "Site", "tag": "ADVANTAGE", "before": 3, "after": 7}]
    assert again["outcome"] == "already_applied"


@pytest.mark.row("S1.4", "S2.2")
def test_the_way_to_central_is_tested_stage_by_stage_and_nothing_is_stored(site: World) -> None:
    """The stage that fails has its cause, those after it are not tried; settings that are tried are not kept."""
    server = open_satellite(site.folder / "satellite")
    with pytest.raises(AddressNeededError):
        synchronization.try_connection(server, OPERATOR)
    tried = synchronization.try_connection(server, OPERATOR, {"url": "http://127.0.0.1:9"})
    with server.database.read(OPERATOR) as unit:
        kept = synchronization.show_settings(unit)["url"]
    server.database.dispose()

    assert kept == ""
    assert not tried["healthy"]
    assert tried["cause"]["code"] == "refused"
    assert [one["state"] for one in tried["stages"]] == ["ok", "failed", "not_tried", "not_tried"]


@pytest.mark.row("S1.1", "S2.6")
def test_a_backup_is_restored_in_place_of_the_set_up(site: World) -> None:
    """The code is asked for; a wrong passphrase changes nothing; the next start comes up as the old machine, restored."""
    passphrase = "a passphrase of a backup"
    site.satellite(
        "backup", "create", "--output", site.file("backup"), "--passphrase-file", site.file("pass", passphrase)
    )
    old = site.satellite("registration", "status")["id"]
    made = site.satellite("init", "--name", "New", "--root", site.file("root.json"), "--lab", home="satellite-2")
    server, file = open_satellite(site.folder / "satellite-2"), site.folder / "backup"

    def refused(code: str, word: str) -> str:
        with pytest.raises(AppError) as found:
            restore.restore_instead(server, restore.permit_restore(server, code, Browser("192.0.2.1")), file, word)
        return found.value.code

    wrong = [refused("0000-0000-0000-0000", passphrase), refused(made["setup_code"], "another passphrase")]
    before = site.satellite("registration", "status", home="satellite-2")["id"]
    permit = restore.permit_restore(server, made["setup_code"], Browser("192.0.2.1"))
    found = restore.restore_instead(server, permit, file, f"{passphrase}\n")
    server.database.dispose()
    after = site.satellite("status", home="satellite-2")

    assert wrong == ["setup_code_refused", "backup_locked"]
    assert before == made["id"] != old
    assert found["restart_needed"]
    assert (after["id"], after["setup_finished"], after["restored"]) == (old, True, True)
    again = open_satellite(site.folder / "satellite-2")
    with pytest.raises(AppError) as over:
        restore.restore_instead(again, permit, file, passphrase)
    again.database.dispose()
    assert over.value.code == "restore_not_permitted"

"""What people look at every day: users, virtual accounts, the set-up's summary, the site's lists, a device's command."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout

import pytest

import agent.cli
from tests.world import ACCOUNT, World


@pytest.mark.row("C1.7")
def test_the_users_of_an_account_are_listed_with_their_roles(vendor: World) -> None:
    """Each user of the account is there with the role and where it counts; another account's does not."""
    vendor.central("account", "create", "other.example", "--name", "Other")
    vendor.central("user", "add", "anna", "--role", "account_administrator", "--account", ACCOUNT)
    vendor.central("user", "add", "ben", "--role", "account_administrator", "--account", "other.example")
    shown = json.dumps(vendor.central("user", "list", "--account", ACCOUNT)["items"])

    assert "anna" in shown
    assert "account_administrator" in shown
    assert "ben" not in shown


@pytest.mark.row("C2.1")
def test_the_general_facts_of_a_virtual_account_are_shown(vendor: World) -> None:
    """Name, default mark and whose it is; a new name is there at once."""
    vendor.central("virtual-account", "rename", ACCOUNT, "Spare", "Reserve")
    rows = {row["name"]: row for row in vendor.central("virtual-account", "list", ACCOUNT)["items"]}

    assert set(rows) == {"DEFAULT", "Site", "Reserve"}
    assert [name for name, row in rows.items() if row["default"]] == ["DEFAULT"]
    assert rows["Reserve"]["satellite"] is None


@pytest.mark.row("S1.5")
def test_the_summary_of_the_set_up_says_what_is_done_and_what_is_next(vendor: World) -> None:
    """Before the authorization it names the next step and cannot be finished; afterwards it is done."""
    vendor.satellite("init", "--name", "North", "--root", vendor.file("root.json"), "--lab")
    first = vendor.satellite("setup", "status")
    early = vendor.satellite("setup", "finish", "--mode", "manual", code=1)["error"]
    vendor.satellite("registration", "export", "--output", vendor.file("registration"))
    vendor.central(
        "satellite", "add", ACCOUNT, "--name", "North", "--virtual-account", "Site", "--registration", vendor.file("registration")
    )  # fmt: skip
    vendor.central("satellite", "authorize", ACCOUNT, "North", "--output", vendor.file("authorization"))
    vendor.satellite("registration", "import", vendor.file("authorization"))
    second = vendor.satellite("setup", "status")
    vendor.satellite("setup", "finish", "--mode", "manual")

    assert first["next"].startswith("satellite registration export")
    assert early["code"] == "not_authorized"
    assert second["next"].startswith("satellite setup finish")
    assert vendor.satellite("setup", "status")["finished"]


@pytest.mark.row("S3.2")
def test_a_site_shows_its_tokens_licences_devices_and_events(site: World) -> None:
    """Each list holds what happened on the site, by the names that people use."""
    site.device("SN1", hostname="edge-1").use("ADVANTAGE", 2)
    token = site.satellite("token", "list")["items"][0]
    licence = site.licence("ADVANTAGE", "satellite")
    instance = site.satellite("instances")["items"][0]
    events = " ".join(event["message"] for event in site.satellite("events")["items"])

    assert (token["virtual_account"], token["uses"]) == ("Site", 1)
    assert (licence["purchased"], licence["in_use"], licence["balance"]) == (3, 2, 1)
    assert (instance["name"], instance["virtual_account"]) == ("edge-1", "Site")
    assert "edge-1 added" in events


def command(home: str, *words: str) -> tuple[int, str]:
    """The device's command in this process: exit code and what it printed."""
    out, code = io.StringIO(), 0
    with redirect_stdout(out):
        try:
            found = agent.cli.main(["--home", home, *words])  # type: ignore[func-returns-value]  # a code, or it exits
            code = found or 0
        except SystemExit as error:
            code = int(error.code or 0)
    return code, out.getvalue()


@pytest.mark.row("D3")
def test_the_command_of_a_device_shows_its_state_and_refuses_what_it_cannot(site: World) -> None:
    """Status and use are there for people and as JSON; a tag that cannot be is refused by a code."""
    device = site.device("SN1")
    device.use("ADVANTAGE", 1)
    home = str(site.folder / "devices" / "SN1")
    ended, shown = command(home, "status")
    as_json, text = command(home, "--json", "status")
    refused, problem = command(home, "--json", "use", "ADVANTAGE", "0")

    assert (ended, as_json) == (0, 0)
    assert "ADVANTAGE" in shown
    assert json.loads(text)["licences"][0]["tag"] == "ADVANTAGE"
    assert refused == 1
    assert json.loads(problem)["error"]["code"] == "invalid_quantity"

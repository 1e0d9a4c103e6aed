"""Alerts as programs read them: what they say follows each change, and their order is the documented one."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from central.app import make_app
from central.runtime import open_central
from satellite.app import make_app as satellite_app
from satellite.runtime import open_satellite
from tests.api.callers import Api, central_token, satellite_token
from tests.api.test_rest import api as api  # noqa: PLC0414 - a fixture
from tests.world import ACCOUNT, World

SEVERITIES = ["major", "minor", "informational"]


@pytest.mark.row("C10.1", "C1.2")
def test_a_rename_through_rest_leaves_no_alert_with_the_old_name(vendor: World, api: Api) -> None:
    """The alert on a shortage names the virtual account as it is called now."""
    vendor.device("SN1", "central", vendor.token("central", pool="Spare")).use("ADVANTAGE", 11)
    path = f"/smart-accounts/{ACCOUNT}"
    before = _messages(api, "insufficient_licences")
    api.ask("PATCH", f"{path}/virtual-accounts/Spare", {"name": "Harbour"})
    after = _messages(api, "insufficient_licences")

    assert len(before) == len(after) == 1
    assert "Spare" in before[0]
    assert "Harbour" in after[0]
    assert "Spare" not in after[0]


@pytest.mark.both_databases
@pytest.mark.row("C10.1")
def test_alerts_are_listed_by_severity_and_then_by_what_is_due_first(vendor: World, api: Api) -> None:
    """The order does not change from call to call, and a page continues the one before."""
    today = datetime.fromisoformat(vendor.central("time", "show")["now"]).date()
    ends = [today + timedelta(days=days) for days in (20, 5, 60)]
    lines = "".join(f"Spare,ADVANTAGE,{count},term,{today},{end}\n" for count, end in enumerate(ends, 1))
    vendor.central(
        "order", "import", ACCOUNT, vendor.file("terms.csv", f"virtual_account,tag,quantity,type,start,end\n{lines}")
    )
    vendor.device("SN1", "central", vendor.token("central", pool="Spare")).use("ESSENTIALS", 1)
    path = f"/smart-accounts/{ACCOUNT}/alerts"
    listed = api.items(path)
    keys = [
        (
            SEVERITIES.index(row["severity"]),
            row["action_due"] is None,
            row["action_due"] or "",
            row["raised_at"],
            row["id"],
        )
        for row in listed
    ]

    assert len(listed) >= 3
    assert keys == sorted(keys)
    assert [row["id"] for row in listed] == [row["id"] for row in api.items(path)]


def _messages(api: Api, kind: str) -> list[str]:
    return [row["message"] for row in api.items(f"/smart-accounts/{ACCOUNT}/alerts") if row["kind"] == kind]


@pytest.mark.row("C10.4", "C1.5")
def test_a_surplus_is_told_to_those_who_see_the_virtual_account(vendor: World) -> None:
    """Who sees one virtual account learns neither names nor counts of the others."""
    vendor.central("user", "add", "root", "--role", "vendor_administrator")
    vendor.central("user", "add", "vic", "--role", "virtual_account_administrator", "--account", ACCOUNT, "--virtual-account", "Site")  # fmt: skip
    vendor.device("SN1", "central", vendor.token("central")).use("ADVANTAGE", 5)
    app = make_app(open_central(vendor.folder / "central"))
    vendor.central("jobs", "run", "alerts")
    found = {}
    for user in ("root", "vic"):
        api = Api(app, central_token(vendor, "read", user=user))
        alert = next(x for x in api.items(f"/smart-accounts/{ACCOUNT}/alerts") if x["kind"] == "insufficient_licences")
        found[user] = alert

    assert "Spare (10)" in found["root"]["message"]
    assert "Spare" not in json.dumps(found["vic"])
    assert found["vic"]["subject"]["surplus"] == []


@pytest.mark.row("C12.4", "C12.6")
def test_the_log_is_the_same_by_command_and_through_rest(site: World) -> None:
    """Row for row, at central and at a satellite, what came from the satellite included."""
    site.central("user", "add", "root", "--role", "vendor_administrator")
    site.device("SN1").use("ADVANTAGE", 1)
    site.synchronize()
    central = Api(make_app(open_central(site.folder / "central")), central_token(site, "write"))
    local = Api(satellite_app(open_satellite(site.folder / "satellite")), satellite_token(site))
    written = site.central("events", ACCOUNT)["items"], site.satellite("events")["items"]
    shown = central.items(f"/smart-accounts/{ACCOUNT}/events"), local.items("/events")

    for by_command, by_rest in zip(written, shown, strict=True):
        assert len(by_command) > 3
        assert {row["id"]: (row["kind"], row["message"]) for row in by_command} == {
            row["id"]: (row["kind"], row["message"]) for row in by_rest
        }

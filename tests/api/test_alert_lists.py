"""Alerts as programs read them: what they say follows each change, and their order is the documented one."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.api.callers import Api
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

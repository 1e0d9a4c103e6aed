"""Changes of many rows at central run as tasks at the place of their address, and each person sees the own ones."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from central.actions import tasks
from central.actions.tokens import create_token
from central.ui.works import bulk_kind
from serverkit.actor import OPERATOR
from tests.portal import A, Portal, central_portal, main_of, text_of
from tests.world import ACCOUNT, World


@pytest.fixture
def portal(vendor: World) -> Iterator[Portal]:
    """The vendor's central."""
    with central_portal(vendor) as found:
        yield found


def tokens(portal: Portal, count: int) -> str:
    """Make so many tokens in one virtual account; its address."""
    number = {one["name"]: one["number"] for one in portal.world.central("virtual-account", "list", ACCOUNT)["items"]}
    with portal.server.database.write(OPERATOR) as unit:
        for _ in range(count):
            create_token(
                unit,
                portal.server.keyring.box,
                ACCOUNT,
                "Spare",
                days=9,
                uses=None,
                export_controlled=False,
                description="rack",
            )
    return f"{A}/va/{number['Spare']}/general"


@pytest.mark.row("C2.3", "C1.6")
def test_a_change_of_many_rows_is_a_task_at_its_place_and_asks_its_permissions_there_again(portal: Portal) -> None:
    """60 tokens of one virtual account are revoked by its user; who lost the role meanwhile changes nothing."""
    path = tokens(portal, 60)
    user, other = portal.enter("guest", "virtual_account_user", "Spare"), portal.enter("eve", "account_administrator")
    sent = {"all": "yes", "all_count": "60"}
    preview = user.post(f"{path}/bulk/revoke", sent).get_data(as_text=True)
    keys = re.search(r'name="all_keys" value="([^"]+)"', preview)
    assert keys
    sent |= {"step": "act", "all_keys": keys[1]}
    begun = user.post(f"{path}/bulk/revoke", sent)
    task = begun.headers["Location"]
    assert (begun.status_code, task.startswith("/bulk/")) == (303, True)
    assert "no scheduler runs" in text_of(user.get(task))
    assert (other.get(task).status_code, portal.admin.get(task).status_code) == (404, 200)
    twice = user.post(f"{path}/bulk/revoke", sent)
    assert (twice.status_code, "task_running" in twice.get_data(as_text=True)) == (409, True)

    assert tasks.run_next_task(portal.server, bulk_kind(portal.server)) == task.removeprefix("/bulk/")
    done = text_of(user.get(task))
    assert (
        "60 rows changed" in done,
        "0 not changed" in done,
        f'href="{path}' in user.get(task).get_data(as_text=True),
    ) == (True,) * 3
    assert "Change of many rows" in main_of(user.get("/tasks"))
    assert "No task has run yet" in main_of(other.get("/tasks"))
    assert [one["state"] for one in portal.world.central("task", "list")["items"]] == ["done"]

    path = tokens(portal, 51)
    preview = user.post(f"{path}/bulk/revoke?state=active", {"all": "yes", "all_count": "51"}).get_data(as_text=True)
    keys = re.search(r'name="all_keys" value="([^"]+)"', preview)
    assert keys
    task = user.post(
        f"{path}/bulk/revoke?state=active", {"all": "yes", "all_count": "51", "step": "act", "all_keys": keys[1]}
    ).headers["Location"]
    portal.world.central(
        "user",
        "remove-role",
        "guest",
        "--role",
        "virtual_account_user",
        "--account",
        ACCOUNT,
        "--virtual-account",
        "Spare",
    )
    assert portal.world.central("task", "run")["task"] == task.removeprefix("/bulk/")
    ended = portal.world.central("task", "show", task.removeprefix("/bulk/"))
    assert (ended["state"], ended["error"]["code"]) == ("failed", "unknown_account")
    found = portal.world.central("token", "list", ACCOUNT, "--virtual-account", "Spare")["items"]
    assert sorted(one["state"] for one in found) == ["active"] * 51 + ["revoked"] * 60


@pytest.mark.row("C1.6")
def test_a_task_that_waits_is_stopped_by_who_asked_for_it(portal: Portal) -> None:
    """Its page has a button; the command stops it too; nothing is changed."""
    path = tokens(portal, 51)
    admin = portal.enter("guest", "virtual_account_user", "Spare")
    preview = admin.post(f"{path}/bulk/revoke", {"all": "yes", "all_count": "51"}).get_data(as_text=True)
    keys = re.search(r'name="all_keys" value="([^"]+)"', preview)
    assert keys
    task = admin.post(
        f"{path}/bulk/revoke", {"all": "yes", "all_count": "51", "step": "act", "all_keys": keys[1]}
    ).headers["Location"]
    assert admin.post(f"{task}/stop").status_code == 303
    assert "what was changed before stays" in text_of(admin.get(task))
    assert portal.world.central("task", "stop", task.removeprefix("/bulk/"), code=1)["error"]["code"] == "task_over"
    assert portal.world.central("task", "run")["task"] is None

"""People of accounts at central: first passwords, own access tokens, whom the logs name, writing to the vendor."""

from __future__ import annotations

import re
from typing import Any

import pytest

from central.app import make_app
from central.runtime import Central
from tests.api.callers import Api, central_token
from tests.api.test_central_pages import Enter, numbers, portal, text_of
from tests.console import Browser, press
from tests.world import ACCOUNT, World

__all__ = ["portal"]
Portal = tuple[World, Central, Enter]
A = f"/a/{ACCOUNT}"


def user_id(world: World, name: str) -> str:
    """The id of a user."""
    return str(next(one["id"] for one in world.central("user", "list")["items"] if one["name"] == name))


@pytest.mark.row("C1.7")
def test_an_account_administrator_gives_a_first_password_and_takes_over_nobody(portal: Portal) -> None:
    """It is shown once and signs in; never for who has one, or a role of the vendor's or of another account."""
    world, _server, enter = portal
    enter()
    owner = enter("owner", "account_administrator")
    world.central("user", "add", "new", "--role", "account_user", "--account", ACCOUNT)
    path = f"{A}/users/{user_id(world, 'new')}/first-password"
    made = press(owner, owner.get(path)).get_data(as_text=True)
    found = re.search(r'id="secret-password"[^>]*value="([^"]+)"', made)
    assert found
    guest = Browser(owner.app)
    assert guest.sign_in("new", found[1]).status_code == 303
    assert press(owner, owner.get(path)).status_code == 409

    world.central("account", "create", "other.example", "--name", "Other")
    for more in (("--role", "vendor_support"), ("--role", "account_user", "--account", "other.example")):
        name = "of " + more[1]
        world.central("user", "add", name, "--role", "account_user", "--account", ACCOUNT)
        world.central("user", "add", name, *more)
        refused = owner.post(f"{A}/users/{user_id(world, name)}/first-password")
        assert (refused.status_code, "first_password_refused" in text_of(refused)) == (409, True)
    world.central("user", "first-password", "of account_user", "--account", "other.example", code=1)


@pytest.mark.row("C1.5")
def test_a_person_makes_and_revokes_access_tokens_of_the_own(portal: Portal) -> None:
    """A token carries no more than its scope, makes no other token, and others' tokens are not there."""
    _world, server, enter = portal
    enter()
    guest = enter("guest", "account_user")
    made = press(guest, guest.get("/me/tokens/new"), description="script <1>", scope="read", days="5", addresses="")
    found = re.search(r'id="secret-token"[^>]*value="([^"]+)"', made.get_data(as_text=True))
    assert found
    api = Api(make_app(server), found[1])
    assert api.ask("GET", "/me")[1]["limited"] is True
    assert "script <1>" in text_of(guest.get("/me"))
    [token] = re.findall(r"/me/tokens/(\w+)/revoke", guest.get("/me").get_data(as_text=True))
    other = enter("other", "account_user")
    assert other.post(f"/me/tokens/{token}/revoke").status_code == 404
    assert press(guest, guest.get(f"/me/tokens/{token}/revoke")).status_code == 303
    assert api.ask("GET", "/me")[0] == 401


@pytest.mark.row("C12.6", "C12.4")
def test_logs_name_the_vendors_people_to_the_vendor_only(portal: Portal) -> None:
    """Customers read `vendor support`, on pages, in files and by the API, also once the role is gone, and cannot search it."""
    world, server, enter = portal
    helper = enter("helga", "vendor_administrator")
    assert press(helper, helper.get(f"{A}/va/new"), name="Attic", description="").status_code == 303
    owner = enter("owner", "account_administrator")
    world.central("virtual-account", "create", ACCOUNT, "Cellar")
    for path in (f"{A}/events", f"{A}/events?as=csv", f"{A}/va/{numbers(world)['Attic']}/events"):
        shown = text_of(owner.get(path))
        assert ("helga" in shown, "vendor support" in shown) == (False, True), path
        assert "helga" in text_of(helper.get(path)), path
    assert "0 of" in text_of(owner.get(f"{A}/events?q=helga")) or "No" in text_of(owner.get(f"{A}/events?q=helga"))
    world.central("user", "add", "second", "--role", "vendor_administrator")
    world.central("user", "remove-role", "helga", "--role", "vendor_administrator")
    assert "helga" not in text_of(owner.get(f"{A}/events"))
    api = Api(make_app(server), central_token(world, user="owner"))
    actors = {one["actor"] for one in api.items(f"/smart-accounts/{ACCOUNT}/events")}
    assert "vendor support" in actors
    assert not {"helga", "console"} & actors


@pytest.mark.row("C1.3", "C1.4", "C1.8", "C2.3")
def test_lists_say_what_waits_who_manages_and_nothing_that_is_not_permitted(portal: Portal) -> None:
    """A sign for a pending agreement; the column of restricted functions is there only where the account may use them."""
    world, _server, enter = portal
    admin = enter()
    world.central("account", "create", "other.example", "--name", "Other")
    shown = text_of(admin.get("/a"))
    assert "Acceptance required" in shown
    number = numbers(world)["Spare"]
    world.central("token", "create", ACCOUNT, "--virtual-account", "Spare", "--days", "5")
    column = 'name="cols" value="export_controlled"'
    for flag, there in (("--no-export-allowed", False), ("--export-allowed", True)):
        world.central("account", "change", ACCOUNT, flag)
        page = admin.get(f"{A}/va/{number}/general?cols=export_controlled,uses").get_data(as_text=True)
        assert (column in page) == there, flag


@pytest.mark.row("C12.5")
def test_feedback_and_support_requests_leave_by_mail_with_what_was_said_and_no_more(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an address there is no form; an anonymous text names no one; a request names all fields; reasons on the form."""
    _world, server, enter = portal
    enter()
    assert "no address" in text_of(enter("first", "account_user").get("/feedback"))
    for name, address in (("feedback", "ideas@vendor.example"), ("support", "help@vendor.example")):
        monkeypatch.setitem(server.settings.contact.__dict__, name, address)
    guest = enter("guest", "account_user")
    sent = {"category": "problem", "text": "It <b>blinks</b>\r\ntwice"}
    assert press(guest, guest.get("/feedback"), **sent, anonymous="yes").status_code == 303
    assert press(guest, guest.get("/feedback"), **sent).status_code == 303
    fields = {
        "description": "Help",
        "account": ACCOUNT,
        "reporter": "Guest",
        "by": "phone",
        "address": "x",
        "number": "",
    }
    refused = press(guest, guest.get("/support"), **fields)
    assert [one in text_of(refused) for one in ("Needed for this way", "is not a mail address")] == [True] * 2
    done = press(guest, guest.get("/support"), **{**fields, "address": "g@x.example", "number": "+43 1"})
    assert done.status_code == 303

    def texts(unit: Any) -> list[tuple[str, str]]:
        from central.domain.operations.models import OutboxEntry
        from serverkit.outbox import entries

        rows = unit.session.scalars(entries(OutboxEntry).order_by(OutboxEntry.at, OutboxEntry.id))
        return [(row.payload["to"], row.payload["text"]) for row in rows]

    from serverkit.actor import OPERATOR

    with server.database.read(OPERATOR) as unit:
        found = texts(unit)
    ideas = [text for to, text in found if to == "ideas@vendor.example"]
    assert sorted("guest" in text for text in ideas) == [False, True]
    assert all("It <b>blinks</b>\ntwice" in text for text in ideas)
    [request] = [text for to, text in found if to == "help@vendor.example"]
    assert [one in request for one in ("Reporter: Guest", "+43 1", "g@x.example", ACCOUNT)] == [True] * 4
    log = text_of(enter("owner", "account_administrator").get(f"{A}/events"))
    assert "a support request was sent" in log
    foreign = guest.post("/support", {**fields, "account": "nobody.example", "address": "g@x.example", "number": "1"})
    assert foreign.status_code == 404


@pytest.mark.row("C12.7")
def test_release_notes_are_a_page_and_pages_say_when_scripts_are_off(portal: Portal) -> None:
    """The page shows what changed; each page holds a notice for browsers without scripts; supported browsers are named."""
    _world, _server, enter = portal
    enter()
    guest = enter("guest", "account_user")
    assert "Unreleased" in text_of(guest.get("/changes"))
    assert "<noscript>" in guest.get("/a").get_data(as_text=True)
    assert "Firefox" in text_of(guest.get("/help/browsers"))


@pytest.mark.row("C1.7")
def test_the_users_of_a_virtual_account_are_those_with_a_role_in_it_or_in_the_whole_account(portal: Portal) -> None:
    """Each with the roles that reach it; a tab for who may see users, and for no one else."""
    world, _server, enter = portal
    enter()
    owner = enter("owner", "account_administrator")
    here, there = enter("here", "virtual_account_user", "Spare"), enter("there", "virtual_account_user", "Site")
    numbers = {one["name"]: one["number"] for one in world.central("virtual-account", "list", ACCOUNT)["items"]}
    path = f"{A}/va/{numbers['Spare']}/users"

    shown = text_of(owner.get(path))
    assert "Account administrator (whole account)" in shown
    assert "Virtual account user (Spare)" in shown
    listed = owner.get(f"{path}?as=csv").get_data(as_text=True)
    assert [f"{name}," in listed for name in ("owner", "here", "there")] == [True, True, False]
    licences = f"{A}/va/{numbers['Spare']}/licences"
    assert f'href="{path}"' in owner.get(licences).get_data(as_text=True)
    assert f'href="{path}"' not in here.get(licences).get_data(as_text=True)
    assert (here.get(path).status_code, there.get(path).status_code) == (403, 404)

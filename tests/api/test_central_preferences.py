"""What people choose to be mailed about and the flags of an account, on pages and by REST."""

from __future__ import annotations

from typing import Any

import pytest

from central.app import make_app
from tests.api.callers import Api, central_token
from tests.api.test_central_instances import CATALOGUE, holding
from tests.api.test_central_pages import numbers, portal, text_of
from tests.api.test_central_people import Portal
from tests.console import press
from tests.portal import verdict_of
from tests.world import ACCOUNT

__all__ = ["portal"]
A = f"/a/{ACCOUNT}"


@pytest.mark.row("C12.2")
def test_a_person_chooses_on_the_page_and_every_reason_comes_back(portal: Portal) -> None:
    """A bad address, kind and zone are named together and nothing is kept; what is right is shown again."""
    world, _server, enter = portal
    enter()
    owner = enter("owner", "virtual_account_user", "Site")
    page = f"{A}/preferences"
    wrong = owner.post(
        page, {"address": "<script>", "kinds": ["expired", "weather"], "summary": "on", "own_zone": "Mars/Base"}
    )
    before = world.central("preferences", "show", ACCOUNT, "owner")
    chosen = {"address": "o@site.example", "kinds": ["expired", "new_instance"], "summary": "on"}
    kept = owner.post(page, {**chosen, "own_zone": "Europe/Vienna"})
    after = world.central("preferences", "show", ACCOUNT, "owner")
    shown = owner.get(page).get_data(as_text=True)

    assert wrong.status_code == 422
    for reason in ("is not a mail address", "Choose from the list.", "This is no time zone"):
        assert reason in text_of(wrong)
    assert "<script>" not in wrong.get_data(as_text=True).partition("<main")[2].partition("</main>")[0]
    assert (before["kinds"], before["address"]) == ([], "")
    assert kept.status_code == 303
    assert after["kinds"] == ["expired", "new_instance"]
    assert (after["address"], after["summary"], after["at_once"]) == ("o@site.example", True, False)
    assert 'value="Europe/Vienna"' in shown
    assert "Configuration flags" not in shown
    assert owner.get(f"{page}/flags").status_code == 403


@pytest.mark.row("C12.3", "C7.4", "C3.4")
def test_flags_are_changed_on_the_page_and_do_what_they_say(portal: Portal) -> None:
    """Without a reason nothing changes; off, nothing is added to inventory and lots are shown to the vendor alone."""
    world, _server, enter = portal
    world.central("catalogue", "import", world.file("products.csv", CATALOGUE))
    world.central("catalogue", "include", "SW-48", "--licence", "Essentials=4")
    admin, owner = enter(), enter("owner", "account_administrator")
    root = f"{A}/va/{numbers(world)['Site']}"
    mine = holding(world, restricted=False)
    flags = f"{A}/preferences/flags"
    empty = press(owner, owner.get(f"{flags}/add_to_inventory"), note=" ")
    before = world.central("flag", "show", ACCOUNT)
    for flag in ("add_to_inventory", "transaction_details"):
        sent = owner.post(f"{flags}/{flag}", {"note": f"Why <b>{flag}</b>"})
        assert sent.headers["Location"] == flags
    log, adding = text_of(owner.get(flags)), owner.get(f"{root}/instances/{mine}/add-licences")
    lots, of_vendor = owner.get(f"{root}/lots"), admin.get(f"{root}/lots")
    added = world.central("instance", "add-licences", ACCOUNT, mine, "--licence", "ESSENTIALS=1", code=1)["error"]

    assert (empty.status_code, before["add_to_inventory"]) == (422, True)
    assert "add_to_inventory switched off: Why <b>add_to_inventory</b>" in log
    assert added["code"] == "adding_off"
    assert "switched *add to inventory* off" in text_of(adding)
    assert "Add licences to inventory" not in text_of(owner.get(f"{root}/instances/{mine}"))
    assert (lots.status_code, verdict_of(lots)) == (409, "transactions_off")
    assert f"{root}/lots" not in owner.get(f"{root}/licences").get_data(as_text=True)
    assert of_vendor.status_code == 200
    assert owner.get(f"{A}/transactions").status_code == 200


@pytest.mark.row("C12.2", "C12.3")
def test_preferences_and_flags_are_set_by_rest_within_the_scope_of_a_token(portal: Portal) -> None:
    """The same refusals as everywhere; a token that only reads changes neither."""
    world, server, enter = portal
    enter()
    enter("owner", "account_administrator")
    own = f"/smart-accounts/{ACCOUNT}"
    app = make_app(server)
    api, reader = (Api(app, central_token(world, scope, user="owner")) for scope in ("write", "read"))
    body: dict[str, Any] = {"address": "o@site.example", "kinds": ["expired"], "at_once": True}
    answers = [
        api.ask("PUT", f"{own}/preferences", body),
        api.ask("PUT", f"{own}/preferences", {**body, "kinds": ["weather"]}),
        reader.ask("PUT", f"{own}/preferences", body),
        api.ask("POST", f"{own}/flags/transaction_details", {"on": False, "note": "Agreed."}),
        api.ask("POST", f"{own}/flags/transaction_details", {"on": True, "note": ""}),
        api.ask("POST", f"{own}/flags/weather", {"on": True, "note": "x"}),
        reader.ask("POST", f"{own}/flags/transaction_details", {"on": True, "note": "x"}),
        api.ask("GET", f"{own}/licence-lots"),
    ]

    assert [status for status, _ in answers] == [200, 422, 403, 200, 422, 404, 403, 409]
    assert reader.ask("GET", f"{own}/preferences")[1]["kinds"] == ["expired"]
    assert reader.ask("GET", f"{own}/flags")[1] == {"add_to_inventory": True, "transaction_details": False}

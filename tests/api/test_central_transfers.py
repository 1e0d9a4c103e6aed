"""Transfers in central's portal, by command and by REST: quantities, preview, all or nothing, back."""

from __future__ import annotations

import pytest

from central.runtime import Central
from tests.api.test_central_pages import A, Enter, keys_of, numbers, portal, text_of
from tests.world import ACCOUNT, World

__all__ = ["portal"]
Portal = tuple[World, Central, Enter]


def purchased(world: World) -> dict[tuple[str, str], int]:
    """What each virtual account has."""
    items = world.central("licences", ACCOUNT)["items"]
    return {(one["virtual_account"], one["tag"]): one["purchased"] for one in items}


@pytest.mark.row("C4.1", "B23")
def test_licences_are_transferred_in_the_browser_and_back(portal: Portal) -> None:
    """To and from: what is free with a field each, a preview that moves nothing, the change, and the way back."""
    world, _server, enter = portal
    number = numbers(world)
    enter()
    browser = enter("ada", "account_administrator")
    site = f"{A}/va/{number['Site']}"
    page = browser.get(f"{site}/licence-transfer?direction=from&other={number['Spare']}")
    shown = text_of(page)
    assert ("From Spare to Site" in shown, "Advantage" in shown, "Essentials" in shown) == (True, True, False)

    form = {"direction": "from", "other": number["Spare"], "key": ["ADVANTAGE"], "quantity": ["4"]}
    before = purchased(world)
    seen = browser.post(f"{site}/licence-transfer", {**form, "step": "preview"})
    assert seen.status_code == 200
    assert "3 → 7" in text_of(seen)
    assert f"central licence transfer {ACCOUNT} --line Spare:ADVANTAGE:4:Site" in text_of(seen)
    twice = {**form, "key": ["ADVANTAGE", "ADVANTAGE"], "quantity": ["4", "1"], "step": "act"}
    assert browser.post(f"{site}/licence-transfer", twice).status_code == 422
    assert (
        browser.post(f"{site}/licence-transfer", {**form, "other": [number["Spare"], "0"], "step": "act"}).status_code
        == 422
    )
    edited = browser.post(f"{site}/licence-transfer", {**form, "step": "edit"})
    assert 'value="4"' in edited.get_data(as_text=True)
    assert purchased(world) == before
    done = browser.post(f"{site}/licence-transfer", {**form, "step": "act"})
    assert (done.status_code, done.headers["Location"]) == (303, f"{site}/licence-transfers")
    assert (purchased(world)["Site", "ADVANTAGE"], purchased(world)["Spare", "ADVANTAGE"]) == (7, 6)

    told = [
        one["subject"] for one in world.central("events", ACCOUNT)["items"] if one["kind"] == "licences:transferred"
    ]
    assert [(one["from"], one["to"]) for one in told] == [("Spare", "Site")] * 2
    [key] = keys_of(browser, f"{site}/licence-transfers")
    back = browser.get(f"{site}/licence-transfers/{key}/back")
    assert "Transfer 4 units back" in text_of(back)
    assert browser.post(f"{site}/licence-transfers/{key}/back", {}).status_code == 303
    assert purchased(world) == before
    again = browser.get(f"{site}/licence-transfers/{key}/back")
    assert "Transfer 4" not in text_of(again)
    assert browser.post(f"{site}/licence-transfers/{key}/back", {}).status_code == 409


@pytest.mark.row("C3.5", "C4.1")
def test_no_page_hides_a_licence_whose_id_is_a_verb(portal: Portal) -> None:
    """A catalogue may name a licence as an address names what is done: its details are there all the same."""
    world, _server, enter = portal
    number = numbers(world)["Spare"]
    tags = ["transfer", "transfers", "upgrade", "assign", "add", "bulk", "new"]
    lines = "".join(f"entitlement,{tag},Licence {tag},no\n" for tag in tags)
    world.central("catalogue", "import", world.file("verbs.csv", "kind,tag,name,restricted\n" + lines))
    orders = "virtual_account,tag,quantity\n" + "".join(f"Spare,{tag},1\n" for tag in tags)
    world.central("order", "import", ACCOUNT, world.file("verb-orders.csv", orders))
    browser = enter()
    for tag in tags:
        page = text_of(browser.get(f"{A}/va/{number}/licences/{tag}"))
        assert f"Licence {tag}" in page, tag
        assert browser.get(f"{A}/va/{number}/licences/{tag}/why").status_code == 200, tag


@pytest.mark.row("C4.1")
def test_what_cannot_be_transferred_comes_back_filled_with_each_reason(portal: Portal) -> None:
    """Too many, letters, no quantity, no one chosen: 422 or 409, nothing moves; an outsider gets no further."""
    world, _server, enter = portal
    number = numbers(world)
    enter()
    browser = enter("ada", "account_administrator")
    site = f"{A}/va/{number['Site']}/licence-transfer"
    before = purchased(world)
    form = {"direction": "to", "other": number["Spare"], "key": ["ADVANTAGE", "STRONG"]}

    def post(**more: object) -> tuple[int, str]:
        answer = browser.post(site, {**form, **more})
        return answer.status_code, text_of(answer)

    for step in ("preview", "act"):
        status, text = post(quantity=["4", "<b>two</b>"], step=step)
        assert status in {409, 422}
        assert "4 of Advantage are to be moved from Site, 3 are free" in text
        assert ("not_enough_free" in text, "invalid_quantity" in text, "<b>two</b>" in text) == (True, True, True)
    assert post(quantity=["", ""], step="act")[0] == 422
    assert post(quantity=["1", ""], other="999", step="act")[0] == 422
    assert purchased(world) == before
    guest = enter("guest", "virtual_account_user", "Spare")
    assert guest.get(site).status_code == 404
    assert "There is no other virtual account" in text_of(guest.get(f"{A}/va/{number['Spare']}/licence-transfer"))


@pytest.mark.row("C4.1", "B23")
def test_the_command_transfers_lines_and_lots_and_reverses_them(vendor: World) -> None:
    """Both forms, the preview, names with a colon, wrong lines; the present form stays."""
    vendor.central("virtual-account", "create", ACCOUNT, "Lab: east")
    name = r"Lab\: east"
    lines = ("--line", rf"Spare:Advantage:4:{name}", "--line", "Site:STRONG:1:Spare")
    seen = vendor.central("licence", "transfer", ACCOUNT, *lines, "--preview")
    done = vendor.central("licence", "transfer", ACCOUNT, *lines)
    assert {**done, **seen} == done
    assert (seen["quantity"], done["transfer"]) == (5, 1)
    assert purchased(vendor)["Lab: east", "ADVANTAGE"] == 4
    lot = seen["lines"][0]["lots"][0]["lot"]
    refused = vendor.central("licence", "transfer", ACCOUNT, "--lot", f"{lot}:1:Site", code=1)
    assert refused["error"]["code"] == "lot_in_several_virtual_accounts"
    vendor.central("licence", "transfer", ACCOUNT, "--lot", f"{lot}:1:Site", "--from", "Lab: east")
    assert purchased(vendor)["Site", "ADVANTAGE"] == 4
    for wrong in ("Spare:ADVANTAGE:4", "Spare:ADVANTAGE:x:Site", ":ADVANTAGE:1:Site"):
        found = vendor.central("licence", "transfer", ACCOUNT, "--line", wrong, code=1)
        assert found["error"]["code"] == "invalid_transfer_line"
    both = ("--line", "Spare:ADVANTAGE:99:Site", "--line", "Site:ADVANTAGE:1:Site")
    found = vendor.central("licence", "transfer", ACCOUNT, *both, code=1)
    assert found["error"]["code"] == "transfer_refused"
    one = vendor.central(
        "licence", "transfer", ACCOUNT, "ADVANTAGE", "--from", "Spare", "--to", "Site", "--quantity", "1"
    )
    assert (one["from"], one["to"], one["lots"]) == ("Spare", "Site", 1)
    assert [one["transfer"] for one in vendor.central("licence", "transfers", ACCOUNT)["items"]] == [3, 2, 1]
    back = vendor.central("licence", "reverse-transfer", ACCOUNT, "1", "--preview")
    assert (back["quantity"], vendor.central("licence", "reverse-transfer", ACCOUNT, "1")["quantity"]) == (4, 4)
    assert vendor.central("licence", "reverse-transfer", ACCOUNT, "77", code=1)["error"]["code"] == "unknown_transfer"
    assert vendor.central("ledger", "verify")["ok"]

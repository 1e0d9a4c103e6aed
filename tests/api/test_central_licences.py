"""Central's pages of licences: summary, details, ledger, files."""

from __future__ import annotations

import re
from html import unescape

import pytest

from central.runtime import Central
from tests.api.test_central_pages import A, Enter, keys_of, numbers, portal, text_of
from tests.console import press
from tests.world import ACCOUNT, World

__all__ = ["portal"]
CODE = "CE-ZX:1-A6rZG7jGd-75"


def sums_of(page: str) -> list[tuple[str, int, bool]]:
    """The lines of the ledger on a page: words, units, and whether it is a total."""
    rows = re.findall(
        r'<tr class="(total)?">\s*<th[^>]*>(.*?)</th>.*?<td class="c-figure phone"[^>]*>(.*?)</td>', page, re.DOTALL
    )
    plain = [
        (re.sub("<[^>]+>", "", words), re.sub(r"[=+,\s]", "", unescape(units)).replace("−", "-"), total)
        for total, words, units in rows
    ]
    return [(words, int(units), bool(total)) for words, units, total in plain]


@pytest.mark.row("C3.1", "C3.2", "C3.5", "C3.9", "B23")
def test_licences_are_listed_worst_first_and_each_balance_explains_itself(portal: tuple[World, Central, Enter]) -> None:
    """Figures, reserved, in transition, by usage and alerts as the command says; every ledger on a page adds up to its balance."""
    world, _server, enter = portal
    rows = "virtual_account,tag,quantity,type,billing,start,end,order_number,order_line,sku\n"
    rows += "Spare,ESSENTIALS,9,perpetual,prepaid,,,O-77,1,SKU-9\nSpare,FEED,1,perpetual,usage,,,,,\n"
    world.central("catalogue", "import", world.file("c.csv", "kind,tag,name\nentitlement,FEED,Threat feed\n"))
    world.central("order", "import", ACCOUNT, world.file("o.csv", rows))
    words = ("--virtual-account", "Spare", "--request-code", CODE, "--licence", "ESSENTIALS=3")
    made = world.central("reservation", "create", ACCOUNT, *words, "--output", world.file("code"))
    world.central(
        "reservation", "update", ACCOUNT, made["id"], "--licence", "ESSENTIALS=1", "--output", world.file("code2")
    )
    device = world.device("SN1", "central", world.token("central", pool="Site"), hostname="edge-<1>")
    device.use("ADVANTAGE", 900)
    enter()
    owner = enter("owner", "account_administrator")
    number = numbers(world)
    spare, site = f"{A}/va/{number['Spare']}/licences", f"{A}/va/{number['Site']}/licences"

    shown = text_of(owner.get(spare))
    figures = {one["tag"]: one for one in world.central("licences", ACCOUNT, "--virtual-account", "Spare")["items"]}
    assert figures["ESSENTIALS"]["in_transition"] == 2
    assert "2 in transition: a reservation was reduced" in shown
    assert "3 reserved" in shown
    assert "Billed monthly by what is used" in shown
    every = keys_of(owner, f"{A}/va/all/licences")
    assert every[0].split("|")[1] == "ADVANTAGE"
    assert "missing" in text_of(owner.get(f"{A}/va/all/licences?state=short"))
    assert "1 major" in text_of(owner.get(site))
    assert [one.split("|")[1] for one in keys_of(owner, f"{spare}?billing=usage")] == ["FEED"]
    sheet = owner.get(f"{spare}?as=csv&cols=name,purchased,in_use,balance").get_data(as_text=True)
    assert "Threat feed,,0," in sheet
    assert owner.get(f"{spare}?as=xlsx").get_data()[:2] == b"PK"

    for place in (spare, site, f"{A}/va/all/licences"):
        for tag in {one.split("|")[1] for one in keys_of(owner, place)}:
            total = 0
            why = owner.get(f"{place}/{tag}/why").get_data(as_text=True)
            for said, units, is_total in sums_of(why):
                assert not is_total or units == total, (place, tag, said)
                total = units if is_total else total + units
            wanted = [one for one in world.central("licences", ACCOUNT)["items"] if one["tag"] == tag]
            wanted = [one for one in wanted if "all" in place or number[one["virtual_account"]] in place.split("/")]
            assert total == sum(one["balance"] or 0 for one in wanted), (place, tag)

    page = text_of(owner.get(f"{spare}/ESSENTIALS"))
    assert "In use by virtual account" in page
    assert "confirmation code that it gives" in page
    assert "O-77" in text_of(owner.get(f"{spare}/ESSENTIALS/orders"))
    assert "SKU-9" in owner.get(f"{spare}/ESSENTIALS/orders?as=csv").get_data(as_text=True)
    assert "edge-<1>" in text_of(owner.get(f"{site}/ADVANTAGE/instances"))
    assert "9 of" in text_of(owner.get(f"{spare}/ESSENTIALS/events"))
    assert owner.get(f"{spare}/NOTHING").status_code == 404
    guest = enter("guest", "virtual_account_user", "Spare")
    assert [guest.get(path).status_code for path in (spare, site, f"{A}/va/all/licences")] == [200, 404, 403]


@pytest.mark.row("C3.7", "C3.8")
def test_many_licences_are_tagged_at_once_and_tags_are_managed(portal: tuple[World, Central, Enter]) -> None:
    """Preview and outcome agree; all of the tags of a filter must be set; rename refuses a clash; deletion says what loses it."""
    world, _server, enter = portal
    rows = "virtual_account,tag,quantity\nSpare,ESSENTIALS,9\n"
    world.central("order", "import", ACCOUNT, world.file("o.csv", rows))
    enter()
    clerk = enter("clerk", "virtual_account_user", "Spare")
    root = f"{A}/va/{numbers(world)['Spare']}"
    keys = keys_of(clerk, f"{root}/licences")
    assert len(keys) == 2
    form = {"key": keys, "step": "preview", "tags": "<b>North</b>, Lab"}
    preview = clerk.post(f"{root}/licences/bulk/tag", form)
    assert text_of(preview).count("gets <b>North</b>, Lab") == 2
    previewed = '{"tags":["<b>North</b>","Lab"]}'
    done = clerk.post(f"{root}/licences/bulk/tag", {**form, "step": "act", "previewed": previewed})
    assert "All rows were changed" in text_of(done)
    choice = clerk.post(f"{root}/licences/bulk/untag", {"key": keys[:1]}).get_data(as_text=True)
    assert re.findall(r'data-options="([^"]*)" id="field-tags', choice) == ["&lt;b&gt;North&lt;/b&gt;\nLab"]
    only = {"key": keys[:1], "step": "act", "tags": "lab", "previewed": '{"tags":["lab"]}'}
    assert "All rows were changed" in text_of(clerk.post(f"{root}/licences/bulk/untag", only))
    assert keys_of(clerk, f"{root}/licences?tags=lab") == keys[1:]
    assert keys_of(clerk, f"{root}/licences?tags=LAB,%3Cb%3Enorth%3C/b%3E") == keys[1:]
    assert len(keys_of(clerk, f"{root}/licences?tags=lab,other")) == 0
    left = clerk.post(f"{root}/licences/bulk/untag", {"key": keys[:1]}).get_data(as_text=True)
    assert re.findall(r'data-options="([^"]*)" id="field-tags', left) == ["&lt;b&gt;North&lt;/b&gt;"]
    assert "<b>North</b>" in text_of(clerk.get(f"{root}/licences"))
    assert "Lab" in text_of(clerk.get(f"{root}/licences/{keys[1].split('|')[1]}"))

    tags = {one["name"]: one["id"] for one in world.central("tag", "list", ACCOUNT)["items"]}
    path = f"{root}/licence-tags/{tags['Lab']}"
    assert keys_of(clerk, f"{root}/licence-tags") == [tags["<b>North</b>"], tags["Lab"]]
    form = clerk.get(f"{path}/rename")
    assert press(clerk, form, name="").status_code == 422
    clash = press(clerk, form, name="<B>NORTH</B>")
    assert (clash.status_code, "licence_tag_exists" in clash.get_data(as_text=True)) == (409, True)
    assert press(clerk, form, name="Laboratory").status_code == 303
    assert press(clerk, form, name="Bench").status_code == 409  # renamed meanwhile
    assert "goes from all licences and lots that have it: 1 and 0" in text_of(clerk.get(f"{path}/delete"))
    assert clerk.post(f"{path}/delete").status_code == 303
    assert clerk.get(f"{path}/delete").status_code == 404
    assert [one["name"] for one in world.central("tag", "list", ACCOUNT)["items"]] == ["<b>North</b>"]
    other = enter("other", "virtual_account_user", "Site")
    assert other.get(f"{root}/licence-tags").status_code == 404


@pytest.mark.row("C3.4", "C3.7", "C3.8", "C3.9")
def test_transactions_are_shown_by_source_searched_tagged_and_exported(portal: tuple[World, Central, Enter]) -> None:
    """The columns follow the source; the advanced search finds a lot; lots are tagged at once; names with markup are text."""
    world, _server, enter = portal
    head = "virtual_account,tag,quantity,source,order_number,order_line,sku,customer,pak_number,licence_family\n"
    rows = "Spare,ESSENTIALS,9,order,O-7,1,=SKU,<i>Buyer</i>,,\nSpare,ESSENTIALS,4,pak_migration,,,,,PAK-7,Fam\n"
    world.central("order", "import", ACCOUNT, world.file("o.csv", head + rows))
    enter()
    clerk = enter("clerk", "virtual_account_user", "Spare")
    root = f"{A}/va/{numbers(world)['Spare']}"
    assert f'href="{root}/lots"' in clerk.get(f"{root}/licences").get_data(as_text=True)
    shown = text_of(clerk.get(f"{root}/lots"))
    assert "Customer: <i>Buyer</i>" in shown
    assert "PAK number: PAK-7; Licence family: Fam" in shown
    assert "Ship to" in text_of(
        re.sub("(?s)<details.*?</details>", "", clerk.get(f"{root}/lots?source=order").get_data(as_text=True))
    )
    [pak] = keys_of(clerk, f"{root}/lots?pak=PAK-7")
    assert keys_of(clerk, f"{root}/lots?family=FA") == [pak]
    assert keys_of(clerk, f"{root}/lots?order=O-") == []
    assert "'=SKU" in clerk.get(f"{root}/lots?order=O-7&as=csv&cols=licence_sku").get_data(as_text=True)
    assert clerk.get(f"{root}/lots?as=xlsx").get_data()[:2] == b"PK"
    form = {"key": [pak], "step": "act", "tags": "Old stock", "previewed": '{"tags":["Old stock"]}'}
    assert "All rows were changed" in text_of(clerk.post(f"{root}/lots/bulk/tag", form))
    assert keys_of(clerk, f"{root}/lots?tags=old+stock") == [pak]
    [listed] = world.central("licence", "lots", ACCOUNT, "--tags", "OLD STOCK")["items"]
    assert (listed["id"], listed["pak"], listed["virtual_accounts"]) == (pak, "PAK-7", ["Spare"])
    assert world.central("licence", "lots", ACCOUNT, "--source", "x", code=1)["error"]["code"] == "invalid_search"


@pytest.mark.row("C12.4")
def test_the_vendor_adds_and_removes_licences_on_the_page_of_transactions(portal: tuple[World, Central, Enter]) -> None:
    """Bad input comes back filled; what is in use may go, and is then missing; only the vendor's administrator sees the ways."""
    _world, _server, enter = portal
    admin, owner = enter(), enter("owner", "account_administrator")
    transactions, add = f"{A}/transactions", f"{A}/licences/add"
    assert f'href="{add}"' in admin.get(transactions).get_data(as_text=True)
    assert "Add licences" not in owner.get(transactions).get_data(as_text=True)
    assert "/remove" not in owner.get(transactions).get_data(as_text=True)
    assert (owner.get(add).status_code, owner.post(add).status_code) == (403, 403)
    good = {
        "virtual_account": "Spare",
        "licence": "Essentials",
        "quantity": "7",
        "type": "perpetual",
        "billing": "prepaid",
        "note": "<b>goodwill</b>",
    }
    assert admin.post(add, {**good, "quantity": "x", "note": ""}).status_code == 422
    refused = admin.post(add, {**good, "type": "term"})
    assert (refused.status_code, "invalid_lot" in refused.get_data(as_text=True)) == (422, True)
    assert admin.post(add, good).headers["Location"] == transactions
    shown = admin.get(f"{transactions}?q=goodwill&cols=action,notes")
    assert "<b>goodwill</b>" in text_of(shown)
    [remove] = set(re.findall(r'href="([^"]+/remove)"', shown.get_data(as_text=True)))
    assert "Up to 7 units can go" in text_of(admin.get(remove))
    assert admin.post(remove, {"quantity": "8", "note": "x"}).status_code == 409
    assert admin.post(remove, {"quantity": "7", "note": ""}).status_code == 422
    assert admin.post(remove, {"quantity": "7", "note": "ordered twice"}).headers["Location"] == transactions
    assert "Nothing of it is here" in admin.get(f"{transactions}?q=goodwill").get_data(as_text=True)
    assert "7 of Essentials removed from Spare" in text_of(admin.get(f"{A}/events?kind=licences:"))
    assert "ordered twice" in admin.get(f"{transactions}?as=csv&cols=notes").get_data(as_text=True)

"""The inventory: where it opens, what its alert bars hide, what a shortage leads to, and what the account lets it show."""

from __future__ import annotations

import re
from html import unescape

import pytest

from central.runtime import Central
from tests.api.test_central_pages import A, Enter, numbers, portal, text_of
from tests.console import Browser
from tests.world import ACCOUNT, World

Portal = tuple[World, Central, Enter]
__all__ = ["portal"]


def bar(browser: Browser, path: str) -> str:
    """The alert bar of a page; empty where there is none."""
    return browser.get(path).text.partition('id="alerts"')[2].partition("</section>")[0]


@pytest.mark.row("C1.6")
def test_the_inventory_opens_where_a_person_chose_else_the_default_else_the_list(portal: Portal) -> None:
    """The choice is the person's own; a virtual account that is no longer seen does not lead anywhere."""
    world, _server, enter = portal
    admin, number = enter(), numbers(world)
    usual = next(one for one in world.central("virtual-account", "list", ACCOUNT)["items"] if one["default"])
    general = {name: f"{A}/va/{one}/general" for name, one in number.items()}
    inventory = f"{A}/inventory"
    assert f'href="{inventory}"' in admin.get(f"{A}/va").text
    assert admin.get(inventory).headers["Location"] == general[usual["name"]]
    owner, guest = enter("owner", "account_administrator"), enter("guest", "virtual_account_user", "Spare")
    assert guest.get(inventory).headers["Location"] == general["Spare"]
    assert owner.post(f"{A}/va/{number['Spare']}/home", {"home": "yes"}).headers["Location"] == general["Spare"]
    assert owner.get(inventory).headers["Location"] == general["Spare"]
    assert 'aria-pressed="true"' in owner.get(general["Spare"]).text
    assert admin.get(inventory).headers["Location"] == general[usual["name"]]
    assert owner.post(f"{A}/va/{number['Spare']}/home", {"home": "no"}).status_code == 303
    assert owner.get(inventory).headers["Location"] == general[usual["name"]]
    assert guest.post(f"{A}/va/{number['Site']}/home", {"home": "yes"}).status_code == 404
    assert owner.post(f"{A}/va/{number['Spare']}/home", {"home": "maybe"}).status_code == 422
    both = ("--role", "virtual_account_user", "--account", ACCOUNT, "--virtual-account", "Site")
    world.central("user", "add", "guest", *both)
    sees_usual = usual["name"] in {"Site", "Spare"}
    assert guest.get(inventory).headers["Location"] == (general[usual["name"]] if sees_usual else f"{A}/va")


@pytest.mark.row("C10.1", "C10.4")
def test_alerts_are_hidden_by_virtual_account_and_a_shortage_leads_to_the_surplus(portal: Portal) -> None:
    """The picker's counts stay; elsewhere they are shown; a new one shows again; the wizard opens filled from the surplus."""
    world, _server, enter = portal
    enter()
    owner, guest = enter("owner", "account_administrator"), enter("guest", "virtual_account_administrator", "Site")
    number = numbers(world)
    site = f"{A}/va/{number['Site']}/general"
    device = world.device("SN1", "central", hostname="rack-1")
    device.use("ADVANTAGE", 5)
    needed = next(one for one in world.central("alerts", ACCOUNT)["items"] if one["kind"] == "insufficient_licences")
    [surplus] = needed["subject"]["surplus"]
    missing = min(surplus["count"], needed["subject"]["count"])

    assert "more of Advantage needed" in bar(owner, site)
    marks = dict(re.findall(r'name="(mark_\w+)" value="([^"]*)"', bar(owner, site)))
    place = re.findall(r'name="place" value="([^"]*)"', bar(owner, site))[0]
    hidden = owner.post("/alert-bar", {**marks, "place": place, "change": "hide-major", "next": site})
    assert hidden.headers["Location"] == site
    assert ("more of Advantage needed" in bar(owner, site), "1 major" in bar(owner, site)) == (False, True)
    assert "more of Advantage needed" in bar(owner, f"{A}/va")
    assert "more of Advantage needed" in bar(guest, site)
    assert "1 major" in owner.get(f"{A}/va/{number['Spare']}/general").text.partition('class="menu-box"')[2]
    assert bar(owner, f"{A}/va/{number['Spare']}/general") == ""
    world.advance("1h")
    device.use("ESSENTIALS", 3)
    owner.sign_in("owner", "a long enough secret")
    assert "more of Essentials needed" in bar(owner, site)
    assert "more of Advantage needed" not in bar(owner, site)

    alerts = unescape(owner.get(f"{A}/alerts").text)
    assert f"Transfer {missing} from Spare" in alerts
    [link] = re.findall(r'href="([^"]*licence-transfer[^"]*key=ADVANTAGE[^"]*)"', alerts)
    wizard = owner.get(link)
    assert f'value="{missing}"' in wizard.text
    assert f'<option value="{number["Spare"]}" selected>' in wizard.text
    assert "from Spare" not in text_of(guest.get(f"{A}/alerts"))
    assert owner.post("/me/look", {"language": "de", "theme": "light"}).status_code == 303
    german = unescape(text_of(owner.get(f"{A}/alerts")))
    assert f"In Site fehlen {needed['subject']['count']} von Advantage. Überschuss gibt es in Spare" in german


@pytest.mark.row("C3.4", "C3.7", "C3.8", "C12.3")
def test_the_account_decides_whether_lots_are_shown_and_paks_are_completed(portal: Portal) -> None:
    """While the flag is off: no lots, no search of them, no tags of them, no transfer by lot; the vendor sees them."""
    world, _server, enter = portal
    head = "virtual_account,tag,quantity,source,pak_number,licence_family\n"
    rows = "".join(f"Spare,ESSENTIALS,1,pak_migration,{pak},F\n" for pak in ("PAK-7", "PAK-70", "OLD-1", "pak_8%"))
    world.central(
        "order", "import", ACCOUNT, world.file("o.csv", head + rows + "Site,ESSENTIALS,1,pak_migration,PAK-9,F\n")
    )
    admin, owner = enter(), enter("owner", "account_administrator")
    number = numbers(world)
    root = f"{A}/va/{number['Spare']}"

    def offered(text: str) -> list[str]:
        page = owner.get(f"{root}/lots?pak={text}").text.partition("<datalist")[2].partition("</datalist>")[0]
        return re.findall(r'<option value="([^"]*)"', page)

    assert offered("PAK-") == ["PAK-7", "PAK-70"]
    assert sorted(offered("")) == ["OLD-1", "PAK-7", "PAK-70", "pak_8%"]
    assert offered("%25") == offered("pak-") == offered("P%C3%A4") == []
    world.central("licence", "tag", ACCOUNT, "old", "--virtual-account", "Spare", "--licence", "ESSENTIALS")
    by_lot = f"{root}/licence-transfer?lots=yes&other={number['Site']}"
    assert [owner.get(path).status_code for path in (by_lot, f"{root}/lots")] == [200, 200]
    assert "Lots" in text_of(owner.get(f"{root}/licence-tags?cols=lots")).partition("Columns")[2]
    world.central("flag", "set", ACCOUNT, "transaction_details", "off", "--note", "audit")
    assert [owner.get(path).status_code for path in (by_lot, f"{root}/lots?pak=PAK-7")] == [409, 409]
    assert "Choose single lots" not in text_of(owner.get(f"{root}/licence-transfer"))
    assert f"{root}/lots" not in owner.get(f"{root}/licences").text
    assert "Lots" not in text_of(owner.get(f"{root}/licence-tags?cols=lots")).partition("Columns")[2]
    assert [admin.get(path).status_code for path in (by_lot, f"{root}/lots?pak=PAK-7")] == [200, 200]

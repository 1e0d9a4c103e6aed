"""Upgrades and assignments of subscriptions in central's portal."""

from __future__ import annotations

import pytest

from central.runtime import Central
from tests.api.test_central_pages import A, Enter, numbers, portal, text_of
from tests.console import press
from tests.world import ACCOUNT, World

__all__ = ["portal"]
Portal = tuple[World, Central, Enter]


def order(world: World, columns: str, *lines: str) -> None:
    """Import an order."""
    world.central("order", "import", ACCOUNT, world.file("more.csv", "\n".join([columns, *lines, ""])))


def licence(world: World, place: str, tag: str) -> dict[str, int]:
    """A line of the licences."""
    items = world.central("licences", ACCOUNT, "--virtual-account", place)["items"]
    return next((one for one in items if one["tag"] == tag), {})


@pytest.mark.row("C3.1", "C3.5", "C5.1", "C10.4")
def test_an_upgrade_is_completed_in_the_browser(portal: Portal) -> None:
    """From the alert: the largest quantity, options, review, done; too many is red and goes no further; stale starts over."""
    world, _server, enter = portal
    enter()
    browser = enter("ada", "account_administrator")
    order(world, "virtual_account,tag,quantity,replaces", "Spare,ESSENTIALS,6,ADVANTAGE=1:2")
    spare = f"{A}/va/{numbers(world)['Spare']}/licence-upgrade"
    assert f"{spare}?tag=ESSENTIALS" in browser.get(f"{A}/alerts").get_data(as_text=True)
    assert "Essentials 6 Complete upgrade" in text_of(browser.get(spare))
    licences = spare.replace("licence-upgrade", "licences")
    listed, details = browser.get(licences), browser.get(f"{licences}/ESSENTIALS")
    assert ("Upgrade pending" in text_of(listed), "6 (pending)" in text_of(details)) == (True, True)
    assert all(f'href="{spare}?tag=ESSENTIALS"' in one.get_data(as_text=True) for one in (listed, details))
    page = text_of(browser.get(f"{spare}?tag=ESSENTIALS"))
    assert "At most 5 can be upgraded here; pending: 6." in page
    many = browser.get(f"{spare}?tag=ESSENTIALS&quantity=6&option=ADVANTAGE%3D1%3A2")
    assert ("upgrade_too_large" in text_of(many), "This quantity cannot be upgraded" in text_of(many)) == (True, True)
    assert "Left pending" not in text_of(many)
    for wrong in ("0", "x", "-1", "<b>"):
        assert browser.get(f"{spare}?tag=ESSENTIALS&quantity={wrong}").status_code == 200
    assert browser.get(f"{spare}?tag=NOWHERE").status_code == 200

    review = browser.get(f"{spare}?tag=ESSENTIALS&quantity=3&option=ADVANTAGE%3D1%3A2")
    assert "6 of Advantage" in text_of(review)
    world.central("licence", "transfer", ACCOUNT, "ADVANTAGE", "--from", "Spare", "--to", "Site", "--quantity", "1")
    stale = press(browser, review)
    assert (stale.status_code, "upgrade_changed" in text_of(stale), "Start over" in text_of(stale)) == (409, True, True)
    assert licence(world, "Spare", "ESSENTIALS")["purchased"] == 0
    done = press(browser, browser.get(f"{spare}?tag=ESSENTIALS&quantity=3&option=ADVANTAGE%3D1%3A2"))
    assert (done.status_code, done.headers["Location"]) == (303, spare)
    assert (licence(world, "Spare", "ESSENTIALS")["purchased"], licence(world, "Spare", "ADVANTAGE")["purchased"]) == (
        3,
        3,
    )
    assert enter("guest", "virtual_account_user", "Site").get(spare).status_code == 404


@pytest.mark.row("C3.5", "C4.2", "C10.4")
def test_a_subscription_is_assigned_by_ticks(portal: Portal) -> None:
    """Tick to copy, untick and tick to move; the preview names duplicates; a stale page and no tick change nothing."""
    world, _server, enter = portal
    enter()
    browser = enter("ada", "account_administrator")
    columns = "virtual_account,tag,quantity,billing,subscription_id"
    order(world, columns, "Spare,ESSENTIALS,1,usage,SUB-1", "Site,ESSENTIALS,1,usage,<b>SUB-2</b>")
    number = numbers(world)
    spare = f"{A}/va/{number['Spare']}/licence-assign"
    page = browser.get(f"{spare}?tag=ESSENTIALS")
    assert "has it, enabled" in text_of(page)
    form = {"tag": "ESSENTIALS", "subscription": "SUB-1", "had": [number["Spare"]]}

    def post(places: list[str], **more: str) -> tuple[int, str]:
        answer = browser.post(spare, {**form, "place": places, **more})
        return answer.status_code, text_of(answer)

    status, text = post([number["Spare"], number["Site"]], step="preview")
    assert (status, "It is copied to Site." in text, "disabled duplicate in Site" in text) == (200, True, True)
    assert post([])[0] == 422
    assert post([number["Site"]], step="act")[0] == 303
    site = text_of(browser.get(f"{A}/va/{number['Site']}/licence-assign"))
    assert ("SUB-1 Essentials disabled, a duplicate" in site, "<b>SUB-2</b>" in site) == (True, True)
    details = text_of(browser.get(f"{A}/va/{number['Site']}/licences/ESSENTIALS"))
    assert details.count("(duplicate)") == 1
    assert text_of(browser.get(f"{A}/va/all/licences/ESSENTIALS")).count("(duplicate in Site)") == 1
    assert "assign?tag=ESSENTIALS" in browser.get(f"{A}/alerts").get_data(as_text=True)
    assert "No subscription is here" in text_of(browser.get(spare))
    assert post([number["Spare"]], step="act")[0] == 409
    found = world.central("subscription", "list", ACCOUNT)["items"]
    assert [one["name"] for one in found[-1]["virtual_accounts"]] == ["Site"]

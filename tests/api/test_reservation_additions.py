"""Licences that a device brings, added to inventory while licences are reserved for it: by steps, command and REST."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from central.runtime import Central
from tests.api.test_central_pages import A, Enter, numbers, portal, text_of
from tests.api.test_reservation_pages import code_of, forms, reserved, send
from tests.console import Browser, hidden, press
from tests.world import ACCOUNT, World

CATALOGUE = "kind,tag,name\nproduct,SW-48,Switch 48\n"
FOREIGN = "XX-ZSW-48:MADE-UP-1-smczDWRiK-YK"
__all__ = ["portal"]


@pytest.fixture
def brings(portal: tuple[World, Central, Enter]) -> tuple[World, Browser, str]:
    """A product whose devices bring licences, an administrator of a virtual account, and the address of its reservations."""
    world, _server, enter = portal
    world.central("catalogue", "import", world.file("products.csv", CATALOGUE))
    world.central("catalogue", "include", "SW-48", "--licence", "ESSENTIALS=4", "--licence", "ADVANTAGE=2")
    enter()
    root = f"{A}/va/{numbers(world)['Spare']}/reservations"
    return world, enter("rita", "virtual_account_administrator", "Spare"), root


def typed(answer: Any, **more: str) -> dict[str, str]:
    """All hidden fields of a page, and what is typed."""
    text = answer.get_data(as_text=True)
    found = re.findall(r'<input type="hidden" name="((?:quantity|term|add):[^"]*)" value="([^"]*)"', text)
    return {**{name: values[0] for name, values in hidden(answer).items()}, **dict(found), **more}


def on(browser: Browser, answer: Any, number: int = 0, to: str = "", **more: str) -> Any:
    """Send a form of a page with all that it carries."""
    fields = {unescape(name): unescape(value) for name, value in typed(answer, **more).items()}
    token = fields.pop("csrf_token")
    return browser.post(to or forms(answer)[number], fields, token=token)


@pytest.mark.row("C6.1", "C6.10")
def test_what_a_device_brings_is_added_in_a_step_before_licences_are_chosen(brings: tuple[World, Browser, str]) -> None:
    """Four steps and the code; nothing is there before the last; what is typed stays; added once, with events."""
    world, rita, root = brings
    step = rita.get(press(rita, rita.get(f"{root}/new"), request_code=code_of("AIR-1")).headers["Location"])
    assert "Add licences of the device to inventory" in text_of(step)
    wrong = on(rita, step, **{"add:ESSENTIALS": "5", "add:ADVANTAGE": "x"})
    assert (wrong.status_code, 'value="5"' in wrong.get_data(as_text=True)) == (422, True)
    assert all(word in text_of(wrong) for word in ("Only 4 come with the device.", "This is not a whole number."))

    licences = on(rita, step, **{"add:ESSENTIALS": "3", "add:ADVANTAGE": ""})
    [most] = re.findall(r'ESSENTIALS</bdi></span></th>.*?data-label="Available">([^<]*)<', licences.text, re.DOTALL)
    assert most == "3"
    back = on(rita, licences, to=f"{root}/new/inventory/change", **{"quantity:ESSENTIALS": "2"})
    assert all(text in back.text for text in ('name="add:ESSENTIALS"', 'value="3"', 'name="quantity:ESSENTIALS"'))
    assert on(rita, licences, **{"quantity:ESSENTIALS": "4"}).status_code == 422
    review = on(rita, licences, **{"quantity:ESSENTIALS": "2"})
    assert "To add to inventory: 1 licence" in text_of(review)
    assert "--add ESSENTIALS=3" in text_of(review)
    listed = world.central("licences", ACCOUNT)["items"]
    assert "ESSENTIALS" not in [one["tag"] for one in listed]
    made = on(rita, review)
    assert made.status_code == 303
    row = world.licence("ESSENTIALS", pool="Spare")
    assert (row["purchased"], row["reserved"], row["balance"]) == (3, 2, 1)
    said = [one["message"] for one in world.central("events", ACCOUNT)["items"]]
    assert any("3 of Essentials added to the inventory" in text for text in said)
    assert any("licences reserved for" in text and "2 of Essentials" in text for text in said)
    assert world.central("ledger", "verify")["ok"]


@pytest.mark.row("C6.3", "C6.10")
def test_an_update_has_a_fourth_step_while_the_device_brings_more(brings: tuple[World, Browser, str]) -> None:
    """The step comes first, can be passed, and is gone when everything was added."""
    world, rita, root = brings
    device, made = reserved(world, "AIR-3", "ADVANTAGE=4")
    one = f"{root}/{made['id']}"
    step = rita.get(f"{one}/update")
    assert 'name="add:ESSENTIALS"' in step.text
    assert on(rita, step, **{"add:ESSENTIALS": "9"}).status_code == 422
    assert 'name="quantity:ADVANTAGE"' in rita.get(f"{one}/update?step=licences").text
    licences = on(rita, step, **{"add:ESSENTIALS": "4", "add:ADVANTAGE": "2"})
    assert 'value="4"' in on(rita, licences, to=f"{one}/update/inventory/change").text
    review = on(rita, licences, **{"quantity:ESSENTIALS": "4"})
    assert 'value="4"' in on(rita, review, 1).text
    assert on(rita, review).headers["Location"] == one
    assert world.licence("ESSENTIALS", pool="Spare")["reserved"] == 4
    device.reserve_install(rita.get(f"{one}/code").text)
    world.central("reservation", "confirm", ACCOUNT, made["id"], "--code", device.reserve_confirmation())
    assert 'name="quantity:ADVANTAGE"' in rita.get(f"{one}/update").text
    assert send(rita, rita.get(f"{one}/update"), 0, **{"quantity:ADVANTAGE": "1"}).status_code == 200


@pytest.mark.row("C6.1", "C6.3")
def test_commands_add_what_a_device_brings_or_nothing(brings: tuple[World, Browser, str]) -> None:
    """All or none; each licence once; a code that cannot be checked and an account without the flag bring nothing."""
    world, rita, root = brings
    place, code = ("--virtual-account", "Spare"), code_of("AIR-5")
    listed = world.central("reservation", "additions", ACCOUNT, *place, "--request-code", code)["items"]
    assert [(one["tag"], one["available"]) for one in listed] == [("ADVANTAGE", 2), ("ESSENTIALS", 4)]
    assert world.central("reservation", "additions", ACCOUNT, *place, "--request-code", FOREIGN)["items"] == []
    create = ("reservation", "create", ACCOUNT, *place, "--output", world.file("code"), "--request-code")
    for text, added, reason in (
        (FOREIGN, "ESSENTIALS=1", "product_not_entitled"),
        (code, "ESSENTIALS=5", "too_many_to_add"),
        (code, "ESSENTIALS=1", "not_enough_free"),
    ):
        refused = world.central(*create, text, "--licence", "ESSENTIALS=2", "--add", added, code=1)["error"]
        assert refused["code"] == reason
    assert world.central("reservation", "list", ACCOUNT)["items"] == []
    made = world.central(*create, code, "--licence", "ESSENTIALS=1", "--add", "Essentials=3")
    update = ("reservation", "update", ACCOUNT, made["id"], "--output", world.file("next"))
    twice = world.central(*update, "--licence", "ESSENTIALS=2", "--add", "ESSENTIALS=1", code=1)["error"]
    assert twice["code"] == "licence_added_already"
    world.central(*update, "--licence", "ADVANTAGE=2", "--add", "ADVANTAGE=1")
    world.central("flag", "set", ACCOUNT, "add_to_inventory", "off", "--note", "audit")
    page = press(rita, rita.get(f"{root}/new"), request_code=code_of("AIR-6"))
    assert "/new/licences?" in page.headers["Location"]
    assert world.central("ledger", "verify")["ok"]

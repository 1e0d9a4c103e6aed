"""Reserving by pages: the steps, what a choice of terms takes, the ways on while an update waits, the ends of a reservation."""

from __future__ import annotations

import io
import re
from html import unescape
from typing import Any

import pytest

from central.runtime import Central
from exchange.codes.request import make_request_code
from exchange.identity import Udi
from tests.api.test_central_pages import PASSWORD, A, Enter, numbers, portal, text_of
from tests.console import Browser, hidden, press
from tests.world import ACCOUNT, World

ORDERS = (
    "virtual_account,tag,quantity,type,start,end\n"
    "Spare,ESSENTIALS,5,term,2026-01-01,2027-12-31\n"
    "Spare,ESSENTIALS,5,term,2026-01-01,2028-12-31\n"
)
__all__ = ["portal"]


def code_of(serial: str) -> str:
    """A request code of a device."""
    return make_request_code(Udi(pid="SW-48", serial=serial), serial.encode().ljust(32, b"0"))


def forms(answer: Any) -> list[str]:
    """The actions of the forms in the middle of a page."""
    text = answer.get_data(as_text=True).split('id="title"')[-1]
    return [unescape(one) for one in re.findall(r'<form [^>]*action="([^"]*)"', text)]


def send(browser: Browser, answer: Any, number: int, **typed: str) -> Any:
    """Send one of several forms of a page, which carry the same hidden fields."""
    fields = {**{name: values[0] for name, values in hidden(answer).items()}, **typed}
    text = answer.get_data(as_text=True)
    more = dict(re.findall(r'<input type="hidden" name="((?:quantity|term):[^"]*)" value="([^"]*)"', text))
    token = fields.pop("csrf_token")
    return browser.post(
        forms(answer)[number], {**fields, **{unescape(k): v for k, v in more.items()}, **typed}, token=token
    )


@pytest.fixture
def spare(portal: tuple[World, Central, Enter]) -> tuple[World, Browser, str]:
    """A virtual account with a licence of two terms, its administrator, and the address of its reservations."""
    world, _server, enter = portal
    world.central("order", "import", ACCOUNT, world.file("terms.csv", ORDERS))
    enter()
    root = f"{A}/va/{numbers(world)['Spare']}/reservations"
    return world, enter("rita", "virtual_account_administrator", "Spare"), root


@pytest.mark.row("C6.1", "C6.2")
def test_licences_are_reserved_in_steps_and_nothing_before_the_last(spare: tuple[World, Browser, str]) -> None:
    """Code, decoded at once; quantities with what is free of each term; the terms that would be taken; the signed code."""
    world, rita, root = spare
    code = code_of("AIR-1")
    assert "No reservations yet" in text_of(rita.get(root))
    refused = press(rita, rita.get(f"{root}/new"), request_code=code[:-1] + "!")
    assert (refused.status_code, "invalid_code" in refused.get_data(as_text=True)) == (422, True)
    assert code[:-1] in refused.get_data(as_text=True)
    moved = press(rita, rita.get(f"{root}/new"), request_code=f"  {code}\n")
    assert moved.status_code == 303
    page = rita.get(moved.headers["Location"])
    shown = text_of(page)
    assert all(word in shown for word in ("SW-48", "AIR-1", "Multiple terms", "At most 10 together"))

    wrong = send(rita, page, 0, **{"quantity:ESSENTIALS": "11", "quantity:ADVANTAGE": "x"})
    assert wrong.status_code == 422
    assert "Only 10 are free." in text_of(wrong)
    assert "This is not a whole number." in text_of(wrong)
    assert 'value="11"' in wrong.get_data(as_text=True)
    empty = send(rita, page, 0)
    assert (empty.status_code, "nothing_to_reserve" in empty.get_data(as_text=True)) == (422, True)

    review = send(rita, page, 0, **{"quantity:ESSENTIALS": "7", "quantity:ADVANTAGE": "2"})
    said = text_of(review)
    assert "5: until the end of 31 Dec 2028" in said
    assert "2: until the end of 31 Dec 2027" in said
    assert "Virtual account Spare" in said
    assert "<details open>" not in review.get_data(as_text=True)
    assert world.central("reservation", "list", ACCOUNT)["items"] == []
    made = send(rita, review, 0)
    one = rita.get(made.headers["Location"])
    [listed] = world.central("reservation", "list", ACCOUNT)["items"]
    assert made.headers["Location"] == f"{root}/{listed['id']}"
    by_end = {(line["tag"], (line["end"] or "")[:4]): line["quantity"] for line in listed["licences"]}
    assert by_end == {("ESSENTIALS", "2029"): 5, ("ESSENTIALS", "2028"): 2, ("ADVANTAGE", ""): 2}
    text = rita.get(f"{root}/{listed['id']}/code").get_data(as_text=True)
    assert text in unescape(one.get_data(as_text=True))
    assert "Enter confirmation code" in text_of(one)
    again = press(rita, rita.get(f"{root}/new"), request_code=code)
    assert (again.status_code, "already_reserved" in again.get_data(as_text=True)) == (409, True)


@pytest.mark.row("C6.1", "C6.2")
def test_a_choice_of_terms_takes_those_and_no_others(spare: tuple[World, Browser, str]) -> None:
    """A request code from a file; the quantities of the terms are the quantity; a sum that differs is refused; back keeps them."""
    world, rita, root = spare
    file = {"request_code": "", "file": (io.BytesIO(code_of("AIR-2").encode()), "code.txt")}
    page = rita.get(press(rita, rita.get(f"{root}/new"), **file).headers["Location"])
    text = page.get_data(as_text=True)
    early, late = (
        next(n for n in re.findall(r'name="(term:[^"]*)"', text) if f"{year}-01-01" in n) for year in (2028, 2029)
    )
    assert send(rita, page, 0, **{early: "6"}).status_code == 422
    assert "4 together" in text_of(send(rita, page, 0, **{early: "3", late: "1", "quantity:ESSENTIALS": "9"}))
    review = send(rita, page, 0, **{early: "3", late: "1"})
    assert "<details open>" in review.get_data(as_text=True)
    back = send(rita, review, 1)
    assert 'value="3"' in back.get_data(as_text=True)
    assert send(rita, review, 0).status_code == 303
    [listed] = world.central("reservation", "list", ACCOUNT)["items"]
    assert {line["end"][:4]: line["quantity"] for line in listed["licences"]} == {"2028": 3, "2029": 1}
    offers = world.central("reservation", "offers", ACCOUNT, "--virtual-account", "Spare")["items"]
    [left] = [one for one in offers if one["tag"] == "ESSENTIALS"]
    assert (left["available"], [one["available"] for one in left["terms"]]) == (6, [4, 2])


def reserved(world: World, serial: str, *licences: str) -> tuple[Any, dict[str, Any]]:
    """A device that installed and confirmed what was reserved for it, and the reservation."""
    device = world.unregistered(serial, "central")
    root = (world.folder / "root.json").read_bytes()
    code = device.reserve_request(Udi(pid="SW-48", serial=serial), root)
    words = [word for one in licences for word in ("--licence", one)]
    path = world.file(f"code-{serial}")
    made = world.central(
        "reservation", "create", ACCOUNT, "--virtual-account", "Spare", "--request-code", code, *words, "--output", path
    )
    device.reserve_install((world.folder / f"code-{serial}").read_text())
    world.central("reservation", "confirm", ACCOUNT, made["id"], "--code", device.reserve_confirmation())
    return device, made


@pytest.mark.row("C6.3", "C6.4", "C6.5", "C3.2")
def test_an_update_shows_the_way_on_until_its_code_is_entered(spare: tuple[World, Browser, str], portal: Any) -> None:
    """Raised at once, lowered in transition; a further update leads back; confirm, then remove by the return code."""
    world, rita, root = spare
    device, made = reserved(world, "AIR-3", "ADVANTAGE=4")
    one = f"{root}/{made['id']}"
    page = rita.get(f"{one}/update")
    assert 'name="quantity:ADVANTAGE"' in page.get_data(as_text=True)
    same = send(rita, page, 0, **{"quantity:ADVANTAGE": "4"})
    assert (same.status_code, "nothing_to_reserve" in same.get_data(as_text=True)) == (422, True)
    review = send(rita, page, 0, **{"quantity:ADVANTAGE": "1", "quantity:ESSENTIALS": "2"})
    assert world.central("reservation", "list", ACCOUNT)["items"][0]["pending"] is None
    assert send(rita, review, 0).headers["Location"] == one

    said = text_of(rita.get(one))
    assert "In transition until then, and not free: 3" in said
    assert "vendor support or a vendor administrator cancels the update" in said
    assert rita.get(f"{one}/update").headers["Location"] == one
    assert rita.get(f"{one}/cancel").status_code == 403
    device.reserve_install(rita.get(f"{one}/code").get_data(as_text=True))
    wrong = press(rita, rita.get(f"{one}/confirm"), code="CP1118-uEYg7a-7p8DdM-uZugMS-sYk")
    assert wrong.status_code in {409, 422}
    assert press(rita, rita.get(f"{one}/confirm"), code=device.reserve_confirmation()).headers["Location"] == one
    assert "In transition" not in text_of(rita.get(one))
    assert press(rita, rita.get(f"{one}/return"), code=device.reserve_return()).headers["Location"] == root
    assert "Returned" in text_of(rita.get(root))


@pytest.mark.row("C6.3")
def test_the_vendor_cancels_an_update_by_typing_the_device(spare: tuple[World, Browser, str], portal: Any) -> None:
    """Grade 3: another name is refused; cancelled, what was reserved before holds again."""
    world, rita, root = spare
    _device, made = reserved(world, "AIR-4", "ADVANTAGE=4")
    one = f"{root}/{made['id']}"
    send(rita, send(rita, rita.get(f"{one}/update"), 0, **{"quantity:ADVANTAGE": "6"}), 0)
    admin = portal[2]("otto", "vendor_support")
    page = admin.get(f"{one}/cancel")
    assert press(admin, page, typed_name="nothing").status_code == 422
    label = re.findall(r'data-typed="([^"]*)"', page.get_data(as_text=True))[0]
    assert press(admin, page, typed_name=unescape(label)).headers["Location"] == one
    [listed] = world.central("reservation", "list", ACCOUNT)["items"]
    assert (listed["pending"], listed["licences"][0]["quantity"]) == (None, 4)


@pytest.mark.row("C6.9")
def test_the_alert_of_an_ended_term_leads_to_the_choice_of_another(spare: tuple[World, Browser, str]) -> None:
    """What is free of later terms is offered; with an update to the same quantity the alert goes."""
    world, rita, root = spare
    device, made = reserved(world, "AIR-5", "ESSENTIALS=3@2027-12-31")
    world.advance("410d", device)
    rita.sign_in("rita", PASSWORD)  # her session is over
    alerts = rita.get(f"{A}/alerts").get_data(as_text=True)
    one = f"{root}/{made['id']}"
    assert f'href="{one}/update"' in alerts
    assert "Choose another term" in text_of(alerts)
    page = rita.get(f"{one}/update")
    assert "3 reserved units have ended" in text_of(page)
    review = send(rita, page, 0, **{"quantity:ESSENTIALS": "3"})
    assert review.status_code == 200, text_of(review)
    assert "31 Dec 2028" in text_of(review)
    assert send(rita, review, 0).status_code == 303
    kinds = [one["kind"] for one in world.central("alerts", ACCOUNT)["items"]]
    assert "reserved_licence_expired" not in kinds


@pytest.mark.row("C6.7")
def test_a_failed_device_is_rehosted_by_pages_and_its_alert_reset(spare: tuple[World, Browser, str]) -> None:
    """Code and notes, review with the quota where licences fall short, the code with what to do next; the mark goes on reset."""
    world, rita, root = spare
    _device, made = reserved(world, "AIR-6", "ADVANTAGE=8")
    one = f"{root}/{made['id']}"
    asked = press(rita, rita.get(f"{one}/rehost"), request_code="CP-Z", notes="burnt <b>")
    assert (asked.status_code, "burnt &lt;b&gt;" in asked.get_data(as_text=True)) == (422, True)
    review = press(rita, rita.get(f"{one}/rehost"), request_code=code_of("AIR-7"), notes="burnt <b>")
    said = text_of(review)
    assert "6 Advantage more than there are: allowed, as 0 of at most 1 failed devices are not returned yet." in said
    assert len(world.central("reservation", "list", ACCOUNT)["items"]) == 1
    back = send(rita, review, 1)
    assert code_of("AIR-7") in back.get_data(as_text=True)
    new = rita.get(send(rita, review, 0).headers["Location"])
    assert "Enter the return code of PID:SW-48 SN:AIR-6" in text_of(new)
    assert "6 of its units are owed until then" in text_of(new)
    shown = "Pending removal</span>"
    assert shown in rita.get(root).get_data(as_text=True)
    assert "Failed, to be removed" in text_of(rita.get(one))
    assert press(rita, rita.get(f"{one}/reset")).headers["Location"] == one
    assert shown not in rita.get(root).get_data(as_text=True)


@pytest.mark.row("C6.6")
def test_the_vendor_imports_shipped_devices_by_pages(portal: tuple[World, Central, Enter]) -> None:
    """The file is shown, faulty lines are named, and only the import reserves; a customer has no such page."""
    world, _server, enter = portal
    admin, path = enter(), f"{A}/shipped-devices"
    head = "request_code,virtual_account,tag,quantity\n"
    bad = {"file": (io.BytesIO(f"{head}{code_of('F-1')},Spare,NONE,1\n".encode()), "bad.csv")}
    refused = press(admin, admin.get(path), **bad)
    assert (refused.status_code, "line 2" in text_of(refused)) == (422, True)
    assert press(admin, admin.get(path)).status_code == 422
    rows = f"{head}{code_of('F-1')},Spare,ADVANTAGE,2\n{code_of('F-2')},Spare,ADVANTAGE,1\n"
    shown = press(admin, admin.get(path), file=(io.BytesIO(rows.encode("utf-16")), "good.csv"))
    assert "2 devices reserve their licences." in text_of(shown)
    assert world.central("reservation", "list", ACCOUNT)["items"] == []
    assert press(admin, shown).headers["Location"] == f"{A}/va"
    assert {row["factory"] for row in world.central("reservation", "list", ACCOUNT)["items"]} == {True}
    assert enter("owner", "account_administrator").get(path).status_code == 403

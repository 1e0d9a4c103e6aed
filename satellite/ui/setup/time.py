"""The time of this machine: zone, time servers, a measurement, or a person's word for it (row S1.3)."""

from __future__ import annotations

from typing import Any, cast

from pydantic import BaseModel, Field

from satellite.actions.setup_steps import settle_time_by_hand, show_wizard
from satellite.actions.time import ACTS
from satellite.core.access.rules import Permission
from satellite.ui.setup.steps import path_of, server_of, step_page
from serverkit.web.answers import Answer, Moved
from serverkit.web.forms import Form, Ui
from serverkit.web.page import Page
from serverkit.web.schedule_words import zones
from serverkit.web.texts import Words, _
from serverkit.web.urls import Url

MANAGE = Permission.SITE_MANAGE
STANDINGS: dict[str, Words] = {
    "believed": _("trusted"),
    "set_back": _("set back: licence time waits until it is passed"),
    "suspicious": _("jumped forward: nothing ends until it is confirmed or set right"),
}
CONFIRMED: dict[str, Words] = {
    "confirmed": _("The time is confirmed."),
    "lowered": _("The time is confirmed; licence time came back to it."),
    "nothing_to_confirm": _("The time is confirmed."),
}


ANSWERS: dict[str, Words] = {
    "ok": _("answered"),
    "no_answer": _("no answer in time"),
    "unreachable": _("cannot be reached"),
    "garbage": _("what came is not an answer of a time server"),
    "kiss_of_death": _("the server refuses to be asked"),
    "unsynchronized": _("the server itself has no time"),
    "absurd_time": _("the server says a time that cannot be"),
}
"""What became of a measurement, by its outcome."""


class TimeForm(BaseModel):
    """Zone and time servers."""

    zone: str = Field(max_length=64)
    servers: list[str] = Field(default=[], max_length=64)


FORM = Form(
    TimeForm,
    _("Save"),
    {
        "zone": Ui(_("Zone"), _("Times on these pages are shown in it."), kind="select"),
        "servers": Ui(
            _("Time servers"),
            _("Up to eight, one per line: HOST or HOST:PORT. Leave it empty if none can be reached."),
            mono=True,
        ),
    },
)


def present_time(page: Page) -> dict[str, Any]:
    """What someone else may have changed meanwhile."""
    found = ACTS.show(page.unit)
    return {"zone": found["zone"], "servers": found["servers"]}


def show(page: Page) -> Answer:
    """What this machine's clock says, and what was measured."""
    server = server_of(page)
    found = ACTS.show(page.unit)
    view = FORM.view(
        page,
        path_of("time"),
        current=present_time(page),
        choices={"zone": zones()},
        quiet=True,
    )
    settled = next(one["done"] for one in show_wizard(server, page.unit)["items"] if one["step"] == "time")
    context = {
        "found": found,
        "view": view,
        "standing": STANDINGS.get(found["standing"], found["standing"]),
        "answers": ANSWERS,
    }
    return step_page(page, "time", _("Time"), "setup_time.html", {**context, "settled": settled}, help="time")


def save(page: Page) -> Answer:
    """Keep zone and servers."""
    read = cast("TimeForm", page.read)
    ACTS.change(page.unit, read.zone, read.servers)
    return Moved(path_of("time"), _("Saved."))


def measure(page: Page) -> Answer:
    """Measure against the servers that are set."""
    found = ACTS.measure(server_of(page), page.actor, [])
    return Moved(f"{path_of('time')}#measured", _("Measured.") if found["servers"] else _("No time server is set."))


def confirm(page: Page) -> Answer:
    """A person says that the clock is right."""
    found = settle_time_by_hand(server_of(page), page.unit)
    return Moved(path_of("time"), CONFIRMED.get(found["outcome"], found["outcome"]))


URLS = (
    Url("GET", "/setup/time", show, MANAGE, "S1.3"),
    Url("POST", "/setup/time", save, MANAGE, "S1.3", form=TimeForm, current=present_time),
    Url("POST", "/setup/time/measure", measure, MANAGE, "S1.3", again=show, alone=True),
    Url("POST", "/setup/time/confirm", confirm, MANAGE, "S1.3", again=show),
)

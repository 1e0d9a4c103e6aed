"""Time of this machine: zone, time servers, a measurement, a person's word (row S1.3)."""

from __future__ import annotations

from typing import Any, cast

from satellite.actions.time import ACTS
from satellite.ui.settings.frame import MANAGE, PATH, UP, server_of
from satellite.ui.setup.time import ANSWERS, CONFIRMED, FORM, STANDINGS, TimeForm
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.page import Page
from serverkit.web.schedule_words import zones
from serverkit.web.texts import _
from serverkit.web.urls import SIGNED_IN, Url


def present_time(page: Page) -> dict[str, Any]:
    """What someone else may have changed meanwhile."""
    found = ACTS.show(page.unit)
    return {"zone": found["zone"], "servers": found["servers"]}


def time_page(page: Page) -> Answer:
    """What this machine's clock says and what was measured; administrators change zone and servers."""
    found = ACTS.show(page.unit)
    view = FORM.view(page, f"{PATH}/time", current=present_time(page), choices={"zone": zones()})
    context = {
        "found": found,
        "view": view,
        "standing": STANDINGS.get(found["standing"], found["standing"]),
        "answers": ANSWERS,
    }
    return Shown("settings-time", _("Time"), "settings_time.html", context, crumbs=UP, nav="settings", help="time")


def save_time(page: Page) -> Answer:
    """Keep zone and servers."""
    read = cast("TimeForm", page.read)
    ACTS.change(page.unit, read.zone, read.servers)
    return Moved(f"{PATH}/time", _("Saved."))


def measure(page: Page) -> Answer:
    """Measure against the servers that are set."""
    found = ACTS.measure(server_of(page), page.actor, [])
    return Moved(f"{PATH}/time#measured", _("Measured.") if found["servers"] else _("No time server is set."))


def confirm(page: Page) -> Answer:
    """A person says that the clock is right."""
    found = ACTS.confirm(server_of(page), page.unit)
    return Moved(f"{PATH}/time", CONFIRMED.get(found["outcome"], found["outcome"]))


URLS = (
    Url("GET", f"{PATH}/time", time_page, SIGNED_IN, "S1.3"),
    Url("POST", f"{PATH}/time", save_time, MANAGE, "S1.3", form=TimeForm, current=present_time),
    Url("POST", f"{PATH}/time/measure", measure, MANAGE, "S1.3", again=time_page, alone=True),
    Url("POST", f"{PATH}/time/confirm", confirm, MANAGE, "S1.3", again=time_page),
)

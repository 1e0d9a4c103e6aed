"""Settings: one overview with value and source, and the pages where each is changed (rows S3.4, S1.3)."""

from __future__ import annotations

from typing import Any, cast

from satellite.actions.settings import list_machine_settings
from satellite.actions.synchronization import show_settings
from satellite.actions.time import ACTS
from satellite.actions.tls import show_tls
from satellite.core.access.rules import Permission
from satellite.runtime import Satellite
from satellite.ui.setup.time import CONFIRMED, FORM, STANDINGS, TimeForm
from satellite.ui.way import EVERY
from satellite.ui.zone import zones
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.page import Page
from serverkit.web.refusals import Refusal
from serverkit.web.texts import Words, _
from serverkit.web.urls import SIGNED_IN, Url

MANAGE = Permission.SITE_MANAGE
PATH = "/settings"
UP = ((_("Settings"), PATH),)
SOURCES: dict[str, Words] = {
    "page": _("page"),
    "file": _("config.toml"),
    "environment": _("environment"),
    "default": _("default"),
}
CERTIFICATES: dict[str, Words] = {
    "none": _("none: TLS ends at a proxy"),
    "unusable": _("cannot be used"),
    "own": _("made by this server, which renews it"),
    "foreign": _("brought by an administrator"),
}


def show(page: Page) -> Answer:
    """Every setting with its value, its source and the page that changes it."""
    server = _server(page)
    time, way, tls = ACTS.settings(page.unit), show_settings(page.unit), show_tls(server, page.unit)
    kept: list[tuple[Words, Any, str]] = [
        (_("Zone"), time["zone"], f"{PATH}/time"),
        (_("Time servers"), ", ".join(time["servers"]) or _("none"), f"{PATH}/time"),
        (_("Address of central"), way["url"] or _("none: by files"), "/sync/settings"),
        (_("Synchronization"), EVERY.get(way["every"], way["every"]), "/sync/settings"),
        (_("TLS certificate"), CERTIFICATES[tls["state"]], f"{PATH}/tls"),
    ]
    context = {"kept": kept, "machine": list_machine_settings(server, page.unit), "sources": SOURCES}
    return Shown("settings", _("Settings"), "settings.html", context, nav="settings", help="settings")


def time_page(page: Page) -> Answer:
    """What this machine's clock says and what was measured; administrators change zone and servers."""
    found = ACTS.show(page.unit)
    values = {"zone": found["zone"], "servers": found["servers"]}
    view = FORM.view(page, f"{PATH}/time", values=values, choices={"zone": zones()})
    context = {"found": found, "view": view, "standing": STANDINGS.get(found["standing"], found["standing"])}
    return Shown("settings-time", _("Time"), "settings_time.html", context, crumbs=UP, nav="settings", help="time")


def save_time(page: Page) -> Answer:
    """Keep zone and servers."""
    read = cast("TimeForm", page.read)
    ACTS.change(page.unit, read.zone, read.servers)
    return Moved(f"{PATH}/time", _("Saved."))


def measure(page: Page) -> Answer:
    """Measure against the servers that are set."""
    found = ACTS.measure(_server(page), page.actor, [])
    return Moved(f"{PATH}/time#measured", _("Measured.") if found["servers"] else _("No time server is set."))


def confirm(page: Page) -> Answer:
    """A person says that the clock is right."""
    found = ACTS.confirm(_server(page), page.unit)
    return Moved(f"{PATH}/time", CONFIRMED.get(found["outcome"], found["outcome"]))


def tls_page(page: Page) -> Answer:
    """The certificate: fingerprint, names, end, and names that devices use and it lacks."""
    found = show_tls(_server(page), page.unit)
    fault = Refusal.of(found["error"]) if found["state"] == "unusable" else None
    context = {"found": found, "fault": fault, "state_words": CERTIFICATES[found["state"]]}
    return Shown(
        "settings-tls", _("TLS certificate"), "settings_tls.html", context, crumbs=UP, nav="settings", help="tls"
    )


def _server(page: Page) -> Satellite:
    return cast("Satellite", page.server)


URLS = (
    Url("GET", PATH, show, MANAGE, "S3.4"),
    Url("GET", f"{PATH}/time", time_page, SIGNED_IN, "S1.3"),
    Url("POST", f"{PATH}/time", save_time, MANAGE, "S1.3", form=TimeForm),
    Url("POST", f"{PATH}/time/measure", measure, MANAGE, "S1.3", again=time_page, alone=True),
    Url("POST", f"{PATH}/time/confirm", confirm, MANAGE, "S1.3", again=time_page),
    Url("GET", f"{PATH}/tls", tls_page, MANAGE, "S3.4"),
)

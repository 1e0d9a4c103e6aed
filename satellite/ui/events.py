"""The event log (row S3.2)."""

from __future__ import annotations

from satellite.actions.event_log import list_event_window
from satellite.core.event_log.event_kinds import EventKind
from satellite.ui.event_words import by_words, said
from satellite.ui.pages import day_start, places
from serverkit.web.answers import Answer
from serverkit.web.forms import Choice
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import Column, Empty, Filter, Ident, Item, Moment, Rows, Table, Wanted
from serverkit.web.texts import _
from serverkit.web.urls import SIGNED_IN, Url
from serverkit.web.windowed import rows_of

GROUPS = {
    "account": _("Account"),
    "alert": _("Alerts"),
    "api_token": _("Access tokens"),
    "clock": _("Clock"),
    "export": _("Restricted licences"),
    "instance": _("Product instances"),
    "licences": _("Licences"),
    "privacy": _("Privacy"),
    "registration": _("Registration"),
    "satellite": _("Satellite"),
    "setup": _("Set-up"),
    "sync_settings": _("Way of synchronization"),
    "time": _("Time"),
    "time_settings": _("Time settings"),
    "token": _("Registration tokens"),
    "user": _("Users"),
}


def kinds() -> list[Choice]:
    """Groups of kinds, as far as this satellite writes them, and those without a name of their own as they are."""
    known = sorted({kind.value.partition(":")[0] for kind in EventKind})
    return [Choice(f"{one}:", GROUPS.get(one, one.replace("_", " ").capitalize())) for one in known]


def event_rows(page: Page, wanted: Wanted) -> Rows:
    """The events that are wanted."""
    since, until = wanted.filters.get("from"), wanted.filters.get("to")
    return rows_of(
        page, list_event_window, wanted, since=day_start(page, since), until=day_start(page, until, end=True)
    )


def device_path(item: Item) -> str | None:
    """The device that an event is about."""
    return f"/instances/{item['instance']}" if item["instance"] else None


EVENTS = Table(
    "events",
    _("Event log"),
    "/events",
    (
        Column("message", _("What happened"), value=said, fixed=True, phone=True),
        Moment("at", _("Time"), sort=True, phone=True),
        Column("actor", _("By"), value=lambda one: str(by_words(one))),
        Column("virtual_account", _("Virtual account")),
        Ident("kind", _("Kind"), shown=False),
        Ident("instance", _("Device"), link=device_path, shown=False),
    ),
    event_rows,
    sort="-at",
    filters=(
        Filter("q", _("Text, person or kind"), "text"),
        Filter("kind", _("Kind"), choices=kinds()),
        Filter("virtual_account", _("Virtual account"), choices=places),
        Filter("from", _("From"), "date"),
        Filter("to", _("To"), "date"),
        Filter("instance", _("Device"), "hidden"),
        Filter("tag", _("Licence"), "hidden"),
    ),
    empty=Empty(_("No events yet"), _("What people, devices and the satellite itself do is written here.")),
)


def list_page(page: Page) -> Answer:
    """The list."""
    return table_page(page, EVENTS, help="portal#event-log")


URLS = (Url("GET", "/events", list_page, SIGNED_IN, "S3.2", table=EVENTS),)

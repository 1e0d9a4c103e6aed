"""The event log (row S3.2)."""

from __future__ import annotations

from satellite.actions.events import list_events
from serverkit.web.answers import Answer
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import Column, Empty, Filter, Moment, Rows, Table, Wanted, from_list
from serverkit.web.texts import _
from serverkit.web.urls import SIGNED_IN, Url


def event_rows(page: Page, wanted: Wanted) -> Rows:
    """The events that are wanted."""
    return from_list(EVENTS, list_events(page.unit), wanted)


EVENTS = Table(
    "events",
    _("Event log"),
    "/events",
    (
        Column("message", _("What happened"), fixed=True, phone=True, sort=True),
        Moment("at", _("Time"), sort=True, phone=True),
        Column("actor", _("By"), sort=True),
        Column("kind", _("Kind"), sort=True, shown=False),
        Column("virtual_account", _("Virtual account"), sort=True, shown=False),
    ),
    event_rows,
    sort="-at",
    filters=(Filter("q", _("Text"), "text", on=("message", "actor", "kind")),),
    empty=Empty(_("No events yet"), _("What people, devices and the satellite itself do is written here.")),
)


def list_page(page: Page) -> Answer:
    """The list."""
    return table_page(page, EVENTS, help="events")


URLS = (Url("GET", "/events", list_page, SIGNED_IN, "S3.2"),)

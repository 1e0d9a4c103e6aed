"""The satellites of an account, and where their files come in (rows C11.1, C11.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from central.actions import satellites as actions
from central.actions.site_files import files_under_way
from central.ui.instances import SEVERITIES, alert_words
from central.ui.satellites.frame import (
    APPROVE,
    HELP,
    LOOK,
    MANAGE,
    NAV,
    PATH,
    TITLE,
    alert_counts,
    alert_lines,
    at,
    awaits_file,
    days_left,
    root_of,
    state_of,
)
from exchange.limits import SYNC_FILE_BYTES
from serverkit.web.answers import Answer
from serverkit.web.files import FIELDS_BYTES
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import (
    Act,
    Column,
    Empty,
    Figure,
    Filter,
    Ident,
    Item,
    Moment,
    Rows,
    State,
    Table,
    Wanted,
    from_list,
)
from serverkit.web.texts import Words, _
from serverkit.web.urls import Url

MOST_REQUEST = SYNC_FILE_BYTES + FIELDS_BYTES


def satellite_rows(page: Page, wanted: Wanted) -> Rows:
    """The satellites that are wanted."""
    domain, now = page.parts["domain"], page.unit.licence_now
    under_way = files_under_way(page.unit, domain) if page.may(MANAGE) else {}
    alerts = alert_counts(page)
    items = []
    for one in actions.list_satellites(page.unit, domain):
        item = {**one, "domain": domain, "task": under_way.get(one["id"]), "alerts": alerts.get(one["id"], {})}
        found = state_of(item, now)
        items.append(
            {**item, "shown": found, "left": days_left(item, now), "places": ", ".join(one["virtual_accounts"])}
        )
    return from_list(SATELLITES, items, wanted)


def _act(verb: str) -> Callable[[Item], str]:
    return lambda one: at(one, verb)


def state_words(item: Item) -> Any:
    """The state of a row."""
    return item["shown"]


def urgency(item: Item) -> int:
    """How urgent a state is among others."""
    severity = item["shown"].severity
    return {"major": 0, "minor": 1}.get(str(severity or ""), 2)


def alerts_path(item: Item) -> str | None:
    """Where the alerts of a satellite are listed; nothing where there is none."""
    return f"/a/{item['domain']}/alerts?{urlencode({'q': item['name']})}" if item["alerts"] else None


def alert_rank(item: Item) -> tuple[int, ...]:
    """The most urgent alerts first."""
    return tuple(-item["alerts"].get(one, 0) for one in SEVERITIES)


def due_words(item: Item) -> Words | None:
    """The next step."""
    left: Words | None = item["left"]
    return left


SATELLITES = Table(
    "satellites",
    TITLE,
    PATH,
    (
        Column("name", _("Name"), sort=True, fixed=True, phone=True, link=at, sub="places"),
        Figure("instances", _("Product instances"), sort=True),
        Moment("last_sync", _("Last synchronization"), sort=True),
        Column("left", _("Deadline"), value=due_words, phone=True),
        State("alerts", _("Alerts"), {}, say=lambda one: alert_words(one["alerts"]), link=alerts_path, rank=alert_rank, sort=True),
        State("state", _("State"), {}, sort=True, phone=True, say=state_words, rank=urgency),
        Moment("sync_due", _("Due"), sort=True, shown=False),
        Moment("overdue_at", _("Overdue from"), sort=True, shown=False),
        Moment("removal_at", _("Removed on"), sort=True, shown=False),
        Column("host", _("Host"), sort=True, shown=False),
        Ident("address", _("Address"), shown=False),
        Column("software_version", _("Version"), sort=True, shown=False),
        Figure("epoch", _("Epoch"), shown=False),
        Ident("key_fingerprint", _("Key"), shown=False),
        Ident("id", _("Id"), shown=False),
    ),
    satellite_rows,
    sort="name",
    filters=(Filter("q", _("Name, host or virtual account"), "text", on=("name", "host", "places", "id")),),
    acts=(
        Act(_("Approve"), _act("approve"), APPROVE, fits=lambda one: one["state"] == "pending" and not one["approved"]),
        Act(_("Authorization"), _act("authorization"), MANAGE, fits=awaits_file),
        Act(_("Watch the file"), lambda one: f"/a/{one['domain']}/satellites/files/{one['task']}", MANAGE, fits=lambda one: bool(one["task"])),
        Act(
            _("Response"),
            lambda one: at(one, f"files/{one['epoch']}/{one['sequence']}"),
            MANAGE,
            fits=lambda one: bool(one["sequence"]),
        ),
        Act(_("Rename"), _act("rename"), MANAGE),
        Act(_("Extend"), _act("extend"), MANAGE),
        Act(_("Remove"), _act("remove"), MANAGE, danger=True),
    ),
    empty=Empty(
        _("No satellites yet"),
        _("A satellite serves devices at a site without a connection to central. Begin with its registration file."),
        (_("New satellite"), f"{PATH}/new/file"),
        MANAGE,
    ),
)  # fmt: skip


def list_page(page: Page) -> Answer:
    """The list, and the form for a file."""
    context = {"root": root_of(page.parts), "most": MOST_REQUEST, "lines": alert_lines(page)}
    return table_page(page, SATELLITES, template="satellites.html", context=context, help=HELP, nav=NAV)


URLS = (Url("GET", PATH, list_page, LOOK, "C11.1", table=SATELLITES),)

"""What the pages of satellites share: addresses, the satellite of an address, its state in words, tabs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from central.actions import satellites as actions
from central.actions.alerts import list_satellite_alerts
from central.domain.access.rules import Permission
from central.runtime import Central
from central.ui.alert_places import place_of
from central.ui.frame import SEVERITIES
from serverkit.web.answers import Shown
from serverkit.web.console import Severity
from serverkit.web.page import Page
from serverkit.web.tables import Item, StateWords
from serverkit.web.texts import Words, _, ngettext

PATH, ONE = "/a/{domain}/satellites", "/a/{domain}/satellites/{id}"
MANAGE, LOOK, APPROVE = Permission.SATELLITE_MANAGE, Permission.ACCOUNT_VIEW, Permission.SATELLITE_APPROVE
TITLE, NAV, HELP = _("Satellites"), "satellites", "central-portal#satellites"
KINDS: dict[str, Words] = {
    "allotment": _("allotment lines"),
    "authorization_renewal": _("renewed authorizations"),
    "entitlement": _("licences"),
    "event": _("events"),
    "export_decision": _("export decisions"),
    "export_request": _("export requests"),
    "export_return": _("returned licences"),
    "claim": _("licences in use"),
    "grant": _("grants"),
    "grant_state": _("states of grants"),
    "instance": _("product instances"),
    "policy": _("policies"),
    "token": _("registration tokens"),
    "usage": _("usage reports"),
    "virtual_account": _("virtual accounts"),
}
"""What a file carries, by the kind of its rows; a kind that is not named here is shown as the format calls it."""


def server_of(page: Page) -> Central:
    """This central."""
    return cast("Central", page.server)


def root_of(parts: Mapping[str, str]) -> str:
    """The address of the list."""
    return f"/a/{parts['domain']}/satellites"


def at(item: Item, verb: str = "") -> str:
    """The address of something about a satellite."""
    return f"/a/{item['domain']}/satellites/{item['id']}{verb and '/' + verb}"


def find(page: Page) -> dict[str, Any]:
    """The satellite of the address; UnknownSatelliteError."""
    found = actions.find_satellite_by_id(page.unit, page.parts["domain"], page.parts["id"])
    return {**found, "domain": page.parts["domain"]}


def carried(counts: Mapping[str, int]) -> str:
    """What a file carries, in words: its rows by kind."""
    named = [f"{KINDS.get(kind, kind.replace('_', ' '))} {count}" for kind, count in counts.items() if count]
    return ", ".join(named) or str(_("nothing but its numbers"))


def waits_long(item: Item, now: datetime) -> bool:
    """Whether a request has waited for longer than an answer was promised."""
    return now - datetime.fromisoformat(item["requested_at"]) > timedelta(hours=48)


def awaits_file(item: Item) -> bool:
    """Whether an authorization file is ready that no one has fetched."""
    fresh = item["last_sync"] is None or item["recovering"] or item["state"] == "pending"
    return bool(item["approved"] and item["downloaded_at"] is None and fresh)


def state_of(item: Item, now: datetime) -> StateWords:
    """Where a satellite is, in words: what is worst, or what is to be done next."""
    if item["state"] == "pending" and not item["approved"]:
        if waits_long(item, now):
            return StateWords(_("Approval overdue"), Severity.MINOR)
        return StateWords(_("Waits for approval"))
    if item["forked"]:
        return StateWords(_("Two machines act as it"), Severity.MAJOR)
    if item["overdue_at"] and item["overdue_at"] <= now.isoformat():
        return StateWords(_("Overdue"), Severity.MAJOR)
    if item["sync_failure"]:
        return StateWords(_("Last file refused"), Severity.MINOR)
    if awaits_file(item):
        return StateWords(_("Authorization ready"), Severity.MINOR)
    if item.get("task"):
        return StateWords(_("Response is being made"))
    if item["sync_due"] and item["sync_due"] <= now.isoformat():
        return StateWords(_("Synchronization due"), Severity.MINOR)
    if item["last_sync"] is None:
        return StateWords(_("Authorization downloaded"))
    return StateWords(_("Synchronized"))


def days_left(item: Item, now: datetime) -> Words | None:
    """The next step of the ladder, and in how many days it is."""
    for name in ("sync_due", "overdue_at", "removal_at"):
        if item[name] and (left := datetime.fromisoformat(item[name]) - now) > timedelta():
            return _in_days(name, max(1, round(left / timedelta(days=1))))
    return None


def _in_days(step: str, count: int) -> Words:
    if step == "sync_due":
        return ngettext("due in {count} day", "due in {count} days", count)
    if step == "overdue_at":
        return ngettext("overdue in {count} day", "overdue in {count} days", count)
    return ngettext("removed in {count} day", "removed in {count} days", count)


def alert_counts(page: Page) -> dict[str, dict[str, int]]:
    """The open alerts of each satellite, by severity."""
    found: dict[str, dict[str, int]] = {}
    for one in list_satellite_alerts(page.unit, page.parts["domain"]):
        counts = found.setdefault(str(one["subject"].get("satellite")), {})
        counts[one["severity"]] = counts.get(one["severity"], 0) + 1
    return found


def alert_lines(page: Page, satellite: str | None = None) -> list[tuple[Severity, Words, Words, str]]:
    """The open alerts of satellites, or of one: severity, what, what to do, and the address for it."""
    found = []
    for one in list_satellite_alerts(page.unit, page.parts["domain"]):
        if satellite is None or one["subject"].get("satellite") == satellite:
            item = {**one, "domain": page.parts["domain"], "pool": None}
            words, path = place_of(page, item) or ("", "")
            found.append((SEVERITIES[one["severity"]], one["message"], words, path if page.may_open(path) else ""))
    return found


def satellite_page(page: Page, tab: str, template: str, context: Mapping[str, Any], *, help: str = HELP) -> Shown:
    """A page of one satellite, with its tabs."""
    one = page.thing
    items = (
        ("details", _("Details"), at(one)),
        ("history", _("History"), at(one, "history")),
        ("troubleshoot", _("Troubleshooting"), at(one, "troubleshoot")),
    )
    shown = {"one": one, "root": at(one), "tab": tab, "tab_items": items, "tab_label": _("Parts of the satellite")}
    crumbs = ((TITLE, root_of(page.parts)),)
    return Shown(f"satellite-{tab}", one["name"], template, {**shown, **context}, help=help, crumbs=crumbs, nav=NAV)

"""Keys: the root and the keys of its roles, with ends and states; no page shows or changes a secret (rows E1, E2)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from central.actions.trust import export_root, show_trust
from central.domain.access.rules import Permission
from serverkit.web.answers import Answer, Sent, Shown
from serverkit.web.console import Severity
from serverkit.web.page import Page
from serverkit.web.texts import Words, _
from serverkit.web.urls import Url

MANAGE = Permission.TRUST_MANAGE
PATH = "/keys"
SOON = timedelta(days=30)
ROLES: dict[str, Words] = {
    "response": _("Answers to satellites and devices"),
    "grant": _("Grants of restricted licences"),
}
STATES: dict[str, Words] = {"active": _("in use"), "expired": _("replaced"), "revoked": _("revoked")}


def judged(ends: str, state: str, now: datetime) -> tuple[Words, Severity | None]:
    """The state of a key in words: what ends soon asks for attention, and what has ended more so."""
    if state != "active":
        return STATES[state], None
    end = datetime.fromisoformat(ends)
    if end <= now:
        return _("ended"), Severity.MAJOR
    return (_("ends soon"), Severity.MINOR) if end - now < SOON else (STATES[state], None)


def show(page: Page) -> Answer:
    """The root and the keys."""
    found: dict[str, Any] = show_trust(page.unit, page.server.keyring)
    now = page.unit.licence_now
    rows = [
        (one, ROLES.get(one["role"], one["role"]), *judged(one["not_after"], one["state"], now))
        for one in found["role_keys"]
    ]
    rows.sort(key=lambda row: (row[0]["state"] != "active", row[0]["role"]))
    context = {"found": found, "rows": rows, "root": judged(found["root_expires"], "active", now)}
    return Shown("keys", _("Keys"), "keys_vendor.html", context, nav="keys", help="set-up#central")


def download(page: Page) -> Answer:
    """The root document, which is public."""
    return Sent("root.pgx", "application/octet-stream", [export_root(page.server.keyring)])


URLS = (Url("GET", PATH, show, MANAGE, "E2"), Url("GET", f"{PATH}/root", download, MANAGE, "E2"))

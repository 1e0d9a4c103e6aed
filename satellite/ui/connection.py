"""A test of the way to central, with what was typed and is not stored yet (row S1.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from satellite.actions.synchronization import show_settings, try_connection
from satellite.runtime import Satellite
from satellite.ui.way import Way
from serverkit.web.answers import Answer
from serverkit.web.page import Page
from serverkit.web.texts import Words, _

STAGES: dict[str, Words] = {
    "name of central": _("Name of central"),
    "proxy": _("Proxy"),
    "way to central": _("Way to central"),
    "TLS of central": _("TLS of central"),
    "answer of central": _("Answer of central"),
}
STATES: dict[str, Words] = {"ok": _("ok"), "failed": _("failed"), "not_tried": _("not tried")}


def tested(page: Page, show: Callable[[Page], Answer]) -> Answer:
    """Test, then show the form as it was typed with the result; the caller's address is `alone`."""
    read, server = cast("Way", page.read), cast("Satellite", page.server)
    with server.database.read(page.actor) as unit:
        changes = read.changes(show_settings(unit))
    found = try_connection(server, page.actor, changes)
    items = [(STAGES.get(one["stage"], one["stage"]), one["state"], STATES[one["state"]]) for one in found["stages"]]
    page.kept |= {"typed": read, "test": {**found, "items": items}}
    with server.database.read(page.actor) as unit:
        page.work = unit
        shown = show(page)
    page.work = None
    return shown

"""Where the set-up stands, and its first step: is this machine fit (rows S1.1, S1.3)."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from satellite.actions.setup_steps import check_machine, confirm_check
from satellite.core.access.rules import Permission
from satellite.ui.setup.findings import counted, line
from satellite.ui.setup.gate import SETUP, may_set_up
from satellite.ui.setup.steps import next_step, path_of, server_of, step_page, step_views
from satellite.ui.zone import zone_of
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.page import Page
from serverkit.web.texts import _
from serverkit.web.urls import SIGNED_IN, Url

MANAGE = Permission.SITE_MANAGE


def begin(page: Page) -> Answer:
    """On to the step that is next; those who may not take it see where it stands."""
    if may_set_up(page.who):
        return Moved(path_of(next_step(page) or "summary"))
    return Shown("setup", _("The set-up is not finished"), "setup_waits.html", {"steps": step_views(page)})


def show(page: Page) -> Answer:
    """What was found on this machine."""
    found = check_machine(
        server_of(page),
        page.unit,
        browser_time=_time(page.query.get("browser", "")),
        reached_as=page.request.host.rpartition(":")[0] or page.request.host,
    )
    lines = [line(one, zone_of(page)) for one in found.findings]
    context = {"findings": lines, "counted": counted(found.findings), "stops": found.stops}
    return step_page(page, "check", _("Check this machine"), "setup_check.html", context)


def confirm(page: Page) -> Answer:
    """Go on."""
    confirm_check(server_of(page), page.unit)
    return Moved(path_of("register"))


def _time(text: str) -> datetime | None:
    with suppress(ValueError):
        found = datetime.fromisoformat(text)
        return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    return None


URLS = (
    Url("GET", SETUP, begin, SIGNED_IN, "S1.1"),
    Url("GET", "/setup/check", show, MANAGE, "S1.1"),
    Url("POST", "/setup/check", confirm, MANAGE, "S1.1"),
)

"""Health: what central checks of itself, each with what to do, and the homes that work on its database."""

from __future__ import annotations

from central.actions.health import examine_health
from central.actions.nodes import FIRST, list_nodes
from central.domain.access.rules import Permission
from serverkit.web.answers import Answer
from serverkit.web.health_pages import Fix, health_page
from serverkit.web.page import Page
from serverkit.web.texts import _
from serverkit.web.urls import Url

FIXES = {
    "clock": Fix(_("Clock"), _("Measure the time, or compare it and confirm it."), "/help/time"),
    "certificate": Fix(_("TLS certificate"), _("Use a valid certificate that names this server."), "/help/tls"),
    "copy": Fix(
        _("Copy of the data"),
        _("An older copy was restored: synchronize every satellite again."),
        "/help/backup-and-restore",
    ),
    "satellites": Fix(_("Overdue satellites"), _("Ask their sites to synchronize."), "/help/synchronization"),
    "scheduler": Fix(
        _("Scheduler"), _("Start `central serve`, which starts it; until then no job runs and no mail leaves."), "/jobs"
    ),
    "mail": Fix(_("Mail"), _("Read the causes in the outbox, and test the settings."), "/mail?state=failed"),
}


def show(page: Page) -> Answer:
    """All checks, the worst first, and the nodes."""
    nodes = list_nodes(page.unit, page.server.node, FIRST).items if page.server.is_shared else []
    return health_page(examine_health(page.server, page.unit), FIXES, "health_vendor.html", {"nodes": nodes})


URLS = (Url("GET", "/health", show, Permission.VENDOR_MANAGE, "B8"),)

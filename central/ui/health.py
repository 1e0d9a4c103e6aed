"""Health: what central checks of itself, each with what to do, and the homes that work on its database."""

from __future__ import annotations

from typing import cast

from central.actions.health import examine_health
from central.actions.nodes import FIRST, list_nodes
from central.actions.support import PARTS, make_bundle, preview_bundle
from central.domain.access.rules import Permission
from serverkit.web.answers import Answer, Sent
from serverkit.web.health_pages import Fix, health_page
from serverkit.web.page import Page
from serverkit.web.support_pages import PATH, BundleForm, bundle_page
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
    "backups": Fix(_("Backups"), _("Plan backups, or make one now."), "/backups"),
    "mail": Fix(_("Mail"), _("Read the causes in the outbox, and test the settings."), "/mail?state=failed"),
}


def show(page: Page) -> Answer:
    """All checks, the worst first, and the nodes."""
    nodes = list_nodes(page.unit, page.server.node, FIRST).items if page.server.is_shared else []
    return health_page(examine_health(page.server, page.unit), FIXES, "health_vendor.html", {"nodes": nodes})


def bundle(page: Page) -> Answer:
    """Choose what a support bundle holds."""
    files = preview_bundle(page.server, page.actor)
    return bundle_page(page, PARTS, files, _("Make a support bundle"), "central")


def make_bundle_file(page: Page) -> Answer:
    """The file."""
    read = cast("BundleForm", page.read)
    data = make_bundle(page.server, page.actor, read.parts, read.key)
    return Sent("support.zip.sealed" if read.key else "support.zip", "application/octet-stream", [data])


MANAGE = Permission.VENDOR_MANAGE
URLS = (
    Url("GET", "/health", show, MANAGE, "B8"),
    Url("GET", PATH, bundle, MANAGE, "S3.5"),
    Url("POST", PATH, make_bundle_file, MANAGE, "S3.5", form=BundleForm, again=bundle, alone=True),
)

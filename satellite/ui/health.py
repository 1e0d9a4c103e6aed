"""Health: what the server checks of itself, each with what to do (row S3.4)."""

from __future__ import annotations

from typing import Any, cast

from satellite.actions.health import examine_health
from satellite.actions.support import KIND, PARTS, preview_bundle, read_bundle, start_bundle
from satellite.actions.tasks import show_task, stop_task
from satellite.core.access.rules import Permission
from satellite.jobs.catalogue import jobs_of
from satellite.runtime import Satellite
from satellite.ui.tasks import KINDS
from serverkit.errors import NotFoundError
from serverkit.web.answers import Answer, Moved, Sent
from serverkit.web.health_pages import TITLE, Fix, health_page
from serverkit.web.page import Page
from serverkit.web.support_pages import BundleForm, bundle_page
from serverkit.web.task_pages import task_view, work_page
from serverkit.web.texts import Words, _
from serverkit.web.urls import SIGNED_IN, Url

FIXES = {
    "clock": Fix(_("Clock"), _("Measure the time, or compare it and confirm it."), "/settings/time"),
    "set_up": Fix(_("Set-up"), _("Finish the set-up."), "/setup"),
    "certificate": Fix(_("TLS certificate"), _("Import a valid certificate that names this server."), "/settings/tls"),
    "copy": Fix(_("Copy of the data"), _("An older copy was restored: resynchronize with central."), "/sync/resync"),
    "synchronization": Fix(_("Synchronization"), _("Synchronize; the doctor names what stops it."), "/sync"),
    "backups": Fix(_("Backups"), _("Plan backups, or make one now."), "/settings/backup"),
    "mail": Fix(_("Mail"), _("Read the causes, and test the settings."), "/settings/mail"),
    "scheduler": Fix(
        _("Scheduler"),
        _("Start `satellite serve`, which starts it; until then no job runs and no mail leaves."),
        "/tasks",
    ),
    "jobs": Fix(_("Jobs of the schedule"), _("See why they failed."), "/tasks?by=schedule&state=failed"),
}


def show(page: Page) -> Answer:
    """All checks, the worst first."""
    server = cast("Satellite", page.server)
    found = examine_health(server, page.unit, [job.name for job in jobs_of(server)])
    return health_page(found, FIXES, "health_site.html", {}, KINDS)


def bundle(page: Page) -> Answer:
    """Choose what a support bundle holds."""
    files = preview_bundle(cast("Satellite", page.server), page.actor)
    return bundle_page(page, PARTS, files, _("Make a support bundle"), "satellite")


def make_bundle(page: Page) -> Answer:
    """Ask for a support bundle."""
    read = cast("BundleForm", page.read)
    return Moved(f"{BUNDLE}/{start_bundle(page.unit, read.parts, read.key)}")


def find_bundle(page: Page) -> dict[str, Any]:
    """The task of the address, if it makes a support bundle; NotFoundError."""
    found = show_task(cast("Satellite", page.server), page.unit, page.parts["id"])
    if found["kind"] != KIND:
        raise NotFoundError
    return found


def watch_bundle(page: Page) -> Answer:
    """How far it is, and the file once it is there."""
    path, done = f"{BUNDLE}/{page.thing['id']}", page.thing["state"] == "done"
    words = _("The bundle is ready. Review it before you share it: it names devices, people and addresses.")
    view = task_view(page.thing, path, _("Support bundle"), STAGES, result=words if done else "")
    return work_page(
        page, "health-bundle", view, crumbs=((TITLE, "/health"),), nav="health", help="troubleshooting#support-bundle",
        back=(_("To health"), "/health"), more=(_("Download it"), f"{path}/download") if done else None,
    )  # fmt: skip


def stop_bundle(page: Page) -> Answer:
    """Stop before the next stage."""
    stop_task(cast("Satellite", page.server), page.unit, page.thing["id"])
    return Moved(f"{BUNDLE}/{page.thing['id']}")


def download_bundle(page: Page) -> Answer:
    """The file."""
    name = str((page.thing["result"] or {}).get("name", ""))
    return Sent(name, "application/zip", read_bundle(cast("Satellite", page.server), page.unit, name))


BUNDLE, MANAGE = "/health/bundle", Permission.SITE_MANAGE
STAGES: dict[str, Words] = {"collect": _("Collect"), "write": _("Write the file")}
URLS = (
    Url("GET", "/health", show, SIGNED_IN, "S3.4"),
    Url("GET", BUNDLE, bundle, MANAGE, "S3.5"),
    Url("POST", BUNDLE, make_bundle, MANAGE, "S3.5", form=BundleForm),
    Url("GET", f"{BUNDLE}/{{id}}", watch_bundle, MANAGE, "S3.5", load=find_bundle),
    Url("POST", f"{BUNDLE}/{{id}}/stop", stop_bundle, MANAGE, "S3.5", load=find_bundle, again=watch_bundle),
    Url("GET", f"{BUNDLE}/{{id}}/download", download_bundle, MANAGE, "S3.5", load=find_bundle),
)

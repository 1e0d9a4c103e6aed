"""Settings: one overview with value and source, and the pages where each is changed (row S3.4)."""

from __future__ import annotations

from typing import Any

import satellite
from satellite.actions.backups import ACTS as BACKUPS
from satellite.actions.console_settings import show_banner, show_network
from satellite.actions.mail import show_mail
from satellite.actions.settings import list_machine_settings
from satellite.actions.synchronization import show_settings
from satellite.actions.syslog import show_syslog
from satellite.actions.time import ACTS
from satellite.actions.tls import ACTS as TLS
from satellite.actions.webhooks import ACTS as ACTS_OF_WEBHOOKS
from satellite.ui.settings.frame import MANAGE, PATH, server_of
from satellite.ui.settings.tls import CERTIFICATES
from satellite.ui.settings.update import UPDATE
from satellite.ui.settings.webhooks import WEBHOOKS
from serverkit.web.answers import Answer, Shown
from serverkit.web.page import Page
from serverkit.web.schedule_words import EVERY
from serverkit.web.texts import Words, _
from serverkit.web.urls import Url

SOURCES: dict[str, Words] = {
    "page": _("console"),
    "file": _("config.toml"),
    "environment": _("environment"),
    "default": _("default"),
}


def show(page: Page) -> Answer:
    """Every setting with its value, its source and the page that changes it."""
    server = server_of(page)
    time, way, tls = ACTS.settings(page.unit), show_settings(page.unit), TLS.show(server, page.unit)
    backups = BACKUPS.show(server, page.unit)
    kept: list[tuple[Words, Any, str]] = [
        (_("Zone"), time["zone"], f"{PATH}/time"),
        (_("Time servers"), ", ".join(time["servers"]) or _("none"), f"{PATH}/time"),
        (_("Address of central"), way["url"] or _("none: by files"), "/sync/settings"),
        (_("Synchronization"), EVERY.get(way["every"], way["every"]), "/sync/settings"),
        (_("TLS certificate"), CERTIFICATES[tls["state"]], f"{PATH}/tls"),
        (_("Backup"), EVERY[backups["every"]], f"{PATH}/backup"),
        (_("Mail"), show_mail(page.unit)["host"] or _("none"), f"{PATH}/mail"),
        (_("Network"), ", ".join(show_network(server, page.unit)["names"]) or _("none"), f"{PATH}/network"),
        (_("Banner"), show_banner(page.unit)[:80] or _("none"), f"{PATH}/banner"),
        (
            _("Webhooks"),
            ", ".join(one["name"] for one in ACTS_OF_WEBHOOKS.list_hooks(page.unit)) or _("none"),
            WEBHOOKS,
        ),
        (_("Log server"), show_syslog(page.unit)["host"] or _("none"), f"{PATH}/syslog"),
        (_("Updates"), _("version {version}", version=satellite.__version__), UPDATE),
    ]
    context = {"kept": kept, "machine": list_machine_settings(server, page.unit), "sources": SOURCES}
    return Shown("settings", _("Settings"), "settings.html", context, nav="settings", help="settings")


URLS = (Url("GET", PATH, show, MANAGE, "S3.4"),)

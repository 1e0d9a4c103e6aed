"""Backups that central makes itself (rows S3.4 and B8 at central)."""

from __future__ import annotations

from central.actions.backups import ACTS
from central.actions.tasks import is_scheduled, show_task, stop_task
from central.actions.time import zone_of
from central.domain.access.rules import Permission
from serverkit.web.backup_pages import BackupPages
from serverkit.web.texts import _

PAGES = BackupPages(
    ACTS,
    "/backups",
    Permission.VENDOR_MANAGE,
    "backups",
    _(
        "To restore onto a new machine, install central there and run the command. Every satellite then needs a new authorization."
    ),
    lambda page: zone_of(page.unit),
    is_scheduled,
    show_task,
    stop_task,
)
URLS = PAGES.urls

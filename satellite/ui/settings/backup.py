"""Backups that the satellite makes itself (row S3.4)."""

from __future__ import annotations

from satellite.actions.backups import ACTS
from satellite.actions.tasks import is_scheduled, show_task, stop_task
from satellite.ui.settings.frame import MANAGE, PATH, UP
from satellite.ui.zone import zone_of
from serverkit.web.backup_pages import BackupPages
from serverkit.web.texts import _

PAGES = BackupPages(
    ACTS,
    f"{PATH}/backup",
    MANAGE,
    "settings",
    _(
        "To restore onto a new machine, open its console and choose “Restore from a backup instead”, or stop its server and run the command. Central must then resynchronize this satellite."
    ),
    zone_of,
    is_scheduled,
    show_task,
    stop_task,
    UP,
)
URLS = PAGES.urls

"""Instead of a new satellite: the one from a backup (rows S1.1, S2.6)."""

from __future__ import annotations

from satellite.core.access.rules import Permission
from satellite.ui.setup.steps import server_of
from serverkit.web.answers import Answer, Shown
from serverkit.web.page import Page
from serverkit.web.texts import _
from serverkit.web.urls import Url


def show(page: Page) -> Answer:
    """How a backup takes the place of this new satellite."""
    home = server_of(page).home
    commands = (
        f"systemctl stop perigee-satellite\n"
        f"satellite --home {home} restore BACKUP --replace --passphrase-file FILE\n"
        f"systemctl start perigee-satellite"
    )
    return Shown(
        "setup-restore", _("Restore from a backup"), "setup_restore.html", {"commands": commands},
        help="backup-and-restore",
    )  # fmt: skip


URLS = (Url("GET", "/setup/restore", show, Permission.SITE_MANAGE, "S1.1"),)

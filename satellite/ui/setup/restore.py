"""Instead of a new satellite: the one from a backup, by the set-up code (rows S1.1, S2.6)."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import cast

from pydantic import BaseModel, Field, SecretStr

from satellite.actions.setup import needs_administrator, require_setup_try, restore_instead
from satellite.runtime import Satellite
from satellite.ui.files import sent_file
from satellite.ui.setup.gate import CODE
from satellite.ui.setup.steps import server_of
from serverkit.files import atomic_file
from serverkit.ids import new_id
from serverkit.owner import make_folder
from serverkit.users.tables import Browser
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.forms import Form, Ui
from serverkit.web.page import Page
from serverkit.web.texts import _
from serverkit.web.urls import CREDENTIALS, Url

PATH = "/setup/restore"
TITLE = _("Restore from a backup")
MOST_BACKUP = 2 * 1024**3
PIECE = 1024 * 1024


class RestoreForm(BaseModel):
    """What a restore needs beside the file."""

    code: str = Field(max_length=64)
    passphrase: SecretStr = Field(max_length=1024)


FORM = Form(
    RestoreForm,
    _("Restore"),
    {
        "code": Ui(_("Set-up code"), _("It is printed on the console of this machine and in its journal."), mono=True),
        "passphrase": Ui(_("Passphrase of the backup"), autocomplete="off", kind="password"),
    },
)


def show(page: Page) -> Answer:
    """The form, while this satellite has no administrator."""
    if not needs_administrator(page.unit):
        return Moved("/")
    context = {"view": FORM.view(page, PATH), "most": MOST_BACKUP, "back": CODE}
    return Shown("setup-restore", TITLE, "setup_restore.html", context, bare=True, help="backup-and-restore")


def restore(page: Page) -> Answer:
    """Check the backup whole, and restore it."""
    read, server, visitor = cast("RestoreForm", page.read), server_of(page), page.visitor
    browser = Browser(visitor.address, visitor.agent, visitor.known_by)
    require_setup_try(server, browser)  # before the file is copied: anyone may send one
    opened = sent_file(page)
    folder = server.home / "incoming"
    make_folder(folder)
    file = folder / f"{new_id()}.backup"
    try:
        with opened() as stream, atomic_file(file) as out:
            while piece := stream.read(PIECE):
                out.write(piece)
        _restore(server, read, file, browser)
    finally:
        with suppress(OSError):
            file.unlink(missing_ok=True)
    return Shown("setup-restored", _("The backup is restored"), "setup_restored.html", {}, bare=True)


def _restore(server: Satellite, read: RestoreForm, file: Path, browser: Browser) -> None:
    restore_instead(server, read.code, file, read.passphrase.get_secret_value(), browser)


URLS = (
    Url("GET", PATH, show, CREDENTIALS, "S1.1"),
    Url("POST", PATH, restore, CREDENTIALS, "S1.1", form=RestoreForm, alone=True, most_bytes=MOST_BACKUP),
)

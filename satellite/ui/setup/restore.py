"""Instead of a new satellite: the one from a backup. The set-up code first, then the backup (rows S1.1, S2.6)."""

from __future__ import annotations

from typing import cast

from pydantic import BaseModel, Field, SecretStr

from satellite.actions.restore import (
    PERMIT_FOR,
    awaits_restart,
    is_permitted,
    permit_restore,
    require_permit,
    restore_instead,
)
from satellite.actions.setup import first_user, needs_administrator
from satellite.ui.setup.first import WHERE
from satellite.ui.setup.gate import CODE
from satellite.ui.setup.steps import server_of
from serverkit.restarts import ask_restart, can_restart
from serverkit.users.tables import Browser
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.files import sent_file
from serverkit.web.first_page import code_field, few_tries
from serverkit.web.forms import Form, Ui
from serverkit.web.page import Page
from serverkit.web.texts import _
from serverkit.web.urls import CREDENTIALS, Url
from serverkit.wsgi import announced_bytes

PATH = "/setup/restore"
CODE_PATH = f"{PATH}/code"
TITLE = _("Restore from a backup")
MOST_BACKUP = 2 * 1024**3
ADMITTED_AS = "restore in place of the set-up"
PERMIT_SECONDS = int(PERMIT_FOR.total_seconds())


class CodeForm(BaseModel):
    """What is asked first: nothing large is taken from anyone else."""

    code: str = Field(max_length=64)


class RestoreForm(BaseModel):
    """What a restore needs beside the file."""

    passphrase: SecretStr = Field(max_length=1024)


CODE_FORM = Form(CodeForm, _("Continue"), {"code": code_field(WHERE)})
FORM = Form(
    RestoreForm, _("Restore"), {"passphrase": Ui(_("Passphrase of the backup"), autocomplete="off", kind="password")}
)


def show(page: Page) -> Answer:
    """The form of the code, or of the backup once the code was right, while this satellite has no administrator."""
    if not needs_administrator(page.unit):
        return Moved("/")
    if awaits_restart(server_of(page)):
        return _restored(by_itself=can_restart())
    if is_permitted(server_of(page), page.unit, page.permit):
        context = {"view": FORM.view(page, PATH), "most": MOST_BACKUP, "back": CODE}
        return Shown(
            "setup-restore", TITLE, "setup_restore.html", context, bare=True, help="backup-and-restore#restore"
        )
    view = CODE_FORM.view(page, CODE_PATH, cancel=CODE, cancel_words=_("Back to the set-up"), fresh=page.path == PATH)
    context = {"view": view, "few": few_tries(page, first_user)}
    return Shown(
        "setup-restore-code", TITLE, "setup_restore_code.html", context, bare=True, help="backup-and-restore#restore"
    )


def take_code(page: Page) -> Answer:
    """The code was right: a backup may be sent."""
    visitor = page.visitor
    browser = Browser(visitor.address, visitor.agent, visitor.known_by)
    permit = permit_restore(server_of(page), cast("CodeForm", page.read).code, browser)
    return Moved(PATH, cookies=(("permit", permit, PERMIT_SECONDS),))


def admit(page: Page) -> str:
    """Who sends a backup: refused before it is received, unless the code was right."""
    request = page.request
    size, begun = announced_bytes(request.environ), request.admitted == ADMITTED_AS
    require_permit(server_of(page), page.permit, size=size, begun=begun)
    return ADMITTED_AS


def restore(page: Page) -> Answer:
    """Check the backup whole, and restore it; then the server starts again, where it was started by `serve`."""
    passphrase = cast("RestoreForm", page.read).passphrase.get_secret_value()
    with sent_file(page)() as stream:
        restore_instead(server_of(page), page.permit, stream, passphrase)
    return _restored(by_itself=ask_restart())


def _restored(*, by_itself: bool) -> Shown:
    gone, context = (("permit", "", 0),), {"by_itself": by_itself}
    return Shown("setup-restored", _("The backup is restored"), "setup_restored.html", context, bare=True, cookies=gone)


URLS = (
    Url("GET", PATH, show, CREDENTIALS, "S1.1"),
    Url("POST", CODE_PATH, take_code, CREDENTIALS, "S1.1", form=CodeForm, again=show, alone=True),
    Url("POST", PATH, restore, CREDENTIALS, "S1.1", form=RestoreForm, alone=True, most_bytes=MOST_BACKUP, admits=admit),
)

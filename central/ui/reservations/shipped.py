"""Devices that are shipped with reserved licences: a file is chosen, what it reserves is shown, then it is imported (row C6.6)."""

from __future__ import annotations

import shlex
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from pydantic import BaseModel, Field

from central.actions import shipments as actions
from central.actions.accounts import show_account
from central.domain.access.rules import Permission
from central.runtime import Central
from central.ui.reservations.listed import HELP, units_of
from serverkit.table_file import text_of
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.errors import InvalidFormError
from serverkit.web.forms import Form, Ui
from serverkit.web.page import Page
from serverkit.web.texts import Words, _, ngettext
from serverkit.web.urls import Grade, Url

PATH = "/a/{domain}/shipped-devices"
MOST_BYTES, SHOWN = 256 * 1024, 500
TITLE = _("Import shipped devices")


class File(BaseModel):
    """A file of devices; what it holds once it was shown."""

    file: str = ""
    content: str = Field(default="", max_length=MOST_BYTES)


CHOOSE = Form(
    File,
    _("Show what it reserves"),
    {
        "file": Ui(
            _("File of shipped devices"),
            _(
                "CSV with request_code, tag, quantity and perhaps virtual_account, product; a line for each licence of a device."
            ),
            kind="file",
            required=True,
        ),
        "content": Ui(kind="hidden"),
    },
)


def _root(page: Page) -> str:
    return f"/a/{page.parts['domain']}"


def find_account(page: Page) -> dict[str, Any]:
    """The account of the address; UnknownAccountError."""
    return show_account(page.unit, page.parts["domain"])


def file_page(page: Page) -> Answer:
    """Choose a file."""
    view = CHOOSE.view(page, f"{_root(page)}/shipped-devices", cancel=f"{_root(page)}/va", fresh=page.refusal is None)
    lead = _("Each device is shown as reserving its licences from now on, without a confirmation code.")
    return Shown("shipped-devices", TITLE, "form_page.html", {"view": view, "intro": lead}, **_within())


def _within() -> dict[str, Any]:
    return {"nav": "virtual-accounts", "help": HELP}


def _import(page: Page, content: str, *, preview: bool) -> actions.ShippedDevices:
    server = cast("Central", page.server)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "shipped.csv"
        path.write_text(content, encoding="utf-8", newline="")
        return actions.import_shipped(page.unit, server.keyring, page.parts["domain"], path, preview=preview)


def preview(page: Page) -> Answer:
    """Show what a file reserves; nothing is reserved yet."""
    found = _import(page, _content(page), preview=True)
    hidden = (("content", _content(page)),)
    form = Form(BaseModel, _("Import"))
    context = {
        "view": form.view(
            page, f"{_root(page)}/shipped-devices/import", cancel=f"{_root(page)}/shipped-devices", hidden=hidden
        ),
        "devices": [{**one, "units": units_of(one["licences"])} for one in found.items[:SHOWN]],
        "count": len(found.items),
        "more": max(0, len(found.items) - SHOWN),
        "warnings": [warning.text for warning in found.warnings],
        "command": shlex.join(
            ["central", "reservation", "factory-import", page.parts["domain"], "FILE", "--output", "FOLDER"]
        ),
    }
    return Shown("shipped-devices-check", _("What the file reserves"), "shipped.html", context, **_within())


def _content(page: Page) -> str:
    sent = page.files.get("file")
    raw = sent.stream.read(MOST_BYTES + 1) if sent is not None and sent.filename else b""
    if not raw:
        return _missing()
    if sent is not None:
        sent.stream.seek(0)
    if len(raw) > MOST_BYTES:
        return _missing(_("The file is larger than this page takes: use the command."))
    return text_of(raw)


def _missing(why: Words = "") -> str:
    raise InvalidFormError({"file": why or _("Choose a file.")})


def carry_out(page: Page) -> Answer:
    """Import it."""
    found = _import(page, cast("File", page.read).content, preview=False)
    return Moved(
        f"{_root(page)}/va",
        ngettext("{count} device reserves its licences.", "{count} devices reserve their licences.", len(found.items)),
    )


def _url(method: str, path: str, handler: Any, **more: Any) -> Url:
    return Url(method, path, handler, Permission.ORDER_MANAGE, "C6.6", load=find_account, **more)


URLS = (
    _url("GET", PATH, file_page),
    _url("POST", PATH, preview, most_bytes=2 * MOST_BYTES),
    _url(
        "POST",
        f"{PATH}/import",
        carry_out,
        form=File,
        again=file_page,
        most_bytes=4 * MOST_BYTES,
        twin="import_factory_reservations",
        grade=Grade.PREVIEW,
    ),
)

"""Reserving licences in steps: request code, licences, review; the authorization code is on the page that follows (row C6.1)."""

from __future__ import annotations

import shlex
from typing import Any, cast
from urllib.parse import urlencode

from pydantic import BaseModel, Field

from central.actions import reservations as actions
from central.domain.reservations.errors import InvalidCodeError, NothingReservedError
from central.runtime import Central
from central.ui.general import root_of
from central.ui.reservations.fields import (
    LicenceField,
    as_options,
    hidden_fields,
    licence_fields,
    lines_of,
    read_wanted,
)
from central.ui.reservations.listed import MANAGE, PATH, no_reservation, within
from central.ui.virtual_accounts import find_pool
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.errors import InvalidFormError
from serverkit.web.forms import Form, Ui
from serverkit.web.page import Page
from serverkit.web.texts import Words, _
from serverkit.web.urls import Grade, Url
from serverkit.web.wizard import StepView

MOST_CODE = 1000
TITLE = _("Reserve licences")


class Code(BaseModel):
    """A request code, pasted or in a file."""

    request_code: str = Field(default="", max_length=MOST_CODE)
    file: str = ""


CODE = Form(
    Code,
    _("Continue"),
    {
        "request_code": Ui(
            _("Request code"), _("As the device shows it: `agent reserve request`."), kind="textarea", mono=True
        ),
        "file": Ui(_("Or a file with it"), kind="file"),
    },
)


def steps(page: Page, at: str, code: str = "") -> list[StepView]:
    """The steps; those behind can be taken again."""
    root = f"{root_of(page)}/reservations/new"
    named = (("code", _("Request code")), ("licences", _("Licences")), ("review", _("Review")), ("done", _("Code")))
    here = [name for name, _title in named].index(at)
    paths = (root, f"{root}/licences?{urlencode({'code': code})}", "", "")
    return [
        StepView(name, title, paths[number] if number < here else "", number < here)
        for number, (name, title) in enumerate(named)
    ]


def code_page(page: Page) -> Answer:
    """The request code of the device."""
    root = f"{root_of(page)}/reservations"
    view = CODE.view(page, f"{root}/new", cancel=root, values={"request_code": page.query.get("code", "")})
    context = {"view": view, "steps_shown": steps(page, "code"), "refused": no_reservation(page), "back": root}
    context["lead"] = _("For a device that no network reaches. Its request code says which device it is.")
    return Shown("reservation-new", TITLE, "reservation_new.html", context, **within(page))


def read_code(page: Page) -> Answer:
    """Read the request code; what is wrong with it is said at once."""
    read = cast("Code", page.read)
    text, sent = read.request_code, page.files.get("file")
    if sent is not None and sent.filename:
        raw = sent.stream.read(MOST_CODE * 4 + 1)
        try:
            text = raw.decode("utf-8").strip()
        except UnicodeDecodeError as error:
            raise InvalidFormError({"file": _("This file holds no request code.")}) from error
        if len(text) > MOST_CODE:
            raise InvalidFormError({"file": _("This file holds no request code.")})
    if not text.strip():
        raise InvalidFormError({"request_code": _("Fill this in.")})
    found = actions.read_code(page.unit, page.parts["domain"], page.thing["name"], text)
    return Moved(f"{root_of(page)}/reservations/new/licences?{urlencode({'code': found['code']})}")


def _device(page: Page) -> dict[str, Any]:
    code = page.sent.get("request_code") or page.query.get("code", "")
    return actions.read_code(page.unit, page.parts["domain"], page.thing["name"], code[:MOST_CODE])


def licences_page(page: Page) -> Answer:
    """How much of which licence; without a request code that can be used, that step comes first."""
    try:
        device = _device(page)
    except InvalidCodeError:
        return Moved(f"{root_of(page)}/reservations/new")
    rows = _rows(page)
    if page.url.changes:
        read_wanted(rows)
    return _licences(page, device, rows)


def _rows(page: Page) -> list[LicenceField]:
    return licence_fields(page, actions.list_offers(page.unit, page.parts["domain"], page.thing["name"]))


def _licences(page: Page, device: dict[str, Any], rows: list[LicenceField], note: Words = "") -> Shown:
    root = f"{root_of(page)}/reservations"
    context = {
        "rows": rows,
        "device": device,
        "note": note,
        "action": f"{root}/new/licences",
        "kept": [("request_code", device["code"])],
        "steps_shown": steps(page, "licences", device["code"]),
        "back": f"{root}/new?{urlencode({'code': device['code']})}",
        "updates": False,
    }
    status = 422 if note else 200
    return Shown(
        "reservation-licences", _("Licences to reserve"), "reservation_licences.html", context, status, **within(page)
    )


def review(page: Page) -> Answer:
    """Show what would be reserved, of which terms; nothing is reserved yet."""
    device, rows, server = _device(page), _rows(page), cast("Central", page.server)
    wanted, sound = read_wanted(rows)
    if not sound:
        return _licences(page, device, rows, _("Some quantities need another value. Nothing was reserved."))
    if not wanted:
        raise NothingReservedError
    domain, name = page.parts["domain"], page.thing["name"]
    found = actions.preview_reservation(page.unit, server.keyring, domain, name, device["code"], wanted)
    root = f"{root_of(page)}/reservations"
    hidden = [("request_code", device["code"]), *hidden_fields(rows)]
    words = ["central", "reservation", "create", domain, "--virtual-account", name, "--request-code", device["code"]]
    context = {
        "view": Form(BaseModel, _("Make authorization code")).view(
            page, f"{root}/new/create", cancel=root, hidden=hidden, fresh=True
        ),
        "device": device,
        "pool_name": name,
        "lines": lines_of(found["licences"], wanted),
        "steps_shown": steps(page, "review", device["code"]),
        "back": {"action": f"{root}/new/change", "hidden": hidden},
        "command": shlex.join([*words, *as_options(wanted), "--output", "code.xml"]),
        "effects": (
            _("The licences are held for this device from now on, until it returns them."),
            _("The device uses them when the authorization code is installed on it."),
        ),
    }
    return Shown("reservation-review", _("Review the reservation"), "reservation_review.html", context, **within(page))


def change(page: Page) -> Answer:
    """The quantities again, as they were typed."""
    return _licences(page, _device(page), _rows(page))


def create(page: Page) -> Answer:
    """Reserve them and make the code."""
    server, rows = cast("Central", page.server), _rows(page)
    wanted, _sound = read_wanted(rows)
    code = page.sent.get("request_code", "")[:MOST_CODE]
    made = actions.create_reservation(page.unit, server.keyring, page.parts["domain"], page.thing["name"], code, wanted)
    return Moved(
        f"{root_of(page)}/reservations/{made.view['id']}", _("Licences reserved. Install the code on the device.")
    )


def _post(verb: str, handler: Any, **more: Any) -> Url:
    return Url("POST", f"{PATH}/new/{verb}", handler, MANAGE, "C6.1", load=find_pool, again=licences_page, **more)


URLS = (
    Url("GET", f"{PATH}/new", code_page, MANAGE, "C6.1", load=find_pool),
    Url("POST", f"{PATH}/new", read_code, MANAGE, "C6.1", form=Code, load=find_pool),
    Url("GET", f"{PATH}/new/licences", licences_page, MANAGE, "C6.1", load=find_pool),
    _post("licences", review),
    _post("change", change),
    _post("create", create, twin="create_reservation", grade=Grade.PREVIEW),
)

"""Reserving licences in steps: request code, licences of the device to inventory, licences, review; the authorization code is on the page that follows (row C6.1)."""

from __future__ import annotations

import shlex
from typing import Any, cast
from urllib.parse import urlencode

from pydantic import BaseModel, Field

from central.actions import reservations as actions
from central.actions.adding import list_code_additions
from central.domain.reservations.errors import InvalidCodeError, NothingReservedError
from central.runtime import Central
from central.ui.general import root_of
from central.ui.reservations.added import (
    STEP,
    Addition,
    add_options,
    addition_fields,
    addition_page,
    kept_additions,
    lines_to_add,
    read_additions,
)
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
            _("Request code"),
            _("As the device shows it: `agent reserve request`."),
            kind="textarea",
            mono=True,
            required=True,
        ),
        "file": Ui(_("Or a file with it"), kind="file"),
    },
)


def steps(page: Page, at: str, code: str = "", *, adds: bool = False) -> list[StepView]:
    """The steps; those behind can be taken again. `adds`: the device brings licences that are not in the inventory."""
    root = f"{root_of(page)}/reservations/new"
    added = ((*STEP, f"{root}/inventory?{urlencode({'code': code})}"),) if adds else ()
    named = (
        ("code", _("Request code"), root),
        *added,
        ("licences", _("Licences"), f"{root}/licences?{urlencode({'code': code})}"),
        ("review", _("Review"), ""),
        ("done", _("Code"), ""),
    )
    here = [name for name, _title, _path in named].index(at)
    return [
        StepView(name, title, path if number < here else "", number < here)
        for number, (name, title, path) in enumerate(named)
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
    step = "inventory" if _additions(page, found["code"]) else "licences"
    return Moved(f"{root_of(page)}/reservations/new/{step}?{urlencode({'code': found['code']})}")


def _additions(page: Page, code: str) -> list[Addition]:
    offered = list_code_additions(page.unit, page.parts["domain"], page.thing["name"], code)
    return addition_fields(page, offered)


def inventory_page(page: Page) -> Answer:
    """What the device brings that is not in the inventory; without any, or a request code, that step is not there."""
    try:
        device = _device(page)
    except InvalidCodeError:
        return Moved(f"{root_of(page)}/reservations/new")
    rows = _additions(page, device["code"])
    if rows:
        return _inventory(page, device, rows)
    return Moved(f"{root_of(page)}/reservations/new/licences?{urlencode({'code': device['code']})}")


def _inventory(page: Page, device: dict[str, Any], rows: list[Addition]) -> Shown:
    root, code = f"{root_of(page)}/reservations/new", device["code"]
    shown = steps(page, "inventory", code, adds=True)
    addresses = f"{root}/inventory", f"{root}?{urlencode({'code': code})}"
    return addition_page(page, rows, device, shown, addresses, within(page))


def _device(page: Page) -> dict[str, Any]:
    code = page.sent.get("request_code") or page.query.get("code", "")
    return actions.read_code(page.unit, page.parts["domain"], page.thing["name"], code[:MOST_CODE])


def licences_page(page: Page) -> Answer:
    """How much of which licence; without a request code that can be used, that step comes first."""
    try:
        device = _device(page)
    except InvalidCodeError:
        return Moved(f"{root_of(page)}/reservations/new")
    additions = _additions(page, device["code"])
    adding, sound = read_additions(additions)
    if not sound:
        return _inventory(page, device, additions)
    rows = _rows(page, adding)
    if page.url.changes and page.url.path != f"{PATH}/new/inventory":
        read_wanted(rows)
    return _licences(page, device, rows, additions)


def _rows(page: Page, adding: dict[str, int]) -> list[LicenceField]:
    return licence_fields(page, actions.list_offers(page.unit, page.parts["domain"], page.thing["name"], adding))


def _licences(
    page: Page, device: dict[str, Any], rows: list[LicenceField], additions: list[Addition], note: Words = ""
) -> Shown:
    root = f"{root_of(page)}/reservations"
    context = {
        "rows": rows,
        "device": device,
        "note": note,
        "action": f"{root}/new/licences",
        "kept": [("request_code", device["code"]), *kept_additions(additions)],
        "steps_shown": steps(page, "licences", device["code"], adds=bool(additions)),
        "back": f"{root}/new?{urlencode({'code': device['code']})}",
        "back_to": f"{root}/new/inventory/change" if additions else "",
        "updates": False,
    }
    status = 422 if note else 200
    return Shown(
        "reservation-licences", _("Licences to reserve"), "reservation_licences.html", context, status, **within(page)
    )


def review(page: Page) -> Answer:
    """Show what would be reserved, of which terms; nothing is reserved yet."""
    device, server = _device(page), cast("Central", page.server)
    additions = _additions(page, device["code"])
    adding, sound = read_additions(additions)
    if not sound:
        return _inventory(page, device, additions)
    rows = _rows(page, adding)
    wanted, sound = read_wanted(rows)
    if not sound:
        note = _("Some quantities need another value. Nothing was reserved.")
        return _licences(page, device, rows, additions, note)
    if not wanted:
        raise NothingReservedError
    domain, name = page.parts["domain"], page.thing["name"]
    found = actions.preview_reservation(page.unit, server.keyring, domain, name, device["code"], wanted, adding)
    root = f"{root_of(page)}/reservations"
    hidden = [("request_code", device["code"]), *kept_additions(additions), *hidden_fields(rows)]
    words = ["central", "reservation", "create", domain, "--virtual-account", name, "--request-code", device["code"]]
    context = {
        "view": Form(BaseModel, _("Make authorization code")).view(
            page, f"{root}/new/create", cancel=root, hidden=hidden, fresh=True
        ),
        "device": device,
        "pool_name": name,
        "lines": lines_of(found["licences"], wanted),
        "added": lines_to_add(additions, adding),
        "steps_shown": steps(page, "review", device["code"], adds=bool(additions)),
        "back": {"action": f"{root}/new/change", "hidden": hidden},
        "command": shlex.join([*words, *as_options(wanted), *add_options(adding), "--output", "code.xml"]),
        "effects": (
            _("The licences are held for this device from now on, until it returns them."),
            _("The device uses them when the authorization code is installed on it."),
        ),
    }
    return Shown("reservation-review", _("Review the reservation"), "reservation_review.html", context, **within(page))


def change(page: Page) -> Answer:
    """The quantities again, as they were typed."""
    device = _device(page)
    additions = _additions(page, device["code"])
    adding, sound = read_additions(additions)
    return _licences(page, device, _rows(page, adding), additions) if sound else _inventory(page, device, additions)


def create(page: Page) -> Answer:
    """Reserve them and make the code."""
    server, device = cast("Central", page.server), _device(page)
    additions = _additions(page, device["code"])
    adding, sound = read_additions(additions)
    if not sound:
        return _inventory(page, device, additions)
    wanted, _sound = read_wanted(_rows(page, adding))
    named = page.parts["domain"], page.thing["name"], device["code"], wanted
    made = actions.create_reservation(page.unit, server.keyring, *named, adding=adding)
    return Moved(
        f"{root_of(page)}/reservations/{made.view['id']}", _("Licences reserved. Install the code on the device.")
    )


def _post(verb: str, handler: Any, **more: Any) -> Url:
    return Url("POST", f"{PATH}/new/{verb}", handler, MANAGE, "C6.1", load=find_pool, again=licences_page, **more)


URLS = (
    Url("GET", f"{PATH}/new", code_page, MANAGE, "C6.1", load=find_pool),
    Url("POST", f"{PATH}/new", read_code, MANAGE, "C6.1", form=Code, load=find_pool),
    Url("GET", f"{PATH}/new/inventory", inventory_page, MANAGE, "C6.1", load=find_pool),
    Url("GET", f"{PATH}/new/licences", licences_page, MANAGE, "C6.1", load=find_pool),
    _post("inventory", licences_page),
    _post("inventory/change", inventory_page),
    _post("licences", review),
    _post("change", change),
    _post("create", create, twin="create_reservation", grade=Grade.PREVIEW),
)

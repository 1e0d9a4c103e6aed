"""Updating a reservation: licences of the device to inventory, new quantities, review, the next authorization code; choosing another term is one (rows C6.3, C6.9)."""

from __future__ import annotations

import shlex
from typing import Any, cast

from pydantic import BaseModel

from central.actions import reservations as actions
from central.actions.adding import list_additions
from central.domain.reservations.errors import NothingReservedError
from central.runtime import Central
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
from central.ui.reservations.listed import MANAGE, ONE, about_one, at, find_one, newest_lines, not_updated
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.forms import Form
from serverkit.web.page import Page
from serverkit.web.texts import Words, _
from serverkit.web.urls import Grade, Url
from serverkit.web.wizard import StepView

TITLE = _("Update the reservation")


def steps(page: Page, at_step: str, *, adds: bool) -> list[StepView]:
    """The steps; those behind can be taken again. `adds`: the device brings licences that are not in the inventory."""
    first = ((*STEP, at(page.thing, "update")),) if adds else ()
    licences = ("licences", _("Licences"), f"{at(page.thing, 'update')}{'?step=licences' if adds else ''}")
    named = (*first, licences, ("review", _("Review"), ""), ("done", _("Code"), ""))
    here = [name for name, _title, _path in named].index(at_step)
    return [
        StepView(name, title, path if number < here else "", number < here)
        for number, (name, title, path) in enumerate(named)
    ]


def _additions(page: Page) -> list[Addition]:
    return addition_fields(page, list_additions(page.unit, page.thing["domain"], page.thing["instance"]))


def _rows(page: Page, adding: dict[str, int]) -> list[LicenceField]:
    one = page.thing
    offered = actions.list_offers(page.unit, one["domain"], one["virtual_account"], adding)
    return licence_fields(page, offered, one["held"])


def update_page(page: Page) -> Answer:
    """The first step: what the device brings, else the quantities as they are; while an update waits, the ways on."""
    one = page.thing
    if not_updated(one) is not None and page.refusal is None:
        return Moved(at(one), not_updated(one) or "")
    additions = _additions(page)
    adding, sound = read_additions(additions)
    first = not page.url.changes and page.query.get("step") != "licences"
    if additions and (first or not sound):
        return _inventory(page, additions)
    rows = _rows(page, adding)
    if page.url.changes and page.url.path != f"{ONE}/update/inventory":
        read_wanted(rows)
    return _licences(page, rows, additions)


def back_page(page: Page) -> Answer:
    """What the device brings, as it was typed."""
    additions = _additions(page)
    read_additions(additions)
    return _inventory(page, additions) if additions else update_page(page)


def _inventory(page: Page, additions: list[Addition]) -> Shown:
    one = page.thing
    device = {**one, "code": one["request_code"]}
    addresses = at(one, "update/inventory"), at(one)
    return addition_page(page, additions, device, steps(page, "inventory", adds=True), addresses, about_one(page))


def _licences(page: Page, rows: list[LicenceField], additions: list[Addition], note: Words = "") -> Shown:
    one = page.thing
    context = {
        "rows": rows,
        "device": {**one, "code": one["request_code"]},
        "note": note,
        "action": at(one, "update"),
        "kept": kept_additions(additions),
        "steps_shown": steps(page, "licences", adds=bool(additions)),
        "back": at(one),
        "back_to": at(one, "update/inventory/change") if additions else "",
        "updates": True,
    }
    status = 422 if note else 200
    return Shown("reservation-update", TITLE, "reservation_licences.html", context, status, **about_one(page))


def review(page: Page) -> Answer:
    """Show what the reservation would be; nothing is changed yet."""
    one, server, additions = page.thing, cast("Central", page.server), _additions(page)
    adding, sound = read_additions(additions)
    if not sound:
        return _inventory(page, additions)
    rows = _rows(page, adding)
    wanted, sound = read_wanted(rows)
    if not sound:
        return _licences(page, rows, additions, _("Some quantities need another value. Nothing was changed."))
    if not wanted:
        raise NothingReservedError("the update changes nothing, or leaves nothing reserved")
    found = actions.preview_update(page.unit, server.keyring, one["domain"], one["id"], wanted, adding)
    hidden = [*kept_additions(additions), *hidden_fields(rows)]
    options = [*as_options(wanted), *add_options(adding), "--output", "code.xml"]
    words = ["central", "reservation", "update", one["domain"], one["id"], *options]
    context = {
        "view": Form(BaseModel, _("Make authorization code")).view(
            page, at(one, "update/create"), cancel=at(one), hidden=hidden, fresh=True
        ),
        "device": {**one, "code": one["request_code"]},
        "pool_name": one["virtual_account"],
        "lines": lines_of(newest_lines(found), wanted),
        "added": lines_to_add(additions, adding),
        "steps_shown": steps(page, "review", adds=bool(additions)),
        "back": {"action": at(one, "update/change"), "hidden": hidden},
        "command": shlex.join(words),
        "effects": (
            _("What is raised is held at once."),
            _("What is lowered stays in transition until the confirmation code of the device is entered."),
        ),
    }
    return Shown(
        "reservation-update-review", _("Review the update"), "reservation_review.html", context, **about_one(page)
    )


def change(page: Page) -> Answer:
    """The quantities again, as they were typed."""
    additions = _additions(page)
    adding, sound = read_additions(additions)
    return _licences(page, _rows(page, adding), additions) if sound else _inventory(page, additions)


def update(page: Page) -> Answer:
    """Update it and make the next code."""
    one, server, additions = page.thing, cast("Central", page.server), _additions(page)
    adding, sound = read_additions(additions)
    if not sound:
        return _inventory(page, additions)
    wanted, _sound = read_wanted(_rows(page, adding))
    actions.update_reservation(page.unit, server.keyring, one["domain"], one["id"], wanted, adding)
    return Moved(at(one), _("Reservation updated. Install the new code on the device and enter its confirmation code."))


def _post(verb: str, handler: Any, **more: Any) -> Url:
    return Url("POST", f"{ONE}/{verb}", handler, MANAGE, "C6.3", load=find_one, again=update_page, **more)


URLS = (
    Url("GET", f"{ONE}/update", update_page, MANAGE, "C6.3", load=find_one),
    _post("update/inventory", update_page),
    _post("update/inventory/change", back_page),
    _post("update", review),
    _post("update/change", change),
    _post("update/create", update, twin="update_reservation", grade=Grade.PREVIEW),
)

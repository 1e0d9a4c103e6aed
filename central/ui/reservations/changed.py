"""Updating a reservation: new quantities, review, the next authorization code; choosing another term is one (rows C6.3, C6.9)."""

from __future__ import annotations

import shlex
from typing import Any, cast

from pydantic import BaseModel

from central.actions import reservations as actions
from central.domain.reservations.errors import NothingReservedError
from central.runtime import Central
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


def steps(page: Page, here: str) -> list[StepView]:
    """The steps; those behind can be taken again."""
    named = (("licences", _("Licences")), ("review", _("Review")), ("done", _("Code")))
    first = at(page.thing, "update") if here == "review" else ""
    return [
        StepView(name, title, first if number == 0 else "", number == 0 and here == "review")
        for number, (name, title) in enumerate(named)
    ]


def _rows(page: Page) -> list[LicenceField]:
    one = page.thing
    offered = actions.list_offers(page.unit, one["domain"], one["virtual_account"])
    return licence_fields(page, offered, one["held"])


def update_page(page: Page) -> Answer:
    """The quantities, as they are; while an update waits, the ways on."""
    one = page.thing
    if not_updated(one) is not None and page.refusal is None:
        return Moved(at(one), not_updated(one) or "")
    rows = _rows(page)
    if page.url.changes:
        read_wanted(rows)
    return _licences(page, rows)


def _licences(page: Page, rows: list[LicenceField], note: Words = "") -> Shown:
    one = page.thing
    context = {
        "rows": rows,
        "device": {**one, "code": one["request_code"]},
        "note": note,
        "action": at(one, "update"),
        "kept": [],
        "steps_shown": steps(page, "licences"),
        "back": at(one),
        "updates": True,
    }
    status = 422 if note else 200
    return Shown("reservation-update", TITLE, "reservation_licences.html", context, status, **about_one(page))


def review(page: Page) -> Answer:
    """Show what the reservation would be; nothing is changed yet."""
    one, rows, server = page.thing, _rows(page), cast("Central", page.server)
    wanted, sound = read_wanted(rows)
    if not sound:
        return _licences(page, rows, _("Some quantities need another value. Nothing was changed."))
    if not wanted:
        raise NothingReservedError("the update changes nothing, or leaves nothing reserved")
    found = actions.preview_update(page.unit, server.keyring, one["domain"], one["id"], wanted)
    hidden = hidden_fields(rows)
    words = ["central", "reservation", "update", one["domain"], one["id"], *as_options(wanted), "--output", "code.xml"]
    context = {
        "view": Form(BaseModel, _("Make authorization code")).view(
            page, at(one, "update/create"), cancel=at(one), hidden=hidden, fresh=True
        ),
        "device": {**one, "code": one["request_code"]},
        "pool_name": one["virtual_account"],
        "lines": lines_of(newest_lines(found), wanted),
        "steps_shown": steps(page, "review"),
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
    return _licences(page, _rows(page))


def update(page: Page) -> Answer:
    """Update it and make the next code."""
    one, server = page.thing, cast("Central", page.server)
    wanted, _sound = read_wanted(_rows(page))
    actions.update_reservation(page.unit, server.keyring, one["domain"], one["id"], wanted)
    return Moved(at(one), _("Reservation updated. Install the new code on the device and enter its confirmation code."))


def _post(verb: str, handler: Any, **more: Any) -> Url:
    return Url("POST", f"{ONE}/{verb}", handler, MANAGE, "C6.3", load=find_one, again=update_page, **more)


URLS = (
    Url("GET", f"{ONE}/update", update_page, MANAGE, "C6.3", load=find_one),
    _post("update", review),
    _post("update/change", change),
    _post("update/create", update, twin="update_reservation", grade=Grade.PREVIEW),
)

"""Rehosting a failed device in steps: request code of the replacement, review, code; resetting its alert (row C6.7)."""

from __future__ import annotations

import shlex
from typing import Any, cast

from pydantic import BaseModel, Field

from central.actions import reservations as actions
from central.runtime import Central
from central.ui.general import root_of
from central.ui.reservations.fields import lines_of
from central.ui.reservations.listed import MANAGE, ONE, about_one, at, find_one, not_rehosted, units_of
from central.ui.reservations.made import MOST_CODE
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.forms import Form, Ui
from serverkit.web.page import Page
from serverkit.web.texts import Words, _
from serverkit.web.urls import Grade, Url
from serverkit.web.wizard import StepView

TITLE = _("Rehost a failed device")


class Replacement(BaseModel):
    """The device that replaces a failed one."""

    request_code: str = Field(max_length=MOST_CODE)
    notes: str = Field(default="", max_length=1000)


REHOST = Form(
    Replacement,
    _("Continue"),
    {
        "request_code": Ui(
            _("Request code of the replacement"), _("As the new device shows it."), kind="textarea", mono=True
        ),
        "notes": Ui(
            _("Notes"), _("Such as why, and which device replaces it; kept with both devices."), kind="textarea"
        ),
    },
)


def steps(page: Page, here: str) -> list[StepView]:
    """The steps; those behind can be taken again."""
    named = (("code", _("Request code")), ("review", _("Review")), ("done", _("Code")))
    later = here == "review"
    return [
        StepView(name, title, at(page.thing, "rehost") if name == "code" and later else "", name == "code" and later)
        for name, title in named
    ]


def code_page(page: Page) -> Answer:
    """The request code of the replacement."""
    off = not_rehosted(page.thing)
    if off is not None and page.refusal is None:
        return Moved(at(page.thing), off)
    view = REHOST.view(page, at(page.thing, "rehost"), cancel=at(page.thing))
    context = {"view": view, "steps_shown": steps(page, "code"), "refused": off, "back": at(page.thing)}
    context["lead"] = _("{device} reserves {units}. Its replacement is to reserve the same.", **_named(page))
    return Shown("reservation-rehost", TITLE, "reservation_new.html", context, **about_one(page))


def _named(page: Page) -> dict[str, Words]:
    return {"device": page.thing["device"], "units": units_of(page.thing["licences"])}


def review(page: Page) -> Answer:
    """Show what the replacement would reserve, and what falls short; nothing is reserved yet."""
    one, read, server = page.thing, cast("Replacement", page.read), cast("Central", page.server)
    found = actions.preview_rehost(page.unit, server.keyring, one["domain"], one["id"], read.request_code, read.notes)
    hidden = [("request_code", read.request_code), ("notes", read.notes)]
    effects = [
        _("The failed device stays, marked as pending removal, until its return code is entered."),
        *([_short(found)] if found["missing"] else [_("All units are free: nothing falls short.")]),
    ]
    words = ["central", "reservation", "rehost", one["domain"], one["id"], "--request-code", read.request_code]
    notes = ["--notes", read.notes] if read.notes else []
    context = {
        "view": Form(BaseModel, _("Make authorization code")).view(
            page, at(one, "rehost/create"), cancel=at(one), hidden=hidden, fresh=True
        ),
        "device": actions.device_named(found["request_code"]),
        "pool_name": one["virtual_account"],
        "added": [],
        "lines": lines_of(found["licences"]),
        "steps_shown": steps(page, "review"),
        "back": {"action": at(one, "rehost/change"), "hidden": hidden},
        "command": shlex.join([*words, *notes, "--output", "code.xml"]),
        "effects": effects,
    }
    return Shown(
        "reservation-rehost-review", _("Review the rehost"), "reservation_review.html", context, **about_one(page)
    )


def _short(found: dict[str, Any]) -> Words:
    names = {line["tag"]: line["name"] for line in found["licences"]}
    short = ", ".join(f"{count} {names.get(tag, tag)}" for tag, count in sorted(found["missing"].items()))
    return _(
        "{short} more than there are: allowed, as {pending} of at most {most} failed devices are not returned yet.",
        short=short,
        pending=found["not_returned"],
        most=found["most"],
    )


def change(page: Page) -> Answer:
    """The form again, as it was typed."""
    page.typed_again = True
    return code_page(page)


def rehost(page: Page) -> Answer:
    """Reserve for the replacement and make its code."""
    one, read, server = page.thing, cast("Replacement", page.read), cast("Central", page.server)
    made = actions.rehost_reservation(
        page.unit, server.keyring, one["domain"], one["id"], read.request_code, read.notes
    )
    return Moved(f"{root_of(page)}/reservations/{made.view['id']}", _("Rehosted. Install the code on the replacement."))


def reset_page(page: Page) -> Answer:
    """Ask before the mark of a failed device goes."""
    if not page.thing["pending_removal"] and page.refusal is None:
        return Moved(at(page.thing), _("It has no such alert."))
    view = Form(BaseModel, _("Reset alert")).view(page, at(page.thing, "reset"), cancel=at(page.thing))
    effect = _("The mark goes; for the quota of the virtual account the failed device counts until it is returned.")
    context = {
        "view": view,
        "effect": effect,
        "about": ((_("Device"), page.thing["device"]),),
        "back": at(page.thing),
        "reasons": (),
        "command": f"central reservation reset-alert {page.thing['domain']} {page.thing['id']}",
    }
    return Shown("reservation-reset", _("Reset alert"), "change.html", context, **about_one(page))


def reset(page: Page) -> Answer:
    """Take it off."""
    actions.reset_rehost_alert(page.unit, page.thing["domain"], page.thing["id"])
    return Moved(at(page.thing), _("Alert reset."))


def _post(verb: str, handler: Any, **more: Any) -> Url:
    return Url("POST", f"{ONE}/{verb}", handler, MANAGE, "C6.7", load=find_one, **more)


URLS = (
    Url("GET", f"{ONE}/rehost", code_page, MANAGE, "C6.7", load=find_one),
    _post("rehost", review, form=Replacement),
    _post("rehost/change", change, form=Replacement, again=code_page),
    _post("rehost/create", rehost, form=Replacement, again=code_page, twin="rehost_reservation", grade=Grade.PREVIEW),
    Url("GET", f"{ONE}/reset", reset_page, MANAGE, "C6.7", load=find_one),
    _post("reset", reset, twin="reset_rehost_alert"),
)

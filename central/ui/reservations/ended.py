"""Confirming, cancelling an update, returning and releasing a reservation (rows C6.3, C6.4, C6.5, C6.7)."""

from __future__ import annotations

from typing import Any, cast

from pydantic import BaseModel, Field

from central.actions import reservations as actions
from central.domain.access.rules import Permission
from central.ui.general import root_of
from central.ui.reservations.listed import (
    MANAGE,
    ONE,
    about_one,
    at,
    find_one,
    newest_lines,
    not_confirmed,
    not_returned,
    units_of,
)
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.forms import Form, FormView, Ui
from serverkit.web.page import Page
from serverkit.web.texts import Words, _
from serverkit.web.urls import Grade, Url


class DeviceCode(BaseModel):
    """A code that the device shows."""

    code: str = Field(max_length=400)


class Reason(BaseModel):
    """Why the vendor releases a reservation."""

    reason: str = Field(max_length=1000)


CONFIRM = Form(
    DeviceCode,
    _("Confirm"),
    {
        "code": Ui(
            _("Confirmation code"), _("The device shows it after the installation: `agent reserve confirm`."), mono=True
        )
    },
)
RETURN = Form(
    DeviceCode,
    _("Remove device and free its licences"),
    {
        "code": Ui(
            _("Return code"), _("The device shows it when it gives its licences up: `agent reserve return`."), mono=True
        )
    },
)
RELEASE = Form(Reason, _("Release"), {"reason": Ui(_("Reason"), _("It is kept in the event log."))})
CANCEL = Form(BaseModel, _("Cancel the update"))


def _shown(page: Page, verb: str, title: Words, view: FormView, effect: Words, command: str) -> Answer:
    one = page.thing
    about = ((_("Device"), one["device"]), (_("Licences"), units_of(newest_lines(one))))
    context = {"view": view, "effect": effect, "about": about, "back": at(one), "reasons": (), "command": command}
    return Shown(f"reservation-{verb}", title, "change.html", context, **about_one(page))


def _command(page: Page, words: str) -> str:
    verb, _blank, more = words.partition(" ")
    return f"central reservation {verb} {page.thing['domain']} {page.thing['id']} {more}".rstrip()


def confirm_page(page: Page) -> Answer:
    """The confirmation code of the device."""
    off = not_confirmed(page.thing)
    if off is not None and page.refusal is None:
        return Moved(at(page.thing), off)
    view = CONFIRM.view(page, at(page.thing, "confirm"), cancel=at(page.thing))
    effect = _("The code proves that the newest authorization is installed. What the device gave up is free then.")
    return _shown(
        page, "confirm", _("Enter the confirmation code"), view, effect, _command(page, "confirm --code CODE")
    )


def confirm(page: Page) -> Answer:
    """Enter it."""
    actions.confirm_reservation(page.unit, page.thing["domain"], page.thing["id"], cast("DeviceCode", page.read).code)
    return Moved(at(page.thing), _("Confirmed: the device uses what is reserved for it."))


def return_page(page: Page) -> Answer:
    """The return code of the device."""
    off = not_returned(page.thing)
    if off is not None and page.refusal is None:
        return Moved(at(page.thing), off)
    view = RETURN.view(page, at(page.thing, "return"), cancel=at(page.thing), cancel_words=_("Keep it"), danger=True)
    effect = _("The device leaves the account and its licences are free; reporting-only ones are gone.")
    return _shown(page, "return", _("Remove by return code"), view, effect, _command(page, "return --code CODE"))


def enter_return(page: Page) -> Answer:
    """Enter it; the device goes."""
    actions.return_reservation(page.unit, page.thing["domain"], page.thing["id"], cast("DeviceCode", page.read).code)
    return Moved(f"{root_of(page)}/reservations", _("Returned: the licences are free again."))


def cancel_page(page: Page) -> Answer:
    """Ask before an update is cancelled that was never installed."""
    one = page.thing
    if not one["pending"] and page.refusal is None:
        return Moved(at(one), _("No update waits."))
    view = CANCEL.view(
        page, at(one, "cancel"), cancel=at(one), cancel_words=_("Keep it"), danger=True, typed_name=one["device"]
    )
    effect = _("Only where its code was never installed: a device that has it would use more than is held for it.")
    return _shown(page, "cancel", _("Cancel the update"), view, effect, _command(page, "cancel"))


def cancel(page: Page) -> Answer:
    """Cancel it."""
    actions.cancel_update(page.unit, page.thing["domain"], page.thing["id"])
    return Moved(at(page.thing), _("Update cancelled: what was reserved before holds."))


def release_page(page: Page) -> Answer:
    """Ask before what a lost device holds is freed."""
    one = page.thing
    if one["state"] != "active" and page.refusal is None:
        return Moved(at(one), _("It has ended."))
    view = RELEASE.view(
        page, at(one, "release"), cancel=at(one), cancel_words=_("Keep it"), danger=True, typed_name=one["device"]
    )
    effect = _("Only for a device that is lost or broken: one that still runs continues to use what is released.")
    return _shown(
        page, "release", _("Release without a return code"), view, effect, _command(page, "release --reason TEXT")
    )


def release(page: Page) -> Answer:
    """Release it."""
    actions.release_reservation(page.unit, page.thing["domain"], page.thing["id"], cast("Reason", page.read).reason)
    return Moved(f"{root_of(page)}/reservations", _("Released. Enter the return code if the device is found."))


def _both(verb: str, show: Any, do: Any, row: str, twin: str, permission: Any = MANAGE, **more: Any) -> list[Url]:
    path = f"{ONE}/{verb}"
    return [
        Url("GET", path, show, permission, row, load=find_one),
        Url("POST", path, do, permission, row, load=find_one, twin=twin, **more),
    ]


def _device(page: Page) -> str:
    return str(page.thing["device"])


_TYPED: dict[str, Any] = {"grade": Grade.TYPED, "names": _device, "fresh": True}
URLS = (
    *_both("confirm", confirm_page, confirm, "C6.4", "confirm_reservation", form=DeviceCode),
    *_both("return", return_page, enter_return, "C6.5", "return_reservation", form=DeviceCode, grade=Grade.DIALOG),
    *_both("cancel", cancel_page, cancel, "C6.3", "cancel_reservation_update", Permission.RESERVATION_CANCEL, **_TYPED),
    *_both(
        "release",
        release_page,
        release,
        "C6.7",
        "release_reservation",
        Permission.RESERVATION_RELEASE,
        form=Reason,
        **_TYPED,
    ),
)

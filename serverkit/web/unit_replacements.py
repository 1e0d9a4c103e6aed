"""Pages that put a machine in the place of a unit of a product instance, alike in both consoles (row S4.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field

from serverkit.web.answers import Answer, Shown
from serverkit.web.forms import Choice, Form, Ui
from serverkit.web.instance_words import units_words
from serverkit.web.page import Page
from serverkit.web.tables import Item
from serverkit.web.texts import Text, Words, _
from serverkit.web.urls import Grade, Handler, Url


class Replacement(BaseModel):
    """The unit that is replaced, by its serial number, and the machine that takes its place."""

    unit: str = Field(max_length=255)
    pid: str = Field(min_length=1, max_length=255)
    serial: str = Field(min_length=1, max_length=255)
    uuid: str = Field(default="", max_length=255)


FORM = Form(
    Replacement,
    _("Preview replacement"),
    {
        "unit": Ui(_("Unit that is replaced"), kind="select"),
        "pid": Ui(_("Product of the new machine"), _("Its PID, as it is printed on the machine."), mono=True),
        "serial": Ui(_("Serial number of the new machine"), mono=True),
        "uuid": Ui(_("UUID of the new machine"), _("Only where the product shows one."), mono=True),
    },
)


def choose(page: Page, one: Item, path: str, **within: Any) -> Answer:
    """Ask which machine takes the place of which unit."""
    units = [
        (one["pid"], one["serial"], _("active")),
        *((i["pid"], i["serial"], _("standby")) for i in one["standbys"]),
    ]
    choices = [
        Choice(serial, _("{pid} {serial}, {role}", pid=pid, serial=serial, role=role)) for pid, serial, role in units
    ]
    view = FORM.view(
        page,
        f"{path}/replace",
        values={"unit": one["serial"], "pid": one["pid"]},
        choices={"unit": choices},
        cancel=path,
    )
    context = {
        "view": view,
        "effect": _(
            "The product instance stays, with its name, notes and log; another machine takes the place of a unit."
        ),
    }
    return Shown("instance-replace", title_of(one), "confirm.html", context, **within)


def preview(page: Page, one: Item, path: str, read: Replacement, found: Mapping[str, Any], **within: Any) -> Answer:
    """Say what the replacement does; `found` is the preview of the action."""
    form = Form(BaseModel, _("Replace unit"))
    hidden = (*((name, getattr(read, name)) for name in Replacement.model_fields), ("step", "act"))
    view = form.view(page, f"{path}/replace", cancel=path, cancel_words=_("Leave it"), hidden=hidden)
    freed = ", ".join(str(units_words(units["count"], units["name"])) for units in found["freed"])
    effects: list[Words] = [
        _("The replaced unit is deregistered: its key is not answered any more."),
        _("Register the new machine with a token of {place}.", place=one["virtual_account"]),
        _("Restricted licences stay held by the former key; the new machine requests its own."),
    ]
    if freed:
        effects.insert(1, _("Until the new machine registers, these units are free: {units}.", units=freed))
    context = {
        "view": view,
        "effect": _("{old} is replaced by {new}.", old=found["replaced"], new=found["by"]),
        "effects": effects,
    }
    return Shown("instance-replace-preview", title_of(one), "confirm.html", context, **within)


def done(found: Mapping[str, Any]) -> Text:
    """What is said afterwards."""
    return _("{old} is replaced by {new}. Register the new machine now.", old=found["replaced"], new=found["by"])


def replacement_urls(
    path: str, ask: Handler, act: Handler, permission: StrEnum, load: Callable[[Page], Item]
) -> tuple[Url, ...]:
    """The form and the change, below the address of an instance."""
    form = Url("GET", path, ask, permission, "S4.1", load=load)
    change = Url(
        "POST", path, act, permission, "S4.1", form=Replacement, load=load, twin="replace_unit", grade=Grade.PREVIEW
    )
    return form, change


def title_of(one: Item) -> Text:
    """The title of its pages."""
    return _("Replace a unit of {name}", name=one["name"])

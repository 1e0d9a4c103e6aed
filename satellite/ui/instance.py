"""One product instance: details, transfer with its preview, removal with its confirmation (row S3.2)."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import quote

from pydantic import BaseModel

from satellite.actions import instances as actions
from satellite.actions.event_log import list_event_window
from satellite.ui.event_words import by_words, said
from satellite.ui.instances import (
    LIST,
    MANAGE,
    TRANSFER,
    Transfer,
    already_there,
    removal_effect,
    target_of,
    transfer_effect,
    why_not_removed,
)
from satellite.ui.pages import licence_path, listed, places, units
from serverkit.db.windows import Part
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.forms import Form
from serverkit.web.instance_words import mark_words, state_words, used_words
from serverkit.web.page import Page
from serverkit.web.refusals import Refusal
from serverkit.web.tables import Item
from serverkit.web.texts import Text, _
from serverkit.web.urls import SIGNED_IN, Grade, Url

NEWEST = 20


def find_instance(page: Page) -> dict[str, Any]:
    """The instance of the address; UnknownInstanceError."""
    return actions.show_details(page.unit, page.parts["id"])


def details_page(page: Page) -> Answer:
    """Everything that is known of an instance."""
    one = page.thing
    events = list_event_window(page.unit, Part(most=NEWEST, filters={"instance": one["id"]}))
    context = {
        "one": one,
        "state": state_words(one),
        "marks": [mark_words(mark) for mark in one["marks"]],
        "uses": [{**used, "why": f"{licence_path({**one, **used})}/why"} for used in one["licences"]],
        "events": [{**event, "message": said(event), "by": by_words(event)} for event in events.items],
        "more_events": events.next is not None,
        "why_not_removed": why_not_removed(one),
        "manages": page.may(MANAGE),
    }
    return Shown(
        "instance", one["name"], "instance.html", context, crumbs=LIST, nav="instances", help="portal#product-instances"
    )


def transfer_page(page: Page) -> Answer:
    """Choose where an instance goes."""
    one = page.thing
    offered = [choice for choice in places(page) if choice.value != one["virtual_account_id"]]
    first = {"virtual_account": offered[0].value} if offered else {}
    path = f"/instances/{one['id']}/transfer"
    view = TRANSFER.view(
        page, path, choices={"virtual_account": offered}, values=first, cancel=f"/instances/{one['id']}"
    )
    used = listed([units(used["count"], used["name"]) for used in one["licences"]])
    about = [(_("Now in"), one["virtual_account"]), (_("Uses"), used or _("no licence"))]
    context = {"view": view, "about": about, "one": one, "offered": bool(offered)}
    return Shown("instance-transfer", _title_of_transfer(one), "instance_transfer.html", context, **within(one))


def transfer(page: Page) -> Answer:
    """Preview a transfer; with `step=act` carry it out."""
    one, read = page.thing, cast("Transfer", page.read)
    target = target_of(page, read.virtual_account)
    found = actions.preview_transfers(page.unit, [one["id"]], target)[0]
    path = f"/instances/{one['id']}"
    if page.sent.get("step") == "act":
        actions.transfer_instance(page.unit, one["id"], target)
        return Moved(path, _("{name} is in {place} now.", name=one["name"], place=target))
    form = Form(BaseModel, _("Transfer to {place}", place=target))
    hidden = (("virtual_account", read.virtual_account), ("step", "act"))
    view = form.view(page, f"{path}/transfer", cancel=path, cancel_words=_("Leave it"), hidden=hidden)
    context = {
        "view": view,
        "effect": already_there(found, target) or transfer_effect(found, target),
        "effects": [
            _("The device gets it at its next contact."),
            _("Both virtual accounts tell of it in the event log."),
        ],
        "about": (),
        "nothing": already_there(found, target) is not None,
    }
    return Shown("instance-transfer-preview", _title_of_transfer(one), "confirm.html", context, **within(one))


def remove_page(page: Page) -> Answer:
    """Ask before an instance is removed; one that has to stay says why."""
    one = page.thing
    found = actions.preview_removals(page.unit, [one["id"]])[0]
    path = f"/instances/{one['id']}"
    form = Form(BaseModel, _("Remove instance"))
    view = form.view(page, f"{path}/remove", cancel=path, cancel_words=_("Keep it"), danger=True)
    reasons = found.verdict.verdict.reasons
    refusal = Refusal.of(reasons[0]) if reasons else None
    context = {
        "view": view,
        "effect": _("Remove {name}? {effect}", name=one["name"], effect=removal_effect(found)),
        "effects": (),
        "about": ((_("Virtual account"), one["virtual_account"]), (_("Serial"), one["serial"])),
        "refused": refusal,
        "held": used_words(found.held),
        "back": path,
    }
    title = _("Remove {name}", name=one["name"])
    return Shown("instance-remove", title, "instance_remove.html", context, **within(one))


def remove(page: Page) -> Answer:
    """Remove an instance."""
    actions.remove_instance(page.unit, page.thing["id"])
    return Moved("/instances", _("{name} is removed.", name=page.thing["name"]))


def _title_of_transfer(one: Item) -> Text:
    return _("Transfer {name}", name=one["name"])


def within(one: Item) -> dict[str, Any]:
    """Where a page of the instance stands."""
    crumbs = (*LIST, (one["name"], f"/instances/{quote(one['id'], safe='')}"))
    return {"crumbs": crumbs, "nav": "instances", "help": "portal#product-instances"}


URLS = (
    Url("GET", "/instances/{id}", details_page, SIGNED_IN, "S3.2", load=find_instance),
    Url("GET", "/instances/{id}/transfer", transfer_page, MANAGE, "S3.2", load=find_instance),
    Url(
        "POST",
        "/instances/{id}/transfer",
        transfer,
        MANAGE,
        "S3.2",
        form=Transfer,
        load=find_instance,
        twin="transfer_instance",
        grade=Grade.PREVIEW,
    ),
    Url("GET", "/instances/{id}/remove", remove_page, MANAGE, "S3.2", load=find_instance),
    Url(
        "POST",
        "/instances/{id}/remove",
        remove,
        MANAGE,
        "S3.2",
        load=find_instance,
        twin="remove_instance",
        grade=Grade.DIALOG,
    ),
)

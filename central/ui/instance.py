"""One product instance: details, event log, transfer with what moves along, removal (rows C7.1, C7.2, C7.3)."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import quote

from pydantic import BaseModel, Field

from central.actions import instances as actions
from central.actions.adding import list_additions
from central.actions.event_log import list_event_window
from central.actions.instance_details import HELD, RESERVED, USED, authorization_of, show_instance_details
from central.actions.instance_plans import plan_removals, plan_transfers
from central.runtime import Central
from central.ui.event_words import said
from central.ui.instances import (
    LOOK,
    MANAGE,
    PATH,
    TRANSFER,
    Transfer,
    already_there,
    managed,
    one_path,
    removal_effect,
    state_words,
    target_of,
    targets,
    transfer_effect,
)
from serverkit.web.answers import Answer, Moved, Sent, Shown
from serverkit.web.forms import Form, Ui
from serverkit.web.instance_words import mark_words, units_words, used_words
from serverkit.web.page import Page
from serverkit.web.refusals import Refusal
from serverkit.web.table_pages import table_page
from serverkit.web.tables import Column, Empty, Filter, Ident, Item, Moment, Rows, Table, Wanted
from serverkit.web.texts import Text, Words, _
from serverkit.web.urls import Grade, Url
from serverkit.web.windowed import rows_of

ONE = f"{PATH}/{{id}}"
HELP = "central-portal#product-instances"
HOW: dict[str, Words] = {USED: _("in use"), HELD: _("held, restricted"), RESERVED: _("reserved by code")}


def find_instance(page: Page) -> dict[str, Any]:
    """The instance of the address; UnknownInstanceError."""
    return show_instance_details(page.unit, page.parts["domain"], page.parts["id"], page.parts["number"])


def expires(one: dict[str, Any]) -> Words:
    """When a licence ends: never, on a day, or in several terms."""
    known: dict[str, Words] = {"never": _("never"), "multiple": _("multiple terms"), "": "–"}
    return known.get(one["expires"], str(one["expires"]))


def list_path(page: Page) -> str:
    """The address of the list that the page belongs to."""
    return f"/a/{page.parts['domain']}/va/{page.parts['number']}/instances"


def own_path(page: Page, verb: str = "") -> str:
    """The address of this instance at the place of the page."""
    path = f"{list_path(page)}/{quote(page.parts['id'], safe='')}"
    return f"{path}/{verb}" if verb else path


def instance_tabs(page: Page, current: str) -> dict[str, Any]:
    """The tabs of an instance."""
    items = (("overview", _("Overview"), own_path(page)), ("log", _("Event log"), own_path(page, "events")))
    return {"tab_items": items, "tab": current, "tab_label": _("Parts of the product instance")}


def details_page(page: Page) -> Answer:
    """Everything that is known of an instance."""
    one = page.thing
    context = {
        "one": one,
        "path": own_path(page),
        "state": state_words(one),
        "marks": [mark_words(mark) for mark in one["marks"]],
        "uses": [{**used, "in_words": expires(used), "way": HOW[used["how"]]} for used in one["licences"]],
        "managed": managed(one),
        "manages": page.may(MANAGE),
        "brings": bool(list_additions(page.unit, one["domain"], one["id"], page.parts["number"])),
        "alerts": f"/a/{one['domain']}/alerts",
        "reservation": _reservation_path(one),
        **instance_tabs(page, "overview"),
    }
    return Shown("instance", one["name"], "instance.html", context, **within(page, deep=False))


def _reservation_path(one: Item) -> str:
    """The page of the reservation of the device; empty where it has none."""
    found = one["reservation"]
    return f"/a/{one['domain']}/va/{one['number']}/reservations/{found['id']}" if found else ""


def event_rows(page: Page, wanted: Wanted) -> Rows:
    """The events of the instance."""

    def listed(unit: Any, part: Any) -> Any:
        return list_event_window(unit, page.parts["domain"], None, part)

    return rows_of(page, listed, wanted, instance=page.parts["id"])


EVENTS = Table(
    "instance-events",
    _("Event log"),
    f"{ONE}/events",
    (
        Column("message", _("What happened"), value=said, fixed=True, phone=True),
        Moment("at", _("Time"), sort=True, phone=True),
        Column("actor", _("By")),
        Ident("kind", _("Kind"), shown=False),
    ),
    event_rows,
    sort="-at",
    filters=(Filter("q", _("Text, person or kind"), "text"),),
    empty=Empty(_("No events yet"), _("What the device does, and what is done about it, is written here.")),
)


def events_page(page: Page) -> Answer:
    """The event log of the instance."""
    title = _("Event log of {name}", name=page.thing["name"])
    context = instance_tabs(page, "log")
    return table_page(page, EVENTS, template="tabbed.html", context=context, title=title, **within(page))


def authorization(page: Page) -> Answer:
    """The authorization code of a device with reserved licences as a file."""
    code = authorization_of(page.unit, page.parts["domain"], page.parts["number"], page.parts["id"])
    return Sent("authorization-code.xml", "application/xml", [code.encode()])


def transfer_page(page: Page) -> Answer:
    """Choose where an instance goes; restricted and reserved licences, which move along, come first."""
    one = page.thing
    offered = [choice for choice in targets(page) if choice.value != one["virtual_account_id"]]
    first = {"virtual_account": offered[0].value} if offered else {}
    path = own_path(page)
    view = TRANSFER.view(page, f"{path}/transfer", choices={"virtual_account": offered}, values=first, cancel=path)
    context = {
        "view": view,
        "one": one,
        "path": path,
        "offered": bool(offered),
        "managed": managed(one),
        "moving": [{**used, "in_words": expires(used)} for used in one["licences"] if used["how"] != USED],
        "staying": [used for used in one["licences"] if used["how"] == USED],
    }
    return Shown("instance-transfer", _title_of_transfer(one), "instance_transfer.html", context, **within(page))


def transfer(page: Page) -> Answer:
    """Preview a transfer; with `step=act` carry it out."""
    one, read = page.thing, cast("Transfer", page.read)
    domain, target = page.parts["domain"], target_of(page, read.virtual_account)
    found = plan_transfers(page.unit, domain, [one["id"]], target)[0]
    found.verdict.enforce()
    path = own_path(page)
    if page.sent.get("step") == "act":
        actions.transfer_instance(page.unit, domain, one["id"], target)
        there = show_instance_details(page.unit, domain, one["id"])
        return Moved(one_path(there), _("{name} is in {place} now.", name=one["name"], place=target))
    form = Form(BaseModel, _("Transfer to {place}", place=target))
    hidden = (("virtual_account", read.virtual_account), ("step", "act"))
    view = form.view(page, f"{path}/transfer", cancel=path, cancel_words=_("Leave it"), hidden=hidden)
    there_already = already_there(found, target)
    effects: list[Words] = [_("Both virtual accounts tell of it in the event log.")]
    if found.of(HELD, RESERVED):
        effects.insert(
            0, _("These stay assigned to it and move along: {units}.", units=used_words(found.of(HELD, RESERVED)))
        )
    context = {
        "view": view,
        "effect": there_already or transfer_effect(found, target),
        "effects": effects,
        "about": (),
        "nothing": there_already is not None,
    }
    return Shown("instance-transfer-preview", _title_of_transfer(one), "confirm.html", context, **within(page))


class Removal(BaseModel):
    """What a removal needs: the return code of a device with reserved licences."""

    return_code: str = Field(default="", max_length=400)


REMOVE = Form(BaseModel, _("Remove instance"))
RETURN = Form(
    Removal,
    _("Remove instance"),
    {
        "return_code": Ui(
            _("Return code"), _("The device shows it when its reservation is returned."), mono=True, required=True
        )
    },
)
RELEASE = Form(BaseModel, _("Release them"))


def remove_page(page: Page) -> Answer:
    """Ask before an instance is removed; one that has to stay says why, and what can be released without it."""
    one, path = page.thing, own_path(page)
    found = plan_removals(page.unit, page.parts["domain"], [one["id"]])[0]
    coded = bool(found.verdict.reasons) and found.verdict.reasons[0].code == "return_code_needed"
    stays = bool(found.verdict.reasons) and not coded
    releasable = stays and found.rest is not None and found.rest.allowed
    form, verb = (RELEASE, "release") if stays else (RETURN if coded else REMOVE, "remove")
    view = form.view(page, f"{path}/{verb}", cancel=path, cancel_words=_("Keep it"), danger=not stays)
    context = {
        "view": view,
        "effect": _("Remove {name}? {effect}", name=one["name"], effect=removal_effect(found)),
        "refused": Refusal.of(found.verdict.reasons[0]) if stays else None,
        "held": used_words(found.of(HELD)),
        "others": used_words(found.of(USED)),
        "releasable": releasable,
        "managed": one["managed_by"] is not None,
        "about": ((_("Virtual account"), one["virtual_account"]), (_("Serial"), one["serial"])),
        "back": path,
    }
    title = _("Remove {name}", name=one["name"])
    return Shown("instance-remove", title, "instance_remove.html", context, **within(page))


def remove(page: Page) -> Answer:
    """Remove an instance."""
    server, read = cast("Central", page.server), cast("Removal", page.read)
    code = read.return_code
    actions.remove_instance(page.unit, server.keyring, page.parts["domain"], page.thing["id"], return_code=code)
    return Moved(list_path(page), _("{name} is removed.", name=page.thing["name"]))


def release(page: Page) -> Answer:
    """Release the unrestricted licences of an instance that holds restricted ones."""
    found = actions.release_unrestricted(page.unit, page.parts["domain"], page.thing["id"])
    names = ", ".join(str(units_words(one["count"], one["name"])) for one in found["freed"])
    return Moved(own_path(page), _("Released: {units}.", units=names))


def _title_of_transfer(one: Item) -> Text:
    return _("Transfer {name}", name=one["name"])


def within(page: Page, *, deep: bool = True) -> dict[str, Any]:
    """Where a page of the instance stands."""
    crumbs: tuple[tuple[Words, str], ...] = ((_("Product instances"), list_path(page)),)
    if deep:
        crumbs = (*crumbs, (page.thing["name"], own_path(page)))
    return {"crumbs": crumbs, "nav": "virtual-accounts", "help": HELP}


def _url(method: str, verb: str, handler: Any, permission: Any, row: str, **more: Any) -> Url:
    path = f"{ONE}/{verb}" if verb else ONE
    return Url(method, path, handler, permission, row, load=find_instance, **more)


URLS = (
    _url("GET", "", details_page, LOOK, "C7.1"),
    _url("GET", "events", events_page, LOOK, "C7.1", table=EVENTS),
    _url("GET", "authorization", authorization, LOOK, "C7.1"),
    _url("GET", "transfer", transfer_page, MANAGE, "C7.2"),
    _url("POST", "transfer", transfer, MANAGE, "C7.2", form=Transfer, twin="transfer_instance", grade=Grade.PREVIEW),
    _url("GET", "remove", remove_page, MANAGE, "C7.3"),
    _url("POST", "remove", remove, MANAGE, "C7.3", form=Removal, twin="remove_instance", grade=Grade.DIALOG),
    _url(
        "POST", "release", release, MANAGE, "C7.3", again=remove_page, twin="release_unrestricted", grade=Grade.DIALOG
    ),
)

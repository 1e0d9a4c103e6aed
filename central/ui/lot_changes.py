"""Licences that the vendor adds and removes by hand (row C12.4)."""

from __future__ import annotations

from typing import Any, cast

from pydantic import BaseModel, Field

from central.actions import lot_changes as actions
from central.actions.virtual_accounts import list_places
from central.domain.access.rules import Permission
from central.ui.lots import LOTS_PATH
from central.ui.virtual_accounts import find_pool
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.formats import balance
from serverkit.web.forms import Choice, Form, Ui
from serverkit.web.licence_pages import BILLING, TYPES
from serverkit.web.page import Page
from serverkit.web.texts import _, ngettext
from serverkit.web.urls import Grade, Url

MANAGE = Permission.LICENCE_MANAGE
ADD_PATH, REMOVE_PATH = "/a/{domain}/licences/add", f"{LOTS_PATH}/{{lot}}/remove"


class NewLot(BaseModel):
    """A lot to be added."""

    virtual_account: str
    licence: str = Field(max_length=255)
    quantity: int = Field(ge=1, le=1_000_000_000)
    type: str = "perpetual"
    billing: str = "prepaid"
    start: str = Field(default="", max_length=32)
    end: str = Field(default="", max_length=32)
    sku: str = Field(default="", max_length=255)
    subscription_id: str = Field(default="", max_length=255)
    note: str = Field(max_length=1000)


class Removal(BaseModel):
    """Units to be removed."""

    quantity: int = Field(ge=1, le=1_000_000_000)
    note: str = Field(max_length=1000)


_NOTE = Ui(_("Note"), _("Why; kept in the transactions."))
_QUANTITY = Ui(_("Quantity"), width="narrow")
ADD = Form(
    NewLot,
    _("Add licences"),
    {
        "virtual_account": Ui(_("Virtual account"), kind="select"),
        "licence": Ui(_("Licence"), _("Name or id, as in the catalogue.")),
        "quantity": _QUANTITY,
        "type": Ui(_("Type"), kind="select", choices=tuple(Choice(name, words) for name, words in TYPES.items())),
        "billing": Ui(
            _("Billing"), kind="select", choices=tuple(Choice(name, words) for name, words in BILLING.items())
        ),
        "start": Ui(_("Starts"), kind="date"),
        "end": Ui(_("Ends"), _("The last day of the term."), kind="date"),
        "sku": Ui(_("SKU")),
        "subscription_id": Ui(_("Subscription")),
        "note": _NOTE,
    },
)
REMOVE = Form(Removal, _("Remove licences"), {"quantity": _QUANTITY, "note": _NOTE})


def _transactions(page: Page) -> str:
    return f"/a/{page.parts['domain']}/transactions"


def add_page(page: Page) -> Answer:
    """The form of a new lot."""
    places = [Choice(one["name"], one["name"]) for one in list_places(page.unit, page.parts["domain"])]
    path = f"/a/{page.parts['domain']}/licences/add"
    view = ADD.view(page, path, choices={"virtual_account": places}, cancel=_transactions(page))
    return Shown(
        "licences-add",
        _("Add licences"),
        "form_page.html",
        {"view": view},
        crumbs=((_("Licence transactions"), _transactions(page)),),
        nav="events",
        help="central-portal#activity",
    )


def add(page: Page) -> Answer:
    """Add it."""
    read = cast("NewLot", page.read)
    more = read.model_dump(exclude={"virtual_account", "licence", "quantity", "note"})
    place = page.parts["domain"], read.virtual_account
    made = actions.add_licences(page.unit, *place, read.licence, read.quantity, read.note, more)
    words = _(
        "{quantity} of {name} added to {place}.", quantity=read.quantity, name=made["name"], place=read.virtual_account
    )
    return Moved(_transactions(page), words)


def find_lot(page: Page) -> dict[str, Any]:
    """The lot of the address in its virtual account; UnknownLotError."""
    pool = find_pool(page)
    return {**actions.preview_removal(page.unit, pool["domain"], pool["name"], page.parts["lot"]), "pool": pool}


def remove_page(page: Page) -> Answer:
    """Ask how many units go, and say what may come of it."""
    one = page.thing
    root = f"/a/{one['pool']['domain']}/va/{one['pool']['number']}/lots"
    view = REMOVE.view(
        page,
        f"{root}/{one['lot']}/remove",
        values={"quantity": one["free"] or None},
        cancel=_transactions(page),
        cancel_words=_("Keep them"),
        danger=True,
    )
    effect = ngettext(
        "{count} unit can go. It cannot be restored, but for a new lot. If it goes, the balance is {balance}.",
        "Up to {count} units can go. Removed units cannot be restored, but for a new lot. If all go, the balance is {balance}.",
        one["free"],
        balance=balance(one["balance"]),
    )
    dropped = (((_("Tags that go with them"), ", ".join(one["tags_dropped"])),)) if one["tags_dropped"] else ()
    context = {
        "view": view,
        "effect": effect,
        "command": "",
        "reasons": (),
        "back": root,
        "about": ((_("Licence"), one["name"]), (_("Virtual account"), one["virtual_account"]), *dropped),
    }
    return Shown(
        "licences-remove",
        _("Remove licences"),
        "change.html",
        context,
        crumbs=((_("Licence transactions"), _transactions(page)),),
        nav="events",
        help="central-portal#activity",
    )


def remove(page: Page) -> Answer:
    """Remove them."""
    one, read = page.thing, cast("Removal", page.read)
    pool = one["pool"]
    actions.remove_licences(page.unit, pool["domain"], pool["name"], one["lot"], read.quantity, read.note)
    words = _(
        "{quantity} of {name} removed from {place}.", quantity=read.quantity, name=one["name"], place=pool["name"]
    )
    return Moved(_transactions(page), words)


URLS = (
    Url("GET", ADD_PATH, add_page, MANAGE, "C12.4"),
    Url("POST", ADD_PATH, add, MANAGE, "C12.4", form=NewLot, twin="add_licences"),
    Url("GET", REMOVE_PATH, remove_page, MANAGE, "C12.4", load=find_lot),
    Url(
        "POST",
        REMOVE_PATH,
        remove,
        MANAGE,
        "C12.4",
        load=find_lot,
        form=Removal,
        twin="remove_licences",
        grade=Grade.DIALOG,
    ),
)

"""What was transferred, and back for a set time (rows C4.1, B23)."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from central.actions import transfers as actions
from central.domain.access.rules import Permission
from central.ui.tabs import pool_tabs
from central.ui.transfers import HELP, MANAGE, expires
from central.ui.virtual_accounts import POOL, find_pool
from serverkit.errors import AppError
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.forms import Form
from serverkit.web.page import Page
from serverkit.web.refusals import Refusal
from serverkit.web.table_pages import table_page
from serverkit.web.tables import Act, Column, Empty, Figure, Item, Moment, Rows, Table, Wanted, from_list
from serverkit.web.texts import Words, _, ngettext
from serverkit.web.urls import Grade, Url

LIST = f"{POOL}/licence-transfers"
BACK = f"{LIST}/{{transfer}}/back"
LISTED = 200


def transfer_rows(page: Page, wanted: Wanted) -> Rows:
    """The newest transfers of the virtual account."""
    found = actions.list_transfers(page.unit, page.parts["domain"], page.thing["name"], LISTED)
    root = f"/a/{page.parts['domain']}/va/{page.parts['number']}"
    return from_list(TRANSFERS, [{**one, "root": root, "what": what(one)} for one in found], wanted)


def what(item: Item) -> Words:
    """The lines of a transfer in one sentence."""
    lines = item["lines"]
    first = lines[0]
    more = _(" and {count} more", count=len(lines) - 1) if len(lines) > 1 else ""
    return _(
        "{quantity} of {name}, {source} → {target}{more}",
        quantity=first["quantity"],
        name=first["name"],
        source=first["virtual_account"],
        target=first["target"],
        more=more,
    )


def not_back(item: Item) -> Words | None:
    """Why a transfer is not reversed."""
    if item["reversible"]:
        return None
    if item.get("reverses"):
        return _("It reversed transfer {number}.", number=item["reverses"])
    return _("All of it came back.") if item["returned"] == item["quantity"] else _("The time for it is over.")


TRANSFERS = Table(
    "transfers",
    _("Transfers"),
    LIST,
    (
        Column("what", _("What"), fixed=True, phone=True),
        Moment("at", _("When"), sort=True, phone=True),
        Figure("quantity", _("Units"), sort=True),
        Figure("returned", _("Came back"), sort=True),
        Column("actor", _("By"), sort=True),
        Moment("reversible_until", _("Reversible until"), sort=True),
        Figure("transfer", _("Number"), sort=True, shown=False),
    ),
    transfer_rows,
    sort="-at",
    acts=(Act(_("Transfer back"), lambda one: f"{one['root']}/licence-transfers/{one['id']}/back", MANAGE, not_back),),
    empty=Empty(
        _("No transfers yet"), _("Licences that were transferred from or to this virtual account are listed here.")
    ),
)


def list_page(page: Page) -> Answer:
    """The list."""
    root = f"/a/{page.parts['domain']}/va/{page.parts['number']}"
    context = {"root": root, "tab": "transfers", **pool_tabs(page.parts)}
    return table_page(page, TRANSFERS, template="transfers.html", context=context, nav="virtual-accounts", help=HELP)


def find_transfer(page: Page) -> dict[str, Any]:
    """The virtual account and the transfer of the address; UnknownTransferError."""
    return {
        **find_pool(page),
        "transfer": actions.show_transfer(page.unit, page.parts["domain"], page.parts["transfer"]),
    }


def back_page(page: Page) -> Answer:
    """What would come back, or why nothing does."""
    domain, number = page.parts["domain"], page.parts["transfer"]
    back = f"/a/{domain}/va/{page.parts['number']}/licence-transfers"
    plan, view, reasons = None, None, []
    try:
        plan = actions.preview_reversal(page.unit, domain, number)
    except AppError as error:
        reasons = [Refusal.of(error)]
    if plan is not None and plan["quantity"]:
        verb = ngettext("Transfer {count} unit back", "Transfer {count} units back", plan["quantity"])
        view = Form(BaseModel, verb).view(page, f"{back}/{number}/back", cancel=back)
    context = {"plan": plan, "view": view, "reasons": reasons, "back": back, "expires": expires}
    crumbs = ((TRANSFERS.title, back),)
    title = _("Transfer back")
    return Shown(
        "transfer-back", title, "transfer_back.html", context, crumbs=crumbs, help=HELP, nav="virtual-accounts"
    )


def give_back(page: Page) -> Answer:
    """Transfer back what is still free."""
    done = actions.reverse_transfer(page.unit, page.parts["domain"], page.parts["transfer"])
    path = f"/a/{page.parts['domain']}/va/{page.parts['number']}/licence-transfers"
    return Moved(path, ngettext("{count} unit came back.", "{count} units came back.", done["quantity"]))


URLS = (
    Url("GET", LIST, list_page, Permission.VIRTUAL_ACCOUNT_VIEW, "C4.1", load=find_pool, table=TRANSFERS),
    Url("GET", BACK, back_page, MANAGE, "C4.1", load=find_transfer),
    Url("POST", BACK, give_back, MANAGE, "C4.1", load=find_transfer, twin="reverse_transfer", grade=Grade.PREVIEW),
)

"""Smart accounts: those in which a person has a role, and the properties that the vendor sets (rows C1.1, C1.8)."""

from __future__ import annotations

from typing import Any, cast

from pydantic import BaseModel, Field

from central.actions import accounts as actions
from central.domain.access.rules import Permission
from central.ui.roles import ROLES
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.console import Severity
from serverkit.web.forms import Form, Ui
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import Act, Column, Empty, Filter, Item, Rows, State, StateWords, Table, Wanted, from_list
from serverkit.web.texts import _
from serverkit.web.urls import SIGNED_IN, Url

CREATE, CHANGE = Permission.ACCOUNT_CREATE, Permission.ACCOUNT_PROPERTY
PATH, NEW = "/a", "/accounts/new"
HELP = "central-portal#accounts"


def account_rows(page: Page, wanted: Wanted) -> Rows:
    """The accounts in which the person has a role."""
    items = [{**one, **(one["alerts"] or {})} for one in actions.list_accounts(page.unit, actions.BY_DOMAIN).items]
    return from_list(ACCOUNTS, items, wanted)


def _at(item: Item, tail: str) -> str:
    return f"{PATH}/{item['domain']}/{tail}"


def _alerts(severity: str, kind: Severity) -> Column:
    """How many alerts of a severity are open, leading to them; nothing where the person sees parts only."""

    def say(item: Item) -> StateWords:
        count = item.get(severity)
        return StateWords("–" if count is None else str(count), kind if count else None)

    def link(item: Item) -> str | None:
        return _at(item, f"alerts?severity={severity}") if item.get(severity) else None

    label = {"major": _("Major alerts"), "minor": _("Minor alerts")}[severity]
    return State(
        severity, label, {}, say=say, link=link, sort=True, rank=lambda one: one.get(severity) or 0, phone=True
    )


def agreement_of(item: Item) -> StateWords:
    """Whether the licensing agreement is accepted (row C1.4)."""
    pending = StateWords(_("Acceptance required"), Severity.MINOR)
    return pending if item["agreement_pending"] else StateWords(_("accepted"))


def roles_of(item: Item) -> str:
    """How many users hold each role."""
    counts = item["roles"] or {}
    return ", ".join(f"{words}: {counts[role]}" for role, words in ROLES.items() if role in counts)


def kinds_of(item: Item) -> str:
    """What the vendor permits the account."""
    allowed = [
        *([_("restricted functions")] if item["export_allowed"] else []),
        *([_("reservation")] if item["reservation_allowed"] else []),
    ]
    return ", ".join(str(one) for one in allowed)


ACCOUNTS = Table(
    "accounts",
    _("Smart accounts"),
    PATH,
    (
        Column("name", _("Name"), sort=True, fixed=True, phone=True, link=lambda one: _at(one, "va")),
        Column("domain", _("Domain identifier"), sort=True, phone=True),
        _alerts("major", Severity.MAJOR),
        _alerts("minor", Severity.MINOR),
        State("agreement", _("Agreement"), {}, say=agreement_of, link=lambda one: _at(one, "agreement"), phone=True),
        Column("roles", _("Users by role"), value=roles_of),
        Column("kinds", _("Permitted"), value=kinds_of, shown=False),
        Column("number", _("Number"), sort=True, shown=False),
    ),
    account_rows,
    sort="name",
    filters=(Filter("q", _("Name or domain"), "text", on=("name", "domain")),),
    acts=(Act(_("Properties"), lambda one: _at(one, "properties"), CHANGE),),
    empty=Empty(
        _("No accounts yet"),
        _("You have no role in any account. Who manages the users of an account gives you one."),
        (_("New account"), NEW),
        CREATE,
    ),
)
LIST = ((ACCOUNTS.title, PATH),)


class NewAccount(BaseModel):
    """An account to be made."""

    domain: str = Field(max_length=253)
    name: str = Field(max_length=255)
    export_allowed: bool = False


class Properties(BaseModel):
    """What only the vendor sets."""

    name: str = Field(max_length=255)
    export_allowed: bool = False
    reservation_allowed: bool = False


_EXPORT = Ui(
    _("Export-controlled functions"), _("The account may make tokens and hold licences for restricted functions.")
)
MAKE = Form(
    NewAccount,
    _("Make account"),
    {
        "domain": Ui(_("Domain identifier"), _("Such as customer.example; it cannot be changed later."), mono=True),
        "name": Ui(_("Name")),
        "export_allowed": _EXPORT,
    },
)
EDIT = Form(
    Properties,
    _("Save"),
    {
        "name": Ui(_("Name")),
        "export_allowed": _EXPORT,
        "reservation_allowed": Ui(_("Reservation"), _("Licences of the account may be reserved for devices.")),
    },
)


def home(page: Page) -> Answer:
    """Where a person begins: in the only account, else at the list."""
    known = actions.name_accounts(page.unit, 2)
    only = known[0][0] if len(known) == 1 and not page.may(CREATE) else None
    return Moved(f"{PATH}/{only}/alerts" if only else PATH)


def list_page(page: Page) -> Answer:
    """The list."""
    return table_page(page, ACCOUNTS, template="accounts.html", help=HELP)


def account_home(page: Page) -> Answer:
    """The first page of an account: what asks for attention."""
    return Moved(f"{PATH}/{page.parts['domain']}/alerts")


def new_page(page: Page) -> Answer:
    """The form of a new account."""
    context = {
        "view": MAKE.view(page, NEW, cancel=PATH),
        "intro": _("It begins with one virtual account, the default."),
    }
    return Shown("account-new", _("New account"), "form_page.html", context, crumbs=LIST, nav="accounts", help=HELP)


def make(page: Page) -> Answer:
    """Make an account."""
    read = cast("NewAccount", page.read)
    actions.create_account(page.unit, read.domain, read.name, export_allowed=read.export_allowed)
    return Moved(PATH, _("Account made."))


def find_account(page: Page) -> dict[str, Any]:
    """The account of the address; UnknownAccountError."""
    return actions.show_account(page.unit, page.parts["domain"])


def present(page: Page) -> dict[str, Any]:
    """The values of the form as they are now."""
    return {name: page.thing[name] for name in Properties.model_fields}


def properties_page(page: Page) -> Answer:
    """The form of what only the vendor sets."""
    one = page.thing
    view = EDIT.view(page, _at(one, "properties"), current=present(page), cancel=PATH)
    context = {"view": view, "about": ((_("Domain identifier"), one["domain"]), (_("Number"), one["number"]))}
    return Shown(
        "account-properties", _("Properties of the account"), "form_page.html", context, nav="accounts", help=HELP
    )


def change(page: Page) -> Answer:
    """Change them."""
    read = cast("Properties", page.read)
    actions.change_account(page.unit, page.parts["domain"], read.name, read.export_allowed, read.reservation_allowed)
    return Moved(PATH, _("Account changed."))


URLS = (
    Url("GET", "/", home, SIGNED_IN, "C1.6"),
    Url("GET", PATH, list_page, SIGNED_IN, "C1.1", table=ACCOUNTS),
    Url("GET", NEW, new_page, CREATE, "C1.1"),
    Url("POST", NEW, make, CREATE, "C1.1", form=NewAccount, twin="create_account"),
    Url("GET", "/a/{domain}", account_home, SIGNED_IN, "C1.6"),
    Url("GET", "/a/{domain}/properties", properties_page, CHANGE, "C1.8", load=find_account),
    Url(
        "POST",
        "/a/{domain}/properties",
        change,
        CHANGE,
        "C1.8",
        form=Properties,
        load=find_account,
        current=present,
        twin="change_account",
    ),
)

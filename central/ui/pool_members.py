"""Users of one virtual account: who may do what in it, by roles of it and of the whole account (row C1.7)."""

from __future__ import annotations

from central.actions import users as actions
from central.domain.access.rules import Permission, Scope
from central.ui.members import role_words, state_words
from central.ui.roles import role_choices
from central.ui.tabs import pool_tabs
from central.ui.virtual_accounts import POOL, find_pool
from serverkit.web.answers import Answer
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import Column, Empty, Filter, Ident, Item, Moment, Rows, State, Table, Wanted, from_list
from serverkit.web.texts import _
from serverkit.web.urls import Url

VIEW = Permission.ACCOUNT_USER_VIEW
PATH = f"{POOL}/users"


def user_rows(page: Page, wanted: Wanted) -> Rows:
    """The users with a role in the virtual account of the address, once each."""
    found = actions.list_pool_members(page.unit, page.parts["domain"], page.parts["number"])
    return from_list(USERS, found, wanted)


def roles_of(item: Item) -> str:
    """All roles of a user that reach the virtual account."""
    return ", ".join(role_words(one) if one["virtual_account"] else str(_of_account(one)) for one in item["roles"])


def _of_account(one: Item) -> object:
    return _("{role} (whole account)", role=role_words(dict(one)))


USERS = Table(
    "pool-members",
    _("Users of the virtual account"),
    PATH,
    (
        Column("name", _("Name"), sort=True, fixed=True, phone=True),
        Column("roles", _("Roles"), value=roles_of, phone=True),
        State("state", _("State"), {}, say=state_words),
        Moment("last_sign_in", _("Last sign-in"), sort=True),
        Ident("id", _("Id"), shown=False),
    ),
    user_rows,
    sort="name",
    filters=(
        Filter("q", _("Name"), "text", on=("name",)),
        Filter(
            "role",
            _("Role"),
            choices=role_choices(Scope.ACCOUNT, Scope.VIRTUAL_ACCOUNT),
            test=lambda item, value: any(one["role"] == value for one in item["roles"]),
        ),
    ),
    empty=Empty(
        _("No users yet"), _("Who has a role in this virtual account, or in the whole account, is listed here.")
    ),
)


def list_page(page: Page) -> Answer:
    """The list."""
    context = {"tab": "users", "account_users": f"/a/{page.parts['domain']}/users", **pool_tabs(page.parts)}
    return table_page(
        page,
        USERS,
        template="pool_members.html",
        context=context,
        title=_("Users of {name}", name=page.thing["name"]),
        nav="virtual-accounts",
        help="central-portal#users",
    )


URLS = (Url("GET", PATH, list_page, VIEW, "C1.7", load=find_pool, table=USERS),)

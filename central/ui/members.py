"""Users of an account: who holds which role; give and take roles (rows C1.5, C1.7)."""

from __future__ import annotations

from typing import Any, cast

from pydantic import BaseModel, Field

from central.actions import users as actions
from central.actions.virtual_accounts import list_places
from central.domain.access.errors import RoleNotHeldError
from central.domain.access.rules import ROLE_SCOPES, Permission, Role, Scope
from central.ui.roles import ROLES, role_choices
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.errors import InvalidFormError
from serverkit.web.forms import Choice, Form, NoFields, Ui
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import (
    Act,
    Column,
    Empty,
    Filter,
    Ident,
    Item,
    Moment,
    Rows,
    State,
    StateWords,
    Table,
    Wanted,
    from_list,
)
from serverkit.web.texts import Words, _
from serverkit.web.urls import Grade, Url

VIEW, MANAGE = Permission.ACCOUNT_USER_VIEW, Permission.ACCOUNT_USER_MANAGE
PATH = "/a/{domain}/users"


def member_rows(page: Page, wanted: Wanted) -> Rows:
    """The users of the account, once each."""
    return from_list(MEMBERS, actions.list_members(page.unit, page.parts["domain"]), wanted)


def role_words(one: dict[str, Any]) -> str:
    """A role, with the virtual account or the account that it is for."""
    words = str(ROLES[one["role"]])
    place = one["virtual_account"]
    return f"{words} ({place})" if place else words


def roles_of(item: Item) -> str:
    """All roles of a user."""
    return ", ".join(role_words(one) for one in item["roles"])


def state_words(item: Item) -> StateWords:
    """Whether a user can sign in."""
    return StateWords(_("can sign in") if item["has_password"] else _("no password"))


MEMBERS = Table(
    "members",
    _("Users of the account"),
    PATH,
    (
        Column("name", _("Name"), sort=True, fixed=True, phone=True),
        Column("roles", _("Roles"), value=roles_of, sort=True, phone=True),
        State(
            "state",
            _("State"),
            {},
            say=state_words,
        ),
        Moment("last_sign_in", _("Last sign-in"), sort=True),
        Ident("id", _("Id"), shown=False),
    ),
    member_rows,
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
    acts=(
        Act(_("Give a role"), lambda one: f"/a/{one['domain']}/users/{one['id']}/give", MANAGE),
        Act(
            _("First password"),
            lambda one: f"/a/{one['domain']}/users/{one['id']}/first-password",
            MANAGE,
            fits=lambda one: not one["has_password"],
        ),
        Act(_("Take a role away"), lambda one: f"/a/{one['domain']}/users/{one['id']}/take", MANAGE, danger=True),
    ),
    empty=Empty(_("No users yet"), _("A user with a role in this account sees it after sign-in.")),
)


class GivenRole(BaseModel):
    """A role to be given; the virtual account is for the roles of one."""

    role: Role
    virtual_account: str = Field(default="", max_length=255)


class NewMember(GivenRole):
    """The same, with whom."""

    name: str = Field(max_length=255)


class TakenRole(BaseModel):
    """A role to be taken away, by its place in the list of those held."""

    held: str = Field(max_length=600)


_ROLE = Ui(_("Role"), kind="radios", choices=role_choices(Scope.ACCOUNT, Scope.VIRTUAL_ACCOUNT))
_POOL = Ui(
    _("Virtual account"),
    _("For the roles of a virtual account; leave it open for those of the account."),
    kind="select",
)
_NAME = Ui(
    _("Name"), _("Of a person who signs in here. A name that is new is added; then make a first password for it.")
)
ADD = Form(NewMember, _("Give role"), {"name": _NAME, "role": _ROLE, "virtual_account": _POOL})
GIVE = Form(GivenRole, _("Give role"), {"role": _ROLE, "virtual_account": _POOL})
TAKE = Form(TakenRole, _("Take role away"), {"held": Ui(_("Role"), kind="radios")})


def _root(page: Page) -> str:
    return f"/a/{page.parts['domain']}/users"


def list_page(page: Page) -> Answer:
    """The list."""
    return table_page(page, MEMBERS, template="members.html", help="central-portal#users")


def _pools(page: Page) -> dict[str, list[Choice]]:
    named = [Choice(one["name"], one["name"]) for one in list_places(page.unit, page.parts["domain"])]
    return {"virtual_account": [Choice("", _("none: the whole account")), *named]}


def new_page(page: Page) -> Answer:
    """The form for a further user."""
    view = ADD.view(page, f"{_root(page)}/new", choices=_pools(page), cancel=_root(page))
    return _form(page, "member-new", _("Add user"), {"view": view})


def find_member(page: Page) -> Item:
    """The user of the address; UnknownUserError for who has no role here."""
    return actions.show_member(page.unit, page.parts["id"], page.parts["domain"])


def give_page(page: Page) -> Answer:
    """Which role besides."""
    view = GIVE.view(page, f"{_root(page)}/{page.thing['id']}/give", choices=_pools(page), cancel=_root(page))
    return _form(page, "member-give", _("Give a role"), {"view": view, "about": _about(page.thing)})


def add(page: Page) -> Answer:
    """Give a role to someone, who is added when new."""
    read = cast("NewMember", page.read)
    return _give(page, read.name, read)


def give(page: Page) -> Answer:
    """Give a further role."""
    return _give(page, page.thing["name"], cast("GivenRole", page.read))


def _give(page: Page, name: str, read: GivenRole) -> Answer:
    of_pool = ROLE_SCOPES[read.role] is Scope.VIRTUAL_ACCOUNT
    if of_pool and not read.virtual_account:
        raise InvalidFormError({"virtual_account": _("This role is for one virtual account: choose it.")})
    if not of_pool and read.virtual_account:
        raise InvalidFormError({"virtual_account": _("This role is for the whole account: choose none.")})
    actions.give_role(page.unit, name, read.role, page.parts["domain"], read.virtual_account or None)
    return Moved(_root(page), _("Role given."))


def first_password_page(page: Page) -> Answer:
    """Ask before a first password is made."""
    path = f"{_root(page)}/{page.thing['id']}/first-password"
    view = Form(NoFields, _("Make first password")).view(page, path, cancel=_root(page))
    intro = _("{name} signs in with it, and should then choose another one. It is shown once.", name=page.thing["name"])
    return _form(
        page, "member-password", _("First password"), {"view": view, "intro": intro, "about": _about(page.thing)}
    )


def first_password(page: Page) -> Answer:
    """Make it, and show it once."""
    made = actions.make_first_password(page.unit, page.parts["domain"], page.thing["name"])
    crumbs = ((MEMBERS.title, _root(page)),)
    return Shown(
        "member-password-made", _("First password"), "member_password.html", {"made": made, "back": _root(page)},
        crumbs=crumbs, nav="members", help="central-portal#users",
    )  # fmt: skip


def take_page(page: Page) -> Answer:
    """Which role ends."""
    held = [Choice(_key(one), role_words(one)) for one in page.thing["roles"]]
    values = {"held": held[0].value if len(held) == 1 else ""}
    path = f"{_root(page)}/{page.thing['id']}/take"
    view = TAKE.view(page, path, choices={"held": held}, values=values, cancel=_root(page), danger=True)
    intro = _("{name} loses what this role permits, at once. The user remains.", name=page.thing["name"])
    return _form(page, "member-take", _("Take a role away"), {"view": view, "intro": intro})


def take(page: Page) -> Answer:
    """Take a role away."""
    wanted = cast("TakenRole", page.read).held
    one = next((role for role in page.thing["roles"] if _key(role) == wanted), None)
    if one is None:
        raise RoleNotHeldError("{name} does not hold this role", name=page.thing["name"])
    actions.remove_role(page.unit, page.thing["name"], one["role"], page.parts["domain"], one["virtual_account"])
    # Who took the own last role away has nothing to see here any more.
    still = page.actor.id != page.thing["id"]
    return Moved(_root(page) if still else "/a", _("Role taken away."))


def _key(one: dict[str, Any]) -> str:
    return f"{one['role']}:{one['virtual_account'] or ''}"


def _about(item: Item) -> tuple[tuple[Words, Any], ...]:
    return ((_("User"), item["name"]), (_("Roles"), roles_of(item) or None))


def _form(page: Page, name: str, title: Words, context: dict[str, Any]) -> Shown:
    crumbs = ((MEMBERS.title, _root(page)),)
    return Shown(name, title, "form_page.html", context, crumbs=crumbs, nav="members", help="central-portal#users")


URLS = (
    Url("GET", PATH, list_page, VIEW, "C1.7", table=MEMBERS),
    Url("GET", f"{PATH}/new", new_page, MANAGE, "C1.7", fresh=True),
    Url("POST", f"{PATH}/new", add, MANAGE, "C1.7", form=NewMember, fresh=True, twin="give_role"),
    Url("GET", f"{PATH}/{{id}}/give", give_page, MANAGE, "C1.7", load=find_member, fresh=True),
    Url("POST", f"{PATH}/{{id}}/give", give, MANAGE, "C1.7", form=GivenRole, load=find_member, fresh=True),
    Url("GET", f"{PATH}/{{id}}/first-password", first_password_page, MANAGE, "C1.7", load=find_member, fresh=True),
    Url(
        "POST",
        f"{PATH}/{{id}}/first-password",
        first_password,
        MANAGE,
        "C1.7",
        form=NoFields,
        load=find_member,
        fresh=True,
    ),
    Url("GET", f"{PATH}/{{id}}/take", take_page, MANAGE, "C1.7", load=find_member, fresh=True),
    Url(
        "POST",
        f"{PATH}/{{id}}/take",
        take,
        MANAGE,
        "C1.7",
        form=TakenRole,
        load=find_member,
        fresh=True,
        grade=Grade.DIALOG,
        twin="remove_role",
    ),
)

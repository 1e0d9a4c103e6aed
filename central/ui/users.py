"""All users of central, for the vendor: passwords, second steps, the vendor's own roles; what each role permits (row C1.5)."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any, cast

from pydantic import BaseModel, Field, SecretStr

from central.actions import users as actions
from central.domain.access.rules import MATRIX, Permission, Role, Scope
from central.ui.members import role_words
from central.ui.roles import PERMISSIONS, ROLES, role_choices
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.console import Severity
from serverkit.web.forms import Choice, Form, FormView, Ui
from serverkit.web.own_account import PASSWORD_HELP
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import (
    Act,
    Column,
    Empty,
    Figure,
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

MANAGE = Permission.USER_MANAGE
PATH = "/users"
STATES = {
    "active": StateWords(_("Can sign in")),
    "none": StateWords(_("No password")),
    "slowed": StateWords(_("Slowed by failed attempts"), Severity.MINOR),
}
NOTHING = {"password": False, "two_step": False, "sessions": 0}


def listed(page: Page) -> list[dict[str, Any]]:
    """All users with their roles and how they sign in."""
    known = actions.list_sign_ins(page.unit)
    found = []
    for one in actions.list_members(page.unit):
        way = {**NOTHING, **known.get(one["id"], {})}
        state = "slowed" if "slowed_until" in way else "active" if way["password"] else "none"
        found.append({**one, **way, "state": state, "vendor": [role for role in one["roles"] if is_vendors(role)]})
    return found


def is_vendors(role: dict[str, Any]) -> bool:
    """Whether a role is the vendor's own."""
    return role["account_domain"] is None


def user_rows(page: Page, wanted: Wanted) -> Rows:
    """The users that are wanted."""
    return from_list(USERS, listed(page), wanted)


def roles_of(item: Item) -> str:
    """All roles, with their accounts."""
    return ", ".join(
        role_words(one) + (f" - {one['account_domain']}" if one["account_domain"] else "") for one in item["roles"]
    )


def _act(verb: str) -> Callable[[Item], str]:
    return lambda one: f"{PATH}/{one['id']}/{verb}"


USERS = Table(
    "users",
    _("All users"),
    PATH,
    (
        Column("name", _("Name"), sort=True, fixed=True, phone=True),
        Column("roles", _("Roles"), value=roles_of, phone=True),
        Column(
            "two_step", _("Second step"), value=lambda one: str(_("on") if one["two_step"] else _("off")), sort=True
        ),
        Moment("last_sign_in", _("Last sign-in"), sort=True),
        State("state", _("State"), STATES, sort=True, phone=True),
        Figure("sessions", _("Sessions"), sort=True, shown=False),
        Ident("id", _("Id"), shown=False),
    ),
    user_rows,
    sort="name",
    filters=(
        Filter("q", _("Name"), "text", on=("name",)),
        Filter(
            "role",
            _("Role"),
            choices=role_choices(*Scope),
            test=lambda item, value: any(one["role"] == value for one in item["roles"]),
        ),
    ),
    acts=(
        Act(_("Give role"), _act("give"), MANAGE),
        Act(_("Take role"), _act("take"), MANAGE, fits=lambda one: bool(one["vendor"]), danger=True),
        Act(_("New password"), _act("reset"), MANAGE),
        Act(_("Sign-in by the provider"), _act("identities"), MANAGE),
        Act(_("Unlock"), _act("unlock"), MANAGE, fits=lambda one: one["state"] == "slowed"),
    ),
    empty=Empty(
        _("No users yet"), _("A user signs in to these pages with roles."), (_("Add user"), f"{PATH}/new"), MANAGE
    ),
)
LIST = ((USERS.title, PATH),)


class NewUser(BaseModel):
    """A user of the vendor to be added."""

    name: str = Field(max_length=255)
    role: Role
    password: SecretStr = Field(max_length=1024)


class GivenRole(BaseModel):
    """A role of the vendor's."""

    role: Role


class NewPassword(BaseModel):
    """A new password for someone."""

    password: SecretStr = Field(max_length=1024)
    two_step_off: bool = False


PASSWORD = Ui(_("Password"), PASSWORD_HELP, autocomplete="new-password")
ROLE = Ui(
    _("Role"),
    _("The permissions of each role are shown below the list of users."),
    kind="radios",
    choices=role_choices(Scope.VENDOR),
)
ADD = Form(NewUser, _("Add user"), {"name": Ui(_("Name")), "role": ROLE, "password": PASSWORD})
GIVE = Form(GivenRole, _("Give role"), {"role": ROLE})
TAKE = Form(GivenRole, _("Take role away"), {"role": Ui(_("Role"), kind="radios")})
RESET = Form(
    NewPassword,
    _("Set password"),
    {
        "password": PASSWORD,
        "two_step_off": Ui(_("Remove the second step too"), _("For someone who has lost the authenticator.")),
    },
)


def list_page(page: Page) -> Answer:
    """The list, and below it what each role permits."""
    context = {
        "roles": list(ROLES.values()),
        "matrix": [(words, [name in MATRIX[Role(role)] for role in ROLES]) for name, words in PERMISSIONS.items()],
    }
    return table_page(page, USERS, template="users.html", context=context, help="central-portal#users")


def new_page(page: Page) -> Answer:
    """The form of a new user of the vendor."""
    view = ADD.view(page, f"{PATH}/new", values={"role": Role.VENDOR_SUPPORT}, cancel=PATH)
    return _shown("user-new", _("Add user"), view, command="central user add NAME --role vendor_support")


def add(page: Page) -> Answer:
    """Add a user with a role of the vendor's and a password."""
    read = cast("NewUser", page.read)
    actions.add_with_password(page.unit, read.name, read.role, read.password.get_secret_value())
    return Moved(PATH, _("User added."))


def find_user(page: Page) -> Item:
    """The user of the address; UnknownUserError."""
    one = actions.show_member(page.unit, page.parts["id"])
    return {**one, "vendor": [role for role in one["roles"] if is_vendors(role)]}


def give_page(page: Page) -> Answer:
    """Which role of the vendor's."""
    view = GIVE.view(page, f"{PATH}/{page.thing['id']}/give", cancel=PATH)
    return _shown(
        "user-give", _("Give {name} a vendor's role", name=page.thing["name"]), view, about=_about(page.thing)
    )


def give(page: Page) -> Answer:
    """Give it."""
    actions.give_role(page.unit, page.thing["name"], cast("GivenRole", page.read).role)
    return Moved(PATH, _("Role given."))


def take_page(page: Page) -> Answer:
    """Which role of the vendor's ends."""
    held = [Choice(one["role"], ROLES[one["role"]]) for one in page.thing["vendor"]]
    values = {"role": held[0].value if len(held) == 1 else ""}
    path = f"{PATH}/{page.thing['id']}/take"
    view = TAKE.view(page, path, choices={"role": held}, values=values, cancel=PATH, danger=True)
    effect = _("{name} loses what this role permits, at once. The user remains.", name=page.thing["name"])
    title = _("Take a vendor's role of {name} away", name=page.thing["name"])
    return _shown("user-take", title, view, effect=effect)


def take(page: Page) -> Answer:
    """Take it away; who acts keeps the own administrator's role, so that one always remains."""
    actions.take_vendor_role(page.unit, page.thing["name"], cast("GivenRole", page.read).role)
    return Moved(PATH, _("Role taken away."))


def present_password(page: Page) -> dict[str, str | None]:
    """Someone else may have set a password meanwhile, which this one would replace unseen: when it was set."""
    return {"password": actions.show_password_date(page.unit, page.thing["id"])}


def reset_page(page: Page) -> Answer:
    """A new password for someone who lost it, or has none yet."""
    view = RESET.view(page, f"{PATH}/{page.thing['id']}/reset", current=present_password(page), cancel=PATH)
    name = page.thing["name"]
    effect = _("{name} gets a new password; all sessions end, failed attempts are cleared.", name=name)
    command = f"central user password {shlex.quote(name)} --password-file FILE"
    title = _("Set a new password for {name}", name=name)
    return _shown("user-reset", title, view, effect=effect, about=_about(page.thing), command=command)


def reset(page: Page) -> Answer:
    """Set a new password."""
    read = cast("NewPassword", page.read)
    actions.reset_user(page.unit, page.thing["name"], read.password.get_secret_value(), two_step_off=read.two_step_off)
    return Moved(PATH, _("Password set."))


def unlock_page(page: Page) -> Answer:
    """Ask before failed tries are forgotten."""
    view = Form(BaseModel, _("Unlock")).view(page, f"{PATH}/{page.thing['id']}/unlock", cancel=PATH)
    name = page.thing["name"]
    effect = _("Failed attempts of {name} are cleared, so that {name} can sign in immediately.", name=name)
    return _shown("user-unlock", _("Unlock {name}", name=name), view, effect=effect)


def unlock(page: Page) -> Answer:
    """Forget failed tries."""
    actions.unlock_user(page.unit, page.thing["name"])
    return Moved(PATH, _("User unlocked."))


def _about(item: Item) -> tuple[tuple[Words, Any], ...]:
    return ((_("User"), item["name"]), (_("Roles"), roles_of(item) or None))


def _shown(name: str, title: Words, view: FormView, **more: Any) -> Shown:
    context = {"view": view, "effect": "", "about": (), "reasons": (), "command": "", "back": PATH, **more}
    return Shown(name, title, "change.html", context, crumbs=LIST, nav="users", help="central-portal#users")


def _both(verb: str, show: Any, do: Any, form: type[BaseModel] | None, twin: str = "", **more: Any) -> list[Url]:
    path = f"{PATH}/{{id}}/{verb}"
    return [
        Url("GET", path, show, MANAGE, "C1.5", load=find_user, fresh=True),
        Url("POST", path, do, MANAGE, "C1.5", form=form, load=find_user, fresh=True, twin=twin, **more),
    ]


URLS = (
    Url("GET", PATH, list_page, MANAGE, "C1.7", table=USERS),
    Url("GET", f"{PATH}/new", new_page, MANAGE, "C1.5", fresh=True),
    Url("POST", f"{PATH}/new", add, MANAGE, "C1.5", form=NewUser, fresh=True),
    *_both("give", give_page, give, GivenRole, "give_role"),
    *_both("take", take_page, take, GivenRole, "remove_role", grade=Grade.DIALOG),
    *_both("reset", reset_page, reset, NewPassword, "set_password", current=present_password),
    *_both("unlock", unlock_page, unlock, None),
)

"""Users: who may sign in, with which role; add, change, reset, unlock, remove (row S3.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from pydantic import BaseModel, Field, SecretStr

from satellite.actions import users as actions
from satellite.core.access.rules import Permission
from satellite.runtime import Satellite
from satellite.ui.roles import PERMISSIONS, ROLE_CHOICES, ROLES
from serverkit.verdicts import Verdict
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.console import Severity
from serverkit.web.forms import Form, FormView, Ui
from serverkit.web.own_account import PASSWORD_HELP
from serverkit.web.page import Page
from serverkit.web.refusals import Refusal
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

MANAGE = Permission.ACCESS_MANAGE
PATH = "/users"
LAST = _("The last administrator stays one.")
STATES = {"active": StateWords(_("Can sign in")), "slowed": StateWords(_("Slowed by failed attempts"), Severity.MINOR)}


def user_rows(page: Page, wanted: Wanted) -> Rows:
    """The users; there are few."""
    found = actions.list_users(page.unit).items
    administrators = sum(one["role"] == "administrator" for one in found)
    items = [{**one, "last": one["role"] == "administrator" and administrators == 1} for one in found]
    return from_list(USERS, items, wanted)


def only_others(item: Item) -> Words | None:
    """The last administrator keeps the role and stays."""
    return LAST if item["last"] else None


def _at(verb: str) -> Callable[[Item], str]:
    return lambda one: f"{PATH}/{one['id']}/{verb}"


USERS = Table(
    "users",
    _("Users"),
    PATH,
    (
        Column("name", _("Name"), sort=True, fixed=True, phone=True),
        Column("role", _("Role"), value=lambda one: str(ROLES[one["role"]]), sort=True, phone=True),
        Column(
            "two_step", _("Second step"), value=lambda one: str(_("on") if one["two_step"] else _("off")), sort=True
        ),
        Moment("last_sign_in", _("Last sign-in"), sort=True, phone=True),
        State("state", _("State"), STATES, sort=True, phone=True),
        Figure("sessions", _("Sessions"), sort=True, shown=False),
        Figure("tokens", _("Access tokens"), sort=True, shown=False),
        Moment("created_at", _("Added"), sort=True, shown=False),
        Column("created_by", _("Added by"), sort=True, shown=False),
        Ident("id", _("Id"), shown=False),
    ),
    user_rows,
    sort="name",
    filters=(
        Filter("q", _("Name"), "text", on=("name",)),
        Filter("role", _("Role"), choices=ROLE_CHOICES),
    ),
    acts=(
        Act(_("Change role"), _at("role"), MANAGE, only_others),
        Act(_("Set a new password"), _at("reset"), MANAGE),
        Act(_("Unlock"), _at("unlock"), MANAGE, fits=lambda one: one["state"] == "slowed"),
        Act(_("Remove"), _at("remove"), MANAGE, only_others, danger=True),
    ),
    empty=Empty(
        _("No users yet"), _("A user signs in to these pages with a role."), (_("Add user"), f"{PATH}/new"), MANAGE
    ),
)
LIST = ((USERS.title, PATH),)


class NewUser(BaseModel):
    """A user to be added."""

    name: str = Field(max_length=255)
    role: str = Field(max_length=32)
    password: SecretStr = Field(max_length=1024)


class NewRole(BaseModel):
    """Another role."""

    role: str = Field(max_length=32)


class NewPassword(BaseModel):
    """A new password for someone."""

    password: SecretStr = Field(max_length=1024)
    two_step_off: bool = False


PASSWORD = Ui(
    _("Password"),
    PASSWORD_HELP,
    autocomplete="new-password",
)
ROLE = Ui(_("Role"), _("The Users page lists the permissions of each role."), kind="radios", choices=ROLE_CHOICES)
ADD = Form(NewUser, _("Add user"), {"name": Ui(_("Name")), "role": ROLE, "password": PASSWORD})
CHANGE = Form(NewRole, _("Change role"), {"role": ROLE})
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
    matrix = actions.show_matrix()
    context = {
        "roles": [ROLES[role] for role in matrix],
        "matrix": [(words, [name in matrix[role] for role in matrix]) for name, words in PERMISSIONS.items()],
    }
    return table_page(page, USERS, template="users.html", context=context, help="users")


def new_page(page: Page) -> Answer:
    """The form of a new user."""
    view = ADD.view(page, f"{PATH}/new", values={"role": "operator"}, cancel=PATH)
    command = "satellite user add NAME --role operator --password-file FILE"
    return _shown("user-new", _("Add user"), view, command=command)


def add(page: Page) -> Answer:
    """Add a user."""
    read = cast("NewUser", page.read)
    server = cast("Satellite", page.server)
    actions.add_user(server, page.unit, read.name, read.role, read.password.get_secret_value())
    return Moved(PATH, _("User added."))


def find_user(page: Page) -> Item:
    """The user of the address; UnknownUserError."""
    return actions.show_user(page.unit, page.parts["id"])


def present_role(page: Page) -> dict[str, str]:
    """What someone else may have changed meanwhile."""
    return {"role": page.thing["role"]}


def role_page(page: Page) -> Answer:
    """Which role instead."""
    person = page.thing
    view = CHANGE.view(page, f"{PATH}/{person['id']}/role", current=present_role(page), cancel=PATH)
    effect = _("{name} gets another role and has to sign in again.", name=person["name"])
    command = f"satellite user role {person['id']} --role operator"
    about = ((_("Current role"), ROLES[person["role"]]),)
    return _shown(
        "user-role",
        _("Change the role of {name}", name=person["name"]),
        view,
        effect=effect,
        about=about,
        command=command,
    )


def change_role(page: Page) -> Answer:
    """Give a user another role."""
    actions.change_role(page.unit, page.thing["id"], cast("NewRole", page.read).role)
    return Moved(PATH, _("Role changed."))


def present_password(page: Page) -> dict[str, str | None]:
    """Someone else may have set a password meanwhile, which this one would replace unseen: when it was set."""
    return {"password": actions.show_password_date(page.unit, page.thing["id"])}


def reset_page(page: Page) -> Answer:
    """A new password for someone who lost it."""
    person = page.thing
    view = RESET.view(page, f"{PATH}/{person['id']}/reset", current=present_password(page), cancel=PATH)
    effect = _("{name} gets a new password; all sessions end, failed attempts are cleared.", name=person["name"])
    command = f"satellite user reset {person['id']} --password-file FILE"
    about = ((_("Access tokens that stay valid"), person["tokens"]),)
    title = _("Set a new password for {name}", name=person["name"])
    return _shown("user-reset", title, view, effect=effect, about=about, command=command)


def reset(page: Page) -> Answer:
    """Set a new password."""
    read = cast("NewPassword", page.read)
    password = read.password.get_secret_value()
    actions.reset_user(page.unit, page.thing["id"], password, two_step_off=read.two_step_off)
    return Moved(PATH, _("Password set."))


def unlock_page(page: Page) -> Answer:
    """Ask before failed tries are forgotten."""
    person = page.thing
    view = Form(BaseModel, _("Unlock")).view(page, f"{PATH}/{person['id']}/unlock", cancel=PATH)
    effect = _("Failed attempts of {name} are cleared, so that {name} can sign in immediately.", name=person["name"])
    title, command = _("Unlock {name}", name=person["name"]), f"satellite user unlock {person['id']}"
    return _shown("user-unlock", title, view, effect=effect, command=command)


def unlock(page: Page) -> Answer:
    """Forget failed tries."""
    actions.unlock_user(page.unit, page.thing["id"])
    return Moved(PATH, _("User unlocked."))


def remove_page(page: Page) -> Answer:
    """Ask before a user is removed; the last administrator is not."""
    person = page.thing
    judged: Verdict = actions.judge_removal(page.unit, person["id"])
    view = Form(BaseModel, _("Remove user")).view(
        page, f"{PATH}/{person['id']}/remove", cancel=PATH, cancel_words=_("Keep the user"), danger=True
    )
    effect = _(
        "{name} can no longer sign in; sessions and access tokens of {name} end. The event log keeps what was done.",
        name=person["name"],
    )
    about = (
        (_("Role"), ROLES[person["role"]]),
        (_("Sessions"), person["sessions"]),
        (_("Access tokens"), person["tokens"]),
    )
    command = f"satellite user remove {person['id']}"
    refused = [Refusal.of(one) for one in judged.reasons]
    title = _("Remove {name}", name=person["name"])
    return _shown("user-remove", title, view, effect=effect, about=about, command=command, reasons=refused)


def remove(page: Page) -> Answer:
    """Remove a user."""
    actions.remove_user(page.unit, page.thing["id"])
    return Moved(PATH, _("User removed."))


def _shown(name: str, title: Words, view: FormView, **more: Any) -> Shown:
    context = {"view": view, "effect": "", "about": (), "reasons": (), "command": "", "back": PATH, **more}
    return Shown(name, title, "change.html", context, crumbs=LIST, nav="users", help="users")


def _both(verb: str, show: Any, do: Any, form: type[BaseModel] | None = None, **more: Any) -> list[Url]:
    path, twin = f"{PATH}/{{id}}/{verb}", more.pop("twin")
    fresh = more.pop("fresh", True)
    return [
        Url("GET", path, show, MANAGE, "S3.4", load=find_user, fresh=fresh),
        Url("POST", path, do, MANAGE, "S3.4", form=form, load=find_user, fresh=fresh, twin=twin, **more),
    ]


URLS = (
    Url("GET", PATH, list_page, MANAGE, "S3.4", table=USERS),
    Url("GET", f"{PATH}/new", new_page, MANAGE, "S3.4", fresh=True),
    Url("POST", f"{PATH}/new", add, MANAGE, "S3.4", form=NewUser, fresh=True, twin="add_user"),
    *_both("role", role_page, change_role, NewRole, twin="change_role", current=present_role),
    *_both("reset", reset_page, reset, NewPassword, twin="reset_user", current=present_password),
    *_both("unlock", unlock_page, unlock, twin="unlock_user", fresh=False),
    *_both("remove", remove_page, remove, twin="remove_user", grade=Grade.DIALOG),
)

"""Users of the satellite: who may sign in with a browser, and with which role."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from satellite.actions import users
from satellite.api.v1.context import Call
from satellite.core.access.rules import Permission
from satellite.runtime import Satellite
from serverkit.http.operations import (
    FLAG,
    OPTIONAL_TIME,
    PLAIN,
    TEXT,
    TIME,
    WHOLE,
    Operation,
    Page,
    Strict,
    example,
    list_of,
    object_of,
    part_of,
)
from serverkit.http.schemas import BASE, Nothing
from serverkit.users.rules import LONGEST_PASSWORD

Role = Literal["administrator", "operator", "read-only"]
USER = object_of(
    id=TEXT,
    name=TEXT,
    role=TEXT,
    two_step=FLAG,
    created_at=TIME,
    created_by=TEXT,
    last_sign_in=OPTIONAL_TIME,
    state=TEXT,
    slowed_until=OPTIONAL_TIME,
    sessions=WHOLE,
    tokens=WHOLE,
)


class NewUser(Strict):
    """A user with a role and a first password."""

    model_config = example({"name": "anna", "role": "operator", "password": "a sentence is good"})

    name: str
    role: Role
    password: str = Field(max_length=LONGEST_PASSWORD * 4)


class NewRole(Strict):
    """Another role."""

    model_config = example({"role": "read-only"})

    role: Role


class NewPassword(Strict):
    """A new password; `two_step_off` removes the second step too."""

    model_config = example({"password": "another long sentence", "two_step_off": False})

    password: str = Field(max_length=LONGEST_PASSWORD * 4)
    two_step_off: bool = False


class UserPage(Page):
    """A page of users; `text` is a part of the name."""

    text: str | None = Field(default=None, max_length=255, pattern=PLAIN, description="A part of the name.")
    role: Role | None = Field(default=None, description="Users of this role only.")
    sort: users.UserSort | None = Field(default=None, description="Order of the list; `-` reverses it.")


def list_users(call: Call) -> dict[str, Any]:
    """The users."""
    query: UserPage = call.query
    return users.list_users(call.unit, part_of(query), text=query.text, role=query.role).to_dict()


def show_user(call: Call) -> dict[str, Any]:
    """A user."""
    return users.show_user(call.unit, call.path["user"])


def add_user(call: Call) -> dict[str, Any]:
    """Add a user."""
    body: NewUser = call.body
    return users.add_user(call.server, call.unit, body.name, body.role, body.password)


def change_role(call: Call) -> dict[str, Any]:
    """Give a user another role."""
    return users.change_role(call.unit, call.path["user"], call.body.role)


def reset_user(call: Call) -> dict[str, Any]:
    """Set a new password for a user."""
    return users.reset_user(call.unit, call.path["user"], call.body.password, two_step_off=call.body.two_step_off)


def unlock_user(call: Call) -> dict[str, Any]:
    """Unlock a user."""
    return users.unlock_user(call.unit, call.path["user"])


def remove_user(call: Call) -> dict[str, Any]:
    """Remove a user."""
    return users.remove_user(call.unit, call.path["user"])


Op = Operation[Satellite]
OPERATIONS = (
    Op(
        "list_users", "GET", f"{BASE}users", "List users.", list_users, list_of(USER), UserPage,
        permission=Permission.ACCESS_MANAGE, row="S3.4",
    ),
    Op(
        "show_user", "GET", f"{BASE}users/{{user}}", "Show a user by id or name.", show_user, USER,
        permission=Permission.ACCESS_MANAGE, row="S3.4",
    ),
    Op(
        "add_user", "POST", f"{BASE}users", "Add a user.", add_user, USER, body=NewUser, changes=True,
        permission=Permission.ACCESS_MANAGE, row="S3.4",
    ),
    Op(
        "change_role", "POST", f"{BASE}users/{{user}}/role", "Give a user another role.", change_role, USER,
        body=NewRole, changes=True, current=show_user,
        permission=Permission.ACCESS_MANAGE, row="S3.4",
    ),
    Op(
        "reset_user", "POST", f"{BASE}users/{{user}}/reset", "Set a new password; sessions of the user end.", reset_user,
        USER, body=NewPassword, changes=True,
        permission=Permission.ACCESS_MANAGE, row="S3.4",
    ),
    Op(
        "unlock_user", "POST", f"{BASE}users/{{user}}/unlock", "Forget failed tries of a user.", unlock_user, USER,
        body=Nothing, changes=True,
        permission=Permission.ACCESS_MANAGE, row="S3.4",
    ),
    Op(
        "remove_user", "DELETE", f"{BASE}users/{{user}}", "Remove a user with sessions and access tokens.", remove_user,
        object_of(name=TEXT, removed=FLAG), changes=True,
        permission=Permission.ACCESS_MANAGE, row="S3.4",
    ),
)  # fmt: skip

"""Use cases of users: who may sign in, with which role (row S3.4)."""

from __future__ import annotations

from typing import Any, Literal

from satellite.actions.sign_in import own_of
from satellite.core.access import queries, users
from satellite.core.access.models import USER_TABLES, User
from satellite.core.access.rules import MATRIX, Permission, Role
from satellite.core.access.services import require
from satellite.core.site.services import void_setup_code
from satellite.runtime import Satellite
from serverkit.clock import exact_iso
from serverkit.db.paging import ALL, Listing, Slice, Sorting, page_of
from serverkit.db.unit import Unit
from serverkit.users.credentials import password_set_at
from serverkit.users.tables import Person
from serverkit.verdicts import Verdict

UserSort = Literal["id", "-id", "name", "-name", "role", "-role", "created", "-created"]
SORTING = Sorting((User.id,), {"name": (User.name_key,), "role": (User.role,), "created": (User.created_at,)})
BY_NAME = Slice(sort="name")


def list_users(unit: Unit, part: Slice = ALL, *, text: str | None = None, role: str | None = None) -> Listing:
    """List users with role, second step, last sign-in and state."""
    rows, following = page_of(unit, queries.users(unit, text, role), SORTING, part)
    return Listing(queries.user_dicts(unit, [row[0] for row in rows]), following)


def show_user(unit: Unit, name: str) -> dict[str, Any]:
    """Show a user; UnknownUserError."""
    require(unit, Permission.ACCESS_MANAGE)
    return _shown(unit, users.find_user(unit, name))


def show_matrix() -> dict[str, list[str]]:
    """What each role permits besides looking."""
    return {role.value: sorted(one.value for one in MATRIX[role]) for role in Role}


def add_user(server: Satellite, unit: Unit, name: str, role: str, password: str) -> dict[str, Any]:
    """Add a user; the first administrator makes the set-up code void."""
    require(unit, Permission.ACCESS_MANAGE)
    row = users.create_user(unit, name, role, password)
    if row.role == Role.ADMINISTRATOR:
        void_setup_code(unit, server.home)
    unit.session.flush()  # the view reads the new row
    return _shown(unit, row)


def change_role(unit: Unit, name: str, role: str) -> dict[str, Any]:
    """Give a user another role; LastAdministratorError."""
    require(unit, Permission.ACCESS_MANAGE)  # before anything is said of the user
    return _shown(unit, users.change_role(unit, users.find_user(unit, name), role))


def reset_user(unit: Unit, name: str, password: str, *, two_step_off: bool = False) -> dict[str, Any]:
    """Set a new password for a user and end the user's sessions; with `two_step_off` the second step is removed too."""
    require(unit, Permission.ACCESS_MANAGE)
    return _shown(unit, users.reset_user(unit, users.find_user(unit, name), password, two_step_off=two_step_off))


def show_password_date(unit: Unit, name: str) -> str | None:
    """Since when a user has the present password, to the microsecond; UnknownUserError."""
    require(unit, Permission.ACCESS_MANAGE)
    return exact_iso(password_set_at(unit, USER_TABLES, users.find_user(unit, name).id))


def unlock_user(unit: Unit, name: str) -> dict[str, Any]:
    """Forget failed tries of a user."""
    require(unit, Permission.ACCESS_MANAGE)
    return _shown(unit, users.unlock_user(unit, users.find_user(unit, name)))


def judge_removal(unit: Unit, name: str) -> Verdict:
    """What would become of removing a user."""
    require(unit, Permission.ACCESS_MANAGE)
    return users.judge_change(unit, users.find_user(unit, name), None)


def remove_user(unit: Unit, name: str) -> dict[str, Any]:
    """Remove a user with sessions and access tokens; LastAdministratorError."""
    require(unit, Permission.ACCESS_MANAGE)
    row = users.find_user(unit, name)
    users.remove_user(unit, row)
    return {"name": row.name, "removed": True}


def list_sessions(
    server: Satellite, unit: Unit, name: str | None = None, *, current: str | None = None
) -> list[dict[str, Any]]:
    """List the sessions of a user that are not over, newest first; without a name one's own."""
    return own_of(server).list_sessions(unit, _whose(unit, name), current)


def revoke_session(server: Satellite, unit: Unit, session_id: str, name: str | None = None) -> dict[str, Any]:
    """End a session of a user by its id; without a name one's own. UnknownSessionError."""
    return own_of(server).revoke_session(unit, _whose(unit, name), session_id)


def _whose(unit: Unit, name: str | None) -> Person:
    if name is not None:
        require(unit, Permission.ACCESS_MANAGE)
        row = users.find_user(unit, name)
        return Person(row.id, row.name)
    person = users.get_person(unit, unit.actor.id)
    return person or Person(unit.actor.id, unit.actor.name)


def _shown(unit: Unit, row: User) -> dict[str, Any]:
    return queries.user_dicts(unit, [row])[0]

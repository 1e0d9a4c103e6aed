"""People who sign in to the console: found, written down, the first one made by the set-up code (row C1.5)."""

from __future__ import annotations

import secrets
from pathlib import Path

from sqlalchemy import exists, select

from central.domain.access.errors import UserExistsError
from central.domain.access.models import RoleAssignment, User
from central.domain.access.rules import HeldRole, Permission, Role
from central.domain.access.services import add_user, find_user, held_roles, require
from central.domain.credentials.errors import FirstPasswordError
from central.domain.credentials.models import USER_TABLES, ConsoleState, Password
from central.domain.credentials.services import refuse_stronger, set_password
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from serverkit.db.unit import Unit
from serverkit.users import backoff, credentials
from serverkit.users.first import drop_setup_code, make_setup_code
from serverkit.users.sign_in import Happened
from serverkit.users.tables import Person

_CONSOLE = 1
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Of generated passwords: none is taken for another."""


def find_person(unit: Unit, name: str) -> Person | None:
    """The user of a name as someone typed it."""
    row = find_user(unit, name[:1024])
    return Person(row.id, row.name) if row is not None else None


def get_person(unit: Unit, user_id: str) -> Person | None:
    """The user of an id."""
    row = unit.session.get(User, user_id)
    return Person(row.id, row.name) if row is not None else None


def tell(unit: Unit, happened: Happened, name: str, person: Person | None) -> None:
    """Write down what happened when someone signed in; names that no one has are not kept."""
    if happened is Happened.SIGNED_IN and person is not None:
        row = unit.session.get(User, person.id)
        if row is not None:
            row.last_sign_in_at = unit.now
    elif happened is Happened.SLOWED:
        who = f"as {person.name}" if person is not None else "with an unknown name"
        subject = {"user": person.id} if person is not None else {}
        record(unit, None, EventKind.SIGN_IN_SLOWED, f"tries to sign in {who} failed and are slowed", subject=subject)
    elif happened is Happened.RECOVERY_CODE_USED and person is not None:
        left = credentials.recovery_codes_left(unit, USER_TABLES, person.id)
        message = f"{person.name} signed in with a recovery code; {left} left"
        record(unit, None, EventKind.RECOVERY_CODE_USED, message, subject={"user": person.id, "left": left})
    del name


def needs_administrator(unit: Unit) -> bool:
    """Whether no one can administer the vendor's central in a browser yet: a user with that role and a password."""
    query = select(RoleAssignment.user_id).where(RoleAssignment.role == Role.VENDOR_ADMINISTRATOR)
    return not unit.session.scalar(select(exists(query.join(Password, Password.user_id == RoleAssignment.user_id))))


def setup_code_hash(unit: Unit) -> str:
    """The hash of the set-up code; empty for one that is void."""
    row = unit.session.get(ConsoleState, _CONSOLE)
    return row.setup_code_hash if row is not None else ""


def renew_setup_code(unit: Unit, home: Path) -> str:
    """Make a new set-up code in place of the old one; only its hash is stored, and the code in a file of the owner's."""
    code, kept = make_setup_code(unit, home)
    unit.session.merge(ConsoleState(id=_CONSOLE, setup_code_hash=kept))
    return code


def settle_setup_code(unit: Unit) -> None:
    """Void the set-up code where there is an administrator by now, whatever made one."""
    unit.session.flush()  # the questions below read roles and passwords that were given in this unit
    row = unit.session.get(ConsoleState, _CONSOLE)
    if row is not None and row.setup_code_hash and not needs_administrator(unit):
        row.setup_code_hash = ""


def create_first(unit: Unit, name: str, password: str, home: Path) -> Person:
    """Make the vendor's first administrator; UserExistsError for a user who has a password.

    A user without one, who was made for a program, may become the administrator.
    """
    user = find_user(unit, name)
    if user is not None and unit.session.get(Password, user.id) is not None:
        raise UserExistsError("there is a user {name!r} with a password already", name=user.name)
    role = Role.VENDOR_ADMINISTRATOR
    if user is None or HeldRole(role, "", "") not in held_roles(unit, user.id):
        user, _ = add_user(unit, name, role, "", "")
        unit.session.flush()  # the password names the new user
    set_password(unit, user, password)
    user.last_sign_in_at = unit.now
    settle_setup_code(unit)
    drop_setup_code(unit, home)
    return Person(user.id, user.name)


def reset_user(unit: Unit, user: User, password: str, *, two_step_off: bool) -> None:
    """Set a new password for a user; with `two_step_off` the second step goes too."""
    set_password(unit, user, password)
    if two_step_off and credentials.remove_two_step(unit, USER_TABLES, user.id):
        message = f"second step of {user.name} removed"
        record(unit, None, EventKind.TWO_STEP_OFF, message, subject={"user": user.id})


def unlock_user(unit: Unit, user: User) -> None:
    """Forget failed tries, so that a user can sign in at once."""
    require(unit, Permission.USER_MANAGE)
    backoff.unlock(unit, USER_TABLES, user.name, backoff.code_name(user.id))
    record(unit, None, EventKind.USER_UNLOCKED, f"user {user.name} unlocked", subject={"user": user.id})


def first_password(unit: Unit, user: User, account_id: str) -> str:
    """Make the first password of a user of one account, who has none yet; it is returned once and kept as a hash only.

    FirstPasswordError for one who has a password, or a role outside of this account: an account takes over no one.
    """
    require(unit, Permission.ACCOUNT_USER_MANAGE, account_id)
    held = held_roles(unit, user.id)
    if not held or any(one.account_id != account_id for one in held):
        raise FirstPasswordError("{name} has no role in this account, or one outside of it", name=user.name)
    if unit.session.get(Password, user.id) is not None:
        raise FirstPasswordError("{name} has a password", name=user.name)
    refuse_stronger(unit, user)
    text = "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(5))
    credentials.set_password(unit, USER_TABLES, Person(user.id, user.name), text)
    message = f"first password of {user.name} made"
    record(unit, account_id, EventKind.PASSWORD_SET, message, subject={"user": user.id})
    return text

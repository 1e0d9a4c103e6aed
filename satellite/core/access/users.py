"""Users of the satellite: add, change, unlock, remove; an administrator always remains (row S3.4)."""

from __future__ import annotations

from sqlalchemy import delete, func, select

from satellite.core.access.errors import UnknownUserError, UserExistsError
from satellite.core.access.models import USER_TABLES, ApiToken, RefreshToken, User
from satellite.core.access.rules import Permission, Role, judge_role, role_of
from satellite.core.access.services import require
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.services import record
from serverkit.auth.narrower import refuse_wider_addresses
from serverkit.db.unit import Unit
from serverkit.ids import new_id
from serverkit.locks import for_change
from serverkit.names import check_name, did_you_mean, kept_key, refuse_similar
from serverkit.users import backoff, credentials, sessions
from serverkit.users.sign_in import Happened
from serverkit.users.tables import Person
from serverkit.verdicts import Verdict


def find_person(unit: Unit, name: str) -> Person | None:
    """The user of a name as someone typed it; None for one that no name can be."""
    if "\0" in name:
        return None
    row = unit.session.scalars(select(User).where(User.name_key == kept_key(name[:1024]))).one_or_none()
    return Person(row.id, row.name, row.role) if row is not None else None


def get_person(unit: Unit, user_id: str) -> Person | None:
    """The user of an id."""
    row = unit.session.get(User, user_id)
    return Person(row.id, row.name, row.role) if row is not None else None


def find_user(unit: Unit, name: str) -> User:
    """The user of a name, or of an id; UnknownUserError. The row is locked in a writing unit."""
    rows: list[User] = []
    for column, word in ((User.name_key, kept_key(name[:1024])), (User.id, name[:32])):
        query = select(User).where(column == word)
        rows += unit.session.scalars(for_change(query, writing=unit.writing))
    row = next(iter(rows), None)
    if row is None:
        guess = did_you_mean(name, list(unit.session.scalars(select(User.name).limit(1000))))
        raise UnknownUserError("there is no user {name!r}{guess}", name=name[:80], guess=guess)
    return row


def count_administrators(unit: Unit) -> int:
    """How many administrators there are; the rows are locked in a writing unit, so that two never leave at once."""
    query = select(User.id).where(User.role == Role.ADMINISTRATOR)
    if unit.writing:
        return len(unit.session.scalars(for_change(query)).all())
    return int(unit.session.scalar(select(func.count()).select_from(query.subquery())) or 0)


def create_user(unit: Unit, name: str, role: str, password: str) -> User:
    """Add a user with a role and a password; the caller has asked for the permission."""
    refuse_wider_addresses(unit.actor)
    check_name("name", name)
    wanted = role_of(role)
    names = list(unit.session.scalars(select(User.name)))
    if kept_key(name) in {kept_key(other) for other in names}:
        raise UserExistsError("there is a user {name!r} already", name=name)
    refuse_similar("the name", name, names)
    row = User(
        id=new_id(), name=name, name_key=kept_key(name), role=wanted, created_at=unit.now, created_by=unit.actor.label
    )
    credentials.set_password(unit, USER_TABLES, Person(row.id, name), password)
    unit.session.add(row)
    record(unit, EventKind.USER_CREATED, f"user {name} added as {role}", subject={"user": row.id, "role": role})
    return row


def judge_change(unit: Unit, row: User, new: Role | None) -> Verdict:
    """Whether a user gets another role, or is removed (None)."""
    return judge_role(row.name, Role(row.role), new, count_administrators(unit))


def change_role(unit: Unit, row: User, role: str) -> User:
    """Give a user another role; sessions of the user end."""
    require(unit, Permission.ACCESS_MANAGE)
    new = role_of(role)
    judge_change(unit, row, new).enforce()
    if new != row.role:
        subject = {"user": row.id, "old": row.role, "new": role}
        row.role = new
        sessions.end_all(unit, USER_TABLES, row.id)
        record(unit, EventKind.USER_ROLE_CHANGED, f"user {row.name} is {role} now", subject=subject)
    return row


def reset_user(unit: Unit, row: User, password: str, *, two_step_off: bool) -> User:
    """Set a new password for a user, who is unlocked; sessions of the user end."""
    require(unit, Permission.ACCESS_MANAGE)
    refuse_wider_addresses(unit.actor)
    credentials.set_password(unit, USER_TABLES, Person(row.id, row.name), password)
    off = two_step_off and credentials.remove_two_step(unit, USER_TABLES, row.id)
    sessions.end_all(unit, USER_TABLES, row.id)
    _unlock(unit, row)
    message = f"password of {row.name} set by {unit.actor.label}"
    record(unit, EventKind.USER_RESET, message, subject={"user": row.id, "two_step_off": off})
    return row


def unlock_user(unit: Unit, row: User) -> User:
    """Forget failed tries, so that a user can sign in at once."""
    require(unit, Permission.ACCESS_MANAGE)
    _unlock(unit, row)
    record(unit, EventKind.USER_UNLOCKED, f"user {row.name} unlocked", subject={"user": row.id})
    return row


def _unlock(unit: Unit, row: User) -> None:
    backoff.unlock(unit, USER_TABLES, row.name, backoff.code_name(row.id))


def remove_user(unit: Unit, row: User) -> None:
    """Remove a user with sessions and access tokens; LastAdministratorError."""
    require(unit, Permission.ACCESS_MANAGE)
    judge_change(unit, row, None).enforce()
    own = select(ApiToken.id).where(ApiToken.user_id == row.id)
    unit.session.execute(delete(RefreshToken).where(RefreshToken.parent_id.in_(own)))
    unit.session.execute(delete(ApiToken).where(ApiToken.user_id == row.id))
    _unlock(unit, row)
    credentials.forget_person(unit, USER_TABLES, row.id)
    unit.session.delete(row)
    record(unit, EventKind.USER_REMOVED, f"user {row.name} removed", subject={"user": row.id, "name": row.name})


def tell(unit: Unit, happened: Happened, name: str, person: Person | None) -> None:
    """Write down what happened when someone signed in; names that no one has are not kept."""
    if happened is Happened.SIGNED_IN and person is not None:
        row = unit.session.get(User, person.id)
        if row is not None:
            row.last_sign_in_at = unit.now
    elif happened is Happened.SLOWED:
        who = f"as {person.name}" if person is not None else "with an unknown name"
        subject = {"user": person.id} if person is not None else {}
        record(unit, EventKind.SIGN_IN_SLOWED, f"tries to sign in {who} failed and are slowed", subject=subject)
    elif happened is Happened.RECOVERY_CODE_USED and person is not None:
        left = credentials.recovery_codes_left(unit, USER_TABLES, person.id)
        message = f"{person.name} signed in with a recovery code; {left} left"
        record(unit, EventKind.RECOVERY_CODE_USED, message, subject={"user": person.id, "left": left})
    del name

"""Passwords and second steps of users: set, verify, remove (row S3.4)."""

from __future__ import annotations

import hmac
from datetime import datetime

from sqlalchemy import delete, func, select, update

from serverkit.db.unit import Unit
from serverkit.locks import for_change
from serverkit.secrets_box import SecretBox
from serverkit.users.codes import hash_code, new_code
from serverkit.users.errors import CodeRefusedError, TwoStepOffError, TwoStepOnError
from serverkit.users.models import TwoStepMixin
from serverkit.users.passwords import hash_password
from serverkit.users.rules import RECOVERY_CODES
from serverkit.users.tables import Person, UserTables
from serverkit.users.totp import matching_step, new_totp_secret


def set_password(unit: Unit, tables: UserTables, person: Person, text: str) -> None:
    """Give a user a password; WeakPasswordError."""
    hashed = hash_password(text, person.name)
    unit.session.merge(tables.password(user_id=person.id, hash=hashed, changed_at=unit.now))


def password_hash(unit: Unit, tables: UserTables, user_id: str | None) -> str | None:
    """What a user's password is compared with; None where there is none."""
    row = unit.session.get(tables.password, user_id) if user_id is not None else None
    return row.hash if row is not None else None


def password_set_at(unit: Unit, tables: UserTables, user_id: str) -> datetime | None:
    """Since when a user's password is as it is; None where there is none."""
    row = unit.session.get(tables.password, user_id)
    return row.changed_at if row is not None else None


def still_has(unit: Unit, tables: UserTables, user_id: str, hashed: str | None) -> bool:
    """Whether a user's password is still that of a hash; until this unit ends, no other one replaces it.

    The row is written, not only locked: a unit that replaces the password at the same time has to start again, and so
    sees the session that this one begins.
    """
    model = tables.password
    query = update(model).where(model.user_id == user_id, model.hash == hashed).values(hash=hashed)
    return unit.session.execute(query.returning(model.user_id)).first() is not None


def two_step_of(unit: Unit, tables: UserTables, user_id: str) -> TwoStepMixin | None:
    """The authenticator of a user, once it was tried."""
    row = unit.session.get(tables.two_step, user_id)
    return row if row is not None and row.confirmed else None


def begin_two_step(unit: Unit, tables: UserTables, box: SecretBox, user_id: str) -> str:
    """Give a user a new secret for an authenticator, which counts once a code of it was shown; TwoStepOnError."""
    if two_step_of(unit, tables, user_id) is not None:
        raise TwoStepOnError
    secret = new_totp_secret()
    row = tables.two_step(user_id=user_id, secret=box.encrypt(secret), last_step=0, confirmed=False)
    unit.session.merge(row)
    return secret


def confirm_two_step(unit: Unit, tables: UserTables, box: SecretBox, user_id: str, code: str) -> list[str]:
    """Take an authenticator that shows the right code into use; returns the recovery codes, which are shown once."""
    row = unit.session.get(tables.two_step, user_id)
    if row is None:
        raise TwoStepOffError
    if row.confirmed:
        raise TwoStepOnError
    step = matching_step(box.decrypt(row.secret), code, unit.now, row.last_step)
    if step is None:
        raise CodeRefusedError
    row.confirmed, row.last_step = True, step
    return renew_recovery_codes(unit, tables, user_id)


def renew_recovery_codes(unit: Unit, tables: UserTables, user_id: str) -> list[str]:
    """Ten new recovery codes in place of the old ones; TwoStepOffError."""
    if two_step_of(unit, tables, user_id) is None:
        raise TwoStepOffError
    model = tables.recovery_code
    unit.session.execute(delete(model).where(model.user_id == user_id))
    codes = [new_code() for _ in range(RECOVERY_CODES)]
    unit.session.add_all([model(hash=hash_code(one), user_id=user_id) for one in codes])
    return codes


def recovery_codes_left(unit: Unit, tables: UserTables, user_id: str) -> int:
    """How many recovery codes were not used."""
    model = tables.recovery_code
    query = select(func.count()).select_from(model).where(model.user_id == user_id)
    return int(unit.session.scalar(query) or 0)


def remove_two_step(unit: Unit, tables: UserTables, user_id: str) -> bool:
    """Remove authenticator and recovery codes of a user; whether there were any."""
    model = tables.recovery_code
    unit.session.execute(delete(model).where(model.user_id == user_id))
    row = unit.session.get(tables.two_step, user_id)
    if row is not None:
        unit.session.delete(row)
    return row is not None and row.confirmed


def use_code(unit: Unit, tables: UserTables, box: SecretBox, user_id: str, code: str) -> str | None:
    """Use a code of the authenticator, or a recovery code: `totp` or `recovery`, None for a wrong one."""
    query = select(tables.two_step).where(tables.two_step.user_id == user_id, tables.two_step.confirmed.is_(True))
    row = unit.session.scalars(for_change(query)).one_or_none()
    if row is None:
        return None
    step = matching_step(box.decrypt(row.secret), code, unit.now, row.last_step)
    if step is not None:
        row.last_step = step
        return "totp"
    hashed = hash_code(code)
    codes = unit.session.scalars(select(tables.recovery_code).where(tables.recovery_code.user_id == user_id)).all()
    fitting = [one for one in codes if hmac.compare_digest(one.hash, hashed)]
    for one in fitting:
        unit.session.delete(one)
    return "recovery" if fitting else None


def forget_person(unit: Unit, tables: UserTables, user_id: str) -> None:
    """Delete everything that is kept of a user beside the user's own row."""
    for model in (tables.recovery_code, tables.two_step, tables.session, tables.preference, tables.password):
        unit.session.execute(delete(model).where(model.user_id == user_id))

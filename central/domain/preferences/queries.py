"""Reading preferences and flags."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import exists, or_, select

from central.domain.access.models import RoleAssignment, User
from central.domain.access.rules import Role
from central.domain.accounts.models import SmartAccount
from central.domain.alerts.models import Alert
from central.domain.base import Counter
from central.domain.preferences.models import AccountFlag, NoticeSetting
from central.domain.preferences.rules import FLAGS
from serverkit.db.unit import Unit


def flags_of(unit: Unit, account_id: str) -> dict[str, bool]:
    """Every flag of an account with its value."""
    rows = unit.session.scalars(select(AccountFlag).where(AccountFlag.account_id == account_id))
    found = {row.key: row.on for row in rows}
    return {key: found.get(key, default) for key, default in FLAGS.items()}


def is_on(unit: Unit, account_id: str, key: str) -> bool:
    """Whether a flag of an account is on."""
    row = unit.session.get(AccountFlag, (account_id, key))
    return FLAGS[key] if row is None else row.on


def settings_of(unit: Unit, account_id: str) -> Sequence[tuple[NoticeSetting, User]]:
    """What people want to be told of an account."""
    query = select(NoticeSetting, User).join(User, User.id == NoticeSetting.user_id)
    rows = unit.session.execute(query.where(NoticeSetting.account_id == account_id).order_by(User.id))
    return [(row[0], row[1]) for row in rows]


def accounts_with_news(unit: Unit) -> set[str]:
    """The accounts in which something happened that was not looked at for mails."""
    alerts = select(Alert.account_id).where(Alert.told.is_(False)).distinct()
    events = (
        select(NoticeSetting.account_id)
        .join(Counter, (Counter.account_id == NoticeSetting.account_id) & (Counter.name == "event"))
        .where(NoticeSetting.at_once.is_(True), Counter.value > NoticeSetting.told_number)
        .distinct()
    )
    missed = select(NoticeSetting.account_id).where(NoticeSetting.missed != []).distinct()
    return {*unit.session.scalars(alerts), *unit.session.scalars(events), *unit.session.scalars(missed)}


def summaries(unit: Unit) -> Sequence[tuple[str, str, date]]:
    """Who gets a daily summary: account, zone, and the day of the last one."""
    query = select(NoticeSetting.account_id, NoticeSetting.zone, NoticeSetting.summed_on)
    return [(row[0], row[1], row[2]) for row in unit.session.execute(query.where(NoticeSetting.summary.is_(True)))]


def mailed_accounts(unit: Unit, user_id: str, *, but: str) -> list[str]:
    """The names of other accounts of a user about which mail is wanted; the address is one for all of them."""
    held = exists().where(
        RoleAssignment.user_id == user_id, RoleAssignment.account_id.in_((NoticeSetting.account_id, ""))
    )
    query = (
        select(SmartAccount.name, NoticeSetting.kinds)
        .join(NoticeSetting, NoticeSetting.account_id == SmartAccount.id)
        .where(
            NoticeSetting.user_id == user_id,
            NoticeSetting.account_id != but,
            held,
            or_(NoticeSetting.at_once.is_(True), NoticeSetting.summary.is_(True)),
        )
    )
    return sorted(name for name, kinds in unit.session.execute(query) if kinds)


def last_event(unit: Unit, account_id: str) -> int:
    """The number of the newest event of an account."""
    row = unit.session.get(Counter, (account_id, "event"))
    return row.value if row is not None else 0


def administrators(unit: Unit, account_id: str) -> list[str]:
    """The addresses of the administrators of an account, of those who gave one."""
    query = (
        select(User.email)
        .join(RoleAssignment, RoleAssignment.user_id == User.id)
        .where(
            RoleAssignment.account_id == account_id,
            RoleAssignment.role == Role.ACCOUNT_ADMINISTRATOR,
            User.email.is_not(None),
        )
    )
    return sorted({email for email in unit.session.scalars(query) if email})

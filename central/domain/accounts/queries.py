"""Find accounts and virtual accounts that the caller may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import column, or_, select, table, type_coerce

from central.domain.access.errors import NotPermittedError
from central.domain.access.rules import ROLE_SCOPES, TRUSTED_KINDS, Permission, Scope, permits
from central.domain.access.services import held_roles, visible_virtual_accounts
from central.domain.accounts.errors import UnknownAccountError, UnknownVirtualAccountError
from central.domain.accounts.models import SmartAccount, VirtualAccount
from serverkit.db.base import UtcDateTime
from serverkit.db.paging import Query
from serverkit.db.unit import Unit
from serverkit.names import did_you_mean

# Satellites are a feature above this one; of theirs only the names are read here.
_SATELLITES = table("satellites", *(column(name) for name in ("account_id", "id", "name", "state", "last_sync_at")))


@dataclass(frozen=True, slots=True)
class Manager:
    """The managing satellite: its name, its last report, and whether it was removed since."""

    name: str
    last_said: datetime | None
    removed: bool


def managers(unit: Unit, account_id: str) -> dict[str, Manager]:
    """The satellites of an account by id, removed ones included."""
    at = _SATELLITES.c
    query = select(at.id, at.name, type_coerce(at.last_sync_at, UtcDateTime()), at.state).where(
        at.account_id == account_id
    )
    return {row[0]: Manager(row[1], row[2], row[3] == "removed") for row in unit.session.execute(query)}


def satellite_name(unit: Unit, account_id: str, satellite_id: str) -> str:
    """The name of a satellite; its id if nothing is known about it."""
    found = managers(unit, account_id).get(satellite_id)
    return found.name if found else satellite_id


def by_domain(unit: Unit, domain: str) -> SmartAccount:
    """An account by its domain identifier; UnknownAccountError also where the actor may not see it.

    A unit that only looks asks once.
    """
    known: dict[str, SmartAccount] = {} if unit.writing else unit.session.info.setdefault("accounts", {})
    if domain in known:
        return known[domain]
    account = unit.session.scalars(select(SmartAccount).where(SmartAccount.domain == domain)).one_or_none()
    if account is None:
        raise _unknown_account(unit, domain)
    try:
        visible_virtual_accounts(unit, account.id)
    except NotPermittedError as error:
        raise _unknown_account(unit, domain) from error
    known[domain] = account
    return account


def _unknown_account(unit: Unit, text: str) -> UnknownAccountError:
    """Says nothing of accounts that the actor may not see."""
    rows = visible_accounts(unit)
    by_name = {row.domain: row.domain for row in rows} | {row.name: row.domain for row in rows}
    return UnknownAccountError(
        "there is no account {text!r}{did_you_mean}", text=text[:253], did_you_mean=did_you_mean(text, by_name)
    )


def all_accounts(unit: Unit) -> list[SmartAccount]:
    """Every account, by domain."""
    return list(unit.session.scalars(select(SmartAccount).order_by(SmartAccount.domain)))


def only_visible(unit: Unit, query: Query) -> Query:
    """Limit a query of accounts to those that the caller has a role in; the vendor's roles see all (row C1.1)."""
    if unit.actor.kind in TRUSTED_KINDS:
        return query
    held = held_roles(unit, unit.actor.id)
    if any(ROLE_SCOPES[one.role] is Scope.VENDOR for one in held):
        return query
    return query.where(SmartAccount.id.in_(sorted({one.account_id for one in held})))


def only_visible_places(unit: Unit, query: Query) -> Query:
    """Limit a query of virtual accounts, of whatever accounts, to those that the caller may see."""
    if unit.actor.kind in TRUSTED_KINDS:
        return query
    held = held_roles(unit, unit.actor.id)
    if any(ROLE_SCOPES[one.role] is Scope.VENDOR for one in held):
        return query
    whole = {one.account_id for one in held if permits((one,), Permission.ACCOUNT_VIEW, one.account_id, "")}
    parts = {one.virtual_account_id for one in held if one.virtual_account_id}
    return query.where(or_(VirtualAccount.account_id.in_(sorted(whole)), VirtualAccount.id.in_(sorted(parts))))


def visible_accounts(unit: Unit) -> list[SmartAccount]:
    """The accounts that the caller has a role in, by domain."""
    return list(unit.session.scalars(only_visible(unit, select(SmartAccount).order_by(SmartAccount.domain))))


def named(unit: Unit, text: str) -> SmartAccount:
    """An account by domain or else by name, whatever the case of the letters; UnknownAccountError."""
    wanted = text.strip().lower()
    rows = visible_accounts(unit)
    found = [row for row in rows if row.domain.lower() == wanted] or [row for row in rows if row.name.lower() == wanted]
    if len(found) != 1:
        raise _unknown_account(unit, text)
    return found[0]


def numbered(unit: Unit, number: str) -> SmartAccount:
    """A visible account by its number; UnknownAccountError."""
    found: SmartAccount | None = None
    if number.isascii() and number.isdecimal() and len(number) < 19:
        query = only_visible(unit, select(SmartAccount).where(SmartAccount.number == int(number)))
        found = unit.session.scalars(query).one_or_none()
    if found is None:
        raise UnknownAccountError("there is no account with number {number}", number=number[:32])
    return found


def virtual_account(unit: Unit, account_id: str, name: str) -> VirtualAccount:
    """A virtual account by its name."""
    query = select(VirtualAccount).where(VirtualAccount.account_id == account_id, VirtualAccount.name == name)
    found = unit.session.scalars(query).one_or_none()
    allowed = visible_virtual_accounts(unit, account_id)
    if found is None or (allowed is not None and found.id not in allowed):
        there = [row.name for row in virtual_accounts(unit, account_id)]
        hint = did_you_mean(name, there)
        raise UnknownVirtualAccountError(
            "the account has no virtual account {name!r}{hint}", name=name[:255], hint=hint
        )
    return found


def by_number(unit: Unit, account_id: str, number: str) -> VirtualAccount:
    """A virtual account by its number, which a rename does not change; UnknownVirtualAccountError."""
    found = None
    if number.isascii() and number.isdecimal() and len(number) < 19:
        query = select(VirtualAccount).where(VirtualAccount.number == int(number))
        found = unit.session.scalars(query.where(VirtualAccount.account_id == account_id)).one_or_none()
    seen = visible_virtual_accounts(unit, account_id)
    if found is None or not (seen is None or found.id in seen):
        raise UnknownVirtualAccountError("the account has no virtual account with number {number}", number=number[:32])
    return found


def visible_in(unit: Unit, account_id: str, query: Query) -> Query:
    """Limit a query of virtual accounts to those of an account that the caller may see."""
    query = query.where(VirtualAccount.account_id == account_id)
    allowed = visible_virtual_accounts(unit, account_id)
    return query if allowed is None else query.where(VirtualAccount.id.in_(sorted(allowed)))


def numbers_by_id(unit: Unit, account_id: str) -> dict[str, int]:
    """The numbers of an account's virtual accounts, which their addresses have."""
    query = select(VirtualAccount.id, VirtualAccount.number).where(VirtualAccount.account_id == account_id)
    return dict(unit.session.execute(query).all())


def virtual_accounts(unit: Unit, account_id: str) -> list[VirtualAccount]:
    """The account's virtual accounts, by name, as far as the caller may see them."""
    query = visible_in(unit, account_id, select(VirtualAccount))
    return list(unit.session.scalars(query.order_by(VirtualAccount.name)))


def default_virtual_account(unit: Unit, account_id: str) -> VirtualAccount:
    """The virtual account used when none is named (row C1.2)."""
    query = select(VirtualAccount).where(VirtualAccount.account_id == account_id, VirtualAccount.is_default)
    return unit.session.scalars(query).one()


def of_satellite(unit: Unit, account_id: str, satellite_id: str) -> list[VirtualAccount]:
    """The virtual accounts of a satellite."""
    query = select(VirtualAccount).where(
        VirtualAccount.account_id == account_id, VirtualAccount.satellite_id == satellite_id
    )
    return list(unit.session.scalars(query.order_by(VirtualAccount.name)))

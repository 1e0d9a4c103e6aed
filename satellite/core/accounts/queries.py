"""Reading virtual accounts."""

from __future__ import annotations

from sqlalchemy import select

from satellite.core.accounts.models import VirtualAccount
from serverkit.db.unit import Unit
from serverkit.errors import NotFoundError
from serverkit.names import did_you_mean

_NAMES = select(VirtualAccount.id, VirtualAccount.name)


class UnknownVirtualAccountError(NotFoundError):
    """The refusal `unknown_virtual_account`."""

    code = "unknown_virtual_account"
    message = "This satellite has no such virtual account."


def virtual_account(unit: Unit, name: str) -> VirtualAccount:
    """A virtual account by its name."""
    query = select(VirtualAccount).where(VirtualAccount.name == name, VirtualAccount.removed.is_(False))
    found = unit.session.scalars(query).one_or_none()
    if found is None:
        hint = did_you_mean(name, [row.name for row in virtual_accounts(unit)])
        raise UnknownVirtualAccountError(
            "this satellite has no virtual account {name!r}{hint}", name=name[:80], hint=hint
        )
    return found


def virtual_accounts(unit: Unit) -> list[VirtualAccount]:
    """The virtual accounts of this satellite, by name."""
    query = select(VirtualAccount).where(VirtualAccount.removed.is_(False)).order_by(VirtualAccount.name)
    return list(unit.session.scalars(query))


def number_of(row: VirtualAccount) -> int:
    """A stable number for interfaces that want integers."""
    return int(row.id[:12], 16)


def names(unit: Unit) -> dict[str, str]:
    """Names by id."""
    return {row.id: row.name for row in unit.session.execute(_NAMES)}


def present_names(unit: Unit) -> dict[str, str]:
    """Names by id of the virtual accounts that this satellite still has."""
    return {row.id: row.name for row in virtual_accounts(unit)}

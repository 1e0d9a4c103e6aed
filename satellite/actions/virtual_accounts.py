"""Use cases of virtual accounts: central owns them, a satellite lists them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from sqlalchemy import ColumnElement, or_, select

from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.accounts import queries
from satellite.core.accounts.errors import CentralOnlyError
from satellite.core.accounts.models import VirtualAccount
from serverkit.db.paging import Query
from serverkit.db.unit import Unit


@dataclass(frozen=True, slots=True)
class VirtualAccountView:
    """A virtual account; `number` stays the same, for clients that expect an integer."""

    id: str
    name: str
    description: str
    number: int

    def to_dict(self) -> dict[str, Any]:
        """The view for people and programs."""
        return {"id": self.id, "name": self.name, "description": self.description}


def list_virtual_accounts(unit: Unit) -> list[VirtualAccountView]:
    """List the virtual accounts of this satellite by name."""
    return [
        VirtualAccountView(row.id, row.name, row.description, queries.number_of(row))
        for row in queries.virtual_accounts(unit)
    ]


def find_names(unit: Unit, wanted: Sequence[str]) -> dict[str, str]:
    """Names by id of the virtual accounts that are named, or of all; UnknownVirtualAccountError."""
    for name in wanted:
        queries.virtual_account(unit, name)
    return {row.id: row.name for row in queries.virtual_accounts(unit) if not wanted or row.name in wanted}


def find_id(unit: Unit, name: str | None) -> str | None:
    """The id of a virtual account, or None where none is named; UnknownVirtualAccountError."""
    return queries.virtual_account(unit, name).id if name is not None else None


def refuse_change(unit: Unit) -> NoReturn:
    """Refuse what only central can do; NotPermittedError or CentralOnlyError."""
    require(unit, Permission.INSTANCE_MANAGE)
    raise CentralOnlyError


def in_virtual_account(query: Query, wanted: Mapping[str, str], column: Any) -> Query:
    """Keep the rows of the virtual account that a filter gives by id or name; all rows without one."""
    place = wanted.get("virtual_account")
    if not place:
        return query
    ids = select(VirtualAccount.id).where(or_(VirtualAccount.id == place, VirtualAccount.name == place))
    inside: ColumnElement[bool] = column.in_(ids)
    return query.where(inside)

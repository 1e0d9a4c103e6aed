"""The permission check of the edges before they call an action (row C1.5)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from central.domain.access.errors import NotPermittedError
from central.domain.access.rules import (
    ALL_POOLS,
    MATRIX,
    TRUSTED_KINDS,
    Permission,
    is_in_scope,
    permits,
    permits_in_part,
)
from central.domain.access.services import held_roles
from central.domain.accounts.queries import by_domain, by_number
from serverkit.db.unit import Unit


def permit_at(unit: Unit, needed: Sequence[StrEnum], domain: str | None, *, changes: bool) -> None:
    """Refuse like `permit`, in the account of a domain; UnknownAccountError where the actor has no role in it."""
    if _of_matrix(needed):
        permit(unit, needed, by_domain(unit, domain).id if domain is not None else "", changes=changes)


def permit(unit: Unit, needed: Sequence[StrEnum], account_id: str, *, changes: bool) -> None:
    """Refuse who holds none of the permissions in any part of the account (empty: of any account); NotPermittedError.

    `changes`: the scopes of the access token count, too. Which part of the account is meant only the use case knows;
    it asks again.
    """
    wanted = _of_matrix(needed)
    if not wanted or unit.actor.kind in TRUSTED_KINDS:
        return
    held = held_roles(unit, unit.actor.id)
    found = [one for one in wanted if permits_in_part(held, one, account_id)]
    if not found:
        raise NotPermittedError("{label} may not do this ({wanted})", label=unit.actor.label, wanted=wanted[0])
    if changes and not any(is_in_scope(unit.actor.scopes, one) for one in found):
        raise NotPermittedError("the access token may not do this ({found})", found=found[0])


def permit_place(unit: Unit, needed: Sequence[StrEnum], domain: str | None, number: str | None) -> None:
    """Refuse who holds none of the permissions at a place: an account by domain, a virtual account of it by number.

    UnknownAccountError, UnknownVirtualAccountError for what is not there or not for the actor, whatever is needed.
    Without a number any part of the account will do; without a domain any account. `all` as number is every virtual account,
    for those who may see them all.
    """
    account_id = by_domain(unit, domain).id if domain is not None else ""
    if number is None:
        permit(unit, needed, account_id, changes=unit.writing)
        return
    wanted, pool = _of_matrix(needed), _pool(unit, account_id, number)
    if unit.actor.kind in TRUSTED_KINDS:
        return
    held = held_roles(unit, unit.actor.id)
    if number == ALL_POOLS and not permits(held, Permission.ACCOUNT_VIEW, account_id, ""):
        raise NotPermittedError("{label} may not see all virtual accounts", label=unit.actor.label)
    if not wanted:
        return
    if not any(permits(held, one, account_id, pool) for one in wanted):
        raise NotPermittedError("{label} may not do this ({wanted})", label=unit.actor.label, wanted=wanted[0])


def permissions_at(unit: Unit, domain: str | None, number: str | None) -> frozenset[str]:
    """What the roles of the actor permit at a place, named as for `permit_place`."""
    held = held_roles(unit, unit.actor.id)
    if domain is None:
        return frozenset(permission.value for one in held for permission in MATRIX[one.role])
    account_id = by_domain(unit, domain).id
    if number is None:
        return frozenset(one.value for one in Permission if permits_in_part(held, one, account_id))
    pool = _pool(unit, account_id, number)
    return frozenset(one.value for one in Permission if permits(held, one, account_id, pool))


def _pool(unit: Unit, account_id: str, number: str) -> str:
    """The virtual account of a number; empty for all of them, as a role of the whole account reaches them."""
    return "" if number == ALL_POOLS else by_number(unit, account_id, number).id


def _of_matrix(needed: Sequence[StrEnum]) -> list[Permission]:
    return [one for one in needed if isinstance(one, Permission)]

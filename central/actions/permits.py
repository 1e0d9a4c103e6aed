"""The permission check of the edges before they call an action (row C1.5)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from central.domain.access.errors import NotPermittedError
from central.domain.access.rules import TRUSTED_KINDS, Permission, is_in_scope, permits_in_part
from central.domain.access.services import held_roles
from central.domain.accounts.queries import by_domain
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


def _of_matrix(needed: Sequence[StrEnum]) -> list[Permission]:
    return [one for one in needed if isinstance(one, Permission)]

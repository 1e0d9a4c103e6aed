"""What actions share: accounts, virtual accounts and their names, as far as the actor may see them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from central.domain.access.services import visible_virtual_accounts
from central.domain.accounts.models import SmartAccount
from central.domain.accounts.places import EveryPlace
from central.domain.accounts.queries import by_domain, named, numbered, virtual_account, virtual_accounts
from serverkit.db.unit import Unit


def find_account(unit: Unit, domain: str, name: str | None = None) -> tuple[SmartAccount, str | None]:
    """An account, and the id of the virtual account of that name; None where no name is given."""
    account = by_domain(unit, domain)
    return account, virtual_account(unit, account.id, name).id if name is not None else None


def visible_names(unit: Unit, account_id: str) -> dict[str, str]:
    """Names by id of the virtual accounts that the actor may see."""
    found = {row.id: row.name for row in virtual_accounts(unit, account_id)}
    return EveryPlace(found) if visible_virtual_accounts(unit, account_id) is None else found


def chosen_names(unit: Unit, account_id: str, names: Collection[str] | None) -> dict[str, str]:
    """Names by id of these virtual accounts, of all that the actor may see without a choice; UnknownVirtualAccountError."""
    visible = visible_names(unit, account_id)
    if names is None:
        return visible
    for name in set(names) - set(visible.values()):
        virtual_account(unit, account_id, name)  # says what is unknown, and what may be meant
    return {found: name for found, name in visible.items() if name in names}


@dataclass(frozen=True, slots=True)
class NamedAccount:
    """An account that a caller may see, by its id and domain."""

    id: str
    domain: str
    number: int


def name_account(unit: Unit, text: str) -> NamedAccount:
    """The account of a domain or else of a name, whatever the case of the letters; UnknownAccountError."""
    row = named(unit, text)
    return NamedAccount(row.id, row.domain, row.number)


def number_account(unit: Unit, number: str) -> NamedAccount:
    """The account of a number; UnknownAccountError."""
    row = numbered(unit, number)
    return NamedAccount(row.id, row.domain, row.number)

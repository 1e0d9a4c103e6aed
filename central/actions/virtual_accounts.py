"""Use cases of virtual accounts (rows C1.2, C2.1)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Literal

from sqlalchemy import select

from central.actions.lookup import chosen_names
from central.actions.views import VirtualAccountView
from central.domain.access.services import drop_roles
from central.domain.accounts import services
from central.domain.accounts.errors import VirtualAccountNotEmptyError
from central.domain.accounts.models import VirtualAccount
from central.domain.accounts.queries import by_domain, virtual_account, visible_in
from central.domain.accounts.tags import beginning, drop_tags, tags_of
from central.domain.accounts.tags import change_tags as change_tags_of
from central.domain.instances.queries import in_virtual_accounts
from central.domain.ledger.claims import claimed_in, drop_totals
from central.domain.ledger.services import owned_in
from central.domain.tokens.queries import own_tokens
from central.domain.tokens.services import drop_tokens
from serverkit.db.paging import ALL, Listing, Slice, Sorting, page_of
from serverkit.db.unit import Unit

VirtualAccountSort = Literal["id", "-id", "name", "-name"]
SORTING = Sorting((VirtualAccount.id,), {"name": (VirtualAccount.name,)})
BY_NAME = Slice(sort="name")


def list_virtual_accounts(unit: Unit, domain: str, search: str = "", part: Slice = ALL) -> Listing:
    """List the virtual accounts that the caller may see, or those whose name or a tag begins with `search`."""
    account = by_domain(unit, domain)
    query = visible_in(unit, account.id, select(VirtualAccount))
    if search:
        query = query.where(VirtualAccount.id.in_(beginning(unit, account.id, search)))
    rows, following = page_of(unit, query, SORTING, part)
    tags = tags_of(unit, account.id)
    items = [VirtualAccountView.tagged(row[0], tags.get(row[0].id, [])).shown() for row in rows]
    return Listing(items, following)


def names_by_id(unit: Unit, domain: str, names: Collection[str] | None = None) -> dict[str, str]:
    """Names by id of these virtual accounts, or of all that the caller may see; UnknownVirtualAccountError."""
    return chosen_names(unit, by_domain(unit, domain).id, names)


def show_virtual_account(unit: Unit, domain: str, name: str) -> dict[str, Any]:
    """Show a virtual account."""
    return _shown(unit, _named(unit, domain, name))


def create_virtual_account(
    unit: Unit, domain: str, name: str, description: str = "", *, default: bool = False
) -> dict[str, Any]:
    """Create a virtual account, and make it the default if requested."""
    row = services.create_virtual_account(unit, by_domain(unit, domain).id, name, description)
    if default:
        services.make_default(unit, row)
    return _shown(unit, row)


def change_virtual_account(
    unit: Unit, domain: str, name: str, new_name: str | None = None, description: str | None = None
) -> dict[str, Any]:
    """Rename or describe a virtual account; None keeps what is there."""
    row = _named(unit, domain, name)
    if description is not None:
        services.describe_virtual_account(unit, row, description)
    if new_name is not None:
        services.rename_virtual_account(unit, row, new_name)
    return _shown(unit, row)


def change_tags(
    unit: Unit, domain: str, name: str, add: Sequence[str] = (), remove: Sequence[str] = ()
) -> dict[str, Any]:
    """Set and remove tags of a virtual account."""
    row = _named(unit, domain, name)
    return VirtualAccountView.tagged(row, change_tags_of(unit, row, add=add, remove=remove)).shown()


def make_default(unit: Unit, domain: str, name: str) -> dict[str, Any]:
    """Make a virtual account the default of its account."""
    row = _named(unit, domain, name)
    services.make_default(unit, row)
    return _shown(unit, row)


def delete_virtual_account(unit: Unit, domain: str, name: str) -> dict[str, Any]:
    """Delete a virtual account without licences, devices and usable tokens; else VirtualAccountNotEmptyError."""
    row = _named(unit, domain, name)
    services.refuse_deletion(unit, row)
    if owned_in(unit, row.account_id, row.id) or claimed_in(unit, row.account_id, row.id):
        raise VirtualAccountNotEmptyError
    if in_virtual_accounts(unit, row.account_id, [row.id]):
        raise VirtualAccountNotEmptyError("{name} holds product instances", name=row.name)
    if own_tokens(unit, row.account_id, row.id):
        raise VirtualAccountNotEmptyError("{name} holds tokens that still register devices", name=row.name)
    view = _shown(unit, row)
    drop_tags(unit, row)
    drop_totals(unit, row.account_id, row.id)
    drop_tokens(unit, row.account_id, row.id)
    drop_roles(unit, row.account_id, row.id)
    services.delete_virtual_account(unit, row)
    return view


def _named(unit: Unit, domain: str, name: str) -> VirtualAccount:
    return virtual_account(unit, by_domain(unit, domain).id, name)


def _shown(unit: Unit, row: VirtualAccount) -> dict[str, Any]:
    return VirtualAccountView.tagged(row, tags_of(unit, row.account_id).get(row.id, [])).shown()

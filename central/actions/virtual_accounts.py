"""Use cases of virtual accounts (rows C1.2, C2.1)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Literal

from sqlalchemy import select

from central.actions.views import VirtualAccountTagView, VirtualAccountView
from central.actions.visible_accounts import chosen_names
from central.domain.access.rules import Permission, permits
from central.domain.access.services import drop_roles, held_roles, require
from central.domain.accounts import services
from central.domain.accounts.errors import DefaultVirtualAccountError, VirtualAccountNotEmptyError
from central.domain.accounts.managed_accounts import held_by_satellite
from central.domain.accounts.models import VirtualAccount
from central.domain.accounts.queries import (
    by_domain,
    by_number,
    default_virtual_account,
    managers,
    virtual_account,
    visible_in,
)
from central.domain.accounts.tags import beginning, drop_tags, tags_of
from central.domain.accounts.tags import change_tags as change_tags_of
from central.domain.accounts.tags import rename_tag as rename_tag_of
from central.domain.conversions.queries import is_left_in
from central.domain.instances.queries import in_virtual_accounts
from central.domain.ledger.claims import claimed_in, drop_totals
from central.domain.ledger.services import owned_in
from central.domain.licence_tags.services import drop_all_tags
from central.domain.reservations.moving import keep_released
from central.domain.tokens.queries import own_tokens
from central.domain.tokens.services import drop_tokens
from serverkit.db.paging import ALL, Listing, Slice, Sorting, page_of
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches
from serverkit.errors import RefusedError
from serverkit.names import name_key
from serverkit.verdicts import Verdict

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


def list_places(unit: Unit, domain: str, search: str = "") -> list[dict[str, Any]]:
    """The virtual accounts that the caller may see, each with its satellite by name and what the caller may do in it."""
    account = by_domain(unit, domain)
    held, known = held_roles(unit, unit.actor.id), managers(unit, account.id)
    found = []
    for item in list_virtual_accounts(unit, domain, search, BY_NAME).items:
        manager = known.get(item["satellite"] or "")
        may = [one.value for one in Permission if permits(held, one, account.id, item["id"])]
        more = {"domain": domain, "satellite_name": manager.name if manager else None, "may": frozenset(may)}
        found.append({**item, **more})
    return found


def find_places(unit: Unit, domain: str, ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """By id, those of some virtual accounts that the caller may see: name, number, and what the caller may do there."""
    account = by_domain(unit, domain)
    held = held_roles(unit, unit.actor.id)
    query = visible_in(unit, account.id, select(VirtualAccount.id, VirtualAccount.name, VirtualAccount.number))
    found: dict[str, dict[str, Any]] = {}
    for piece in batches(sorted(set(ids) - {""})):
        for of, name, number in unit.session.execute(query.where(VirtualAccount.id.in_(piece))):
            may = frozenset(one.value for one in Permission if permits(held, one, account.id, of))
            found[of] = {"id": of, "name": name, "number": number, "may": may}
    return found


def pick_places(unit: Unit, domain: str, most: int) -> list[dict[str, Any]]:
    """The first virtual accounts by name that the caller may see, as a picker names them."""
    account = by_domain(unit, domain)
    columns = (VirtualAccount.id, VirtualAccount.name, VirtualAccount.number)
    query = visible_in(
        unit, account.id, select(*columns, VirtualAccount.is_default, VirtualAccount.satellite_id)
    ).order_by(VirtualAccount.name)
    known = managers(unit, account.id)
    found = []
    for of, name, number, default, satellite in unit.session.execute(query.limit(most)):
        manager = known.get(satellite or "")
        named = {"satellite": satellite, "satellite_name": manager.name if manager else None}
        found.append({"id": of, "name": name, "number": number, "default": default, "domain": domain, **named})
    return found


def find_place(unit: Unit, domain: str, number: str) -> dict[str, Any]:
    """A virtual account by its number, with its satellite by name; UnknownVirtualAccountError."""
    row = by_number(unit, by_domain(unit, domain).id, number)
    manager = managers(unit, row.account_id).get(row.satellite_id or "")
    return {**_shown(unit, row), "domain": domain, "satellite_name": manager.name if manager else None}


def find_home(unit: Unit, domain: str, chosen: str = "") -> dict[str, Any] | None:
    """The virtual account that the inventory opens (row C1.6): the chosen one, else the default one, else the only one.

    `chosen` is a number. None where the caller sees neither, or several others.
    """
    account = by_domain(unit, domain)
    query = visible_in(unit, account.id, select(VirtualAccount.number, VirtualAccount.is_default))
    seen = {str(number): default for number, default in unit.session.execute(query)}
    usual = next((number for number, default in seen.items() if default), None)
    found = chosen if chosen in seen else usual or (next(iter(seen)) if len(seen) == 1 else None)
    return find_place(unit, domain, found) if found is not None else None


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


def list_tags(unit: Unit, domain: str) -> list[dict[str, Any]]:
    """The tags of the virtual accounts that the caller may see, with the names of those that have each."""
    account = by_domain(unit, domain)
    found: dict[str, list[str]] = {}
    names = chosen_names(unit, account.id, None)
    for one, tags in tags_of(unit, account.id).items():
        for tag in tags if one in names else ():
            found.setdefault(tag, []).append(names[one])
    shown = ((tag, sorted(found[tag])) for tag in sorted(found, key=name_key))
    return [VirtualAccountTagView(id=name_key(tag), name=tag, virtual_accounts=pools).shown() for tag, pools in shown]


def rename_tag(unit: Unit, domain: str, name: str, new_name: str) -> dict[str, Any]:
    """Rename a tag on every virtual account that has it; UnknownTagError, TagExistsError."""
    pools = rename_tag_of(unit, by_domain(unit, domain).id, name, new_name)
    names = [row.name for row in pools]
    return VirtualAccountTagView(id=name_key(new_name), name=new_name, virtual_accounts=names).shown()


def make_default(unit: Unit, domain: str, name: str) -> dict[str, Any]:
    """Make a virtual account the default of its account."""
    row = _named(unit, domain, name)
    services.make_default(unit, row)
    return _shown(unit, row)


def delete_virtual_account(unit: Unit, domain: str, name: str) -> dict[str, Any]:
    """Delete a virtual account without licences, devices and usable tokens; else VirtualAccountNotEmptyError."""
    row = _named(unit, domain, name)
    require(unit, Permission.VIRTUAL_ACCOUNT_MANAGE, row.account_id, row.id)
    _judge(unit, row).enforce()
    view = _shown(unit, row)
    drop_tags(unit, row)
    drop_all_tags(unit, row)
    drop_totals(unit, row.account_id, row.id)
    drop_tokens(unit, row.account_id, row.id)
    drop_roles(unit, row.account_id, row.id)
    keep_released(unit, row.account_id, row.id, default_virtual_account(unit, row.account_id).id)
    services.delete_virtual_account(unit, row)
    return view


def judge_deletion(unit: Unit, domain: str, name: str) -> Verdict:
    """Whether a virtual account can be deleted: not while it holds anything, is the default or belongs to a satellite."""
    row = _named(unit, domain, name)
    require(unit, Permission.VIRTUAL_ACCOUNT_MANAGE, row.account_id, row.id)
    return _judge(unit, row)


def _judge(unit: Unit, row: VirtualAccount) -> Verdict:
    reasons: list[RefusedError] = []
    if row.satellite_id is not None:
        reasons.append(held_by_satellite(unit, row))
    if owned_in(unit, row.account_id, row.id) or claimed_in(unit, row.account_id, row.id):
        reasons.append(VirtualAccountNotEmptyError("{name} holds licences", name=row.name))
    if in_virtual_accounts(unit, row.account_id, [row.id]):
        reasons.append(VirtualAccountNotEmptyError("{name} holds product instances", name=row.name))
    if own_tokens(unit, row.account_id, row.id):
        reasons.append(VirtualAccountNotEmptyError("{name} holds tokens that still register devices", name=row.name))
    if is_left_in(unit, row.account_id, row.id):
        reasons.append(VirtualAccountNotEmptyError("{name} holds classic licences to convert", name=row.name))
    if row.is_default:
        reasons.append(DefaultVirtualAccountError("the default virtual account cannot be deleted"))
    effects = (f"roles for {row.name} end, its tags and its ended tokens go",)
    return Verdict(tuple(reasons), effects=effects)


def _named(unit: Unit, domain: str, name: str) -> VirtualAccount:
    return virtual_account(unit, by_domain(unit, domain).id, name)


def _shown(unit: Unit, row: VirtualAccount) -> dict[str, Any]:
    return VirtualAccountView.tagged(row, tags_of(unit, row.account_id).get(row.id, [])).shown()

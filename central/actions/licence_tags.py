"""Use cases of tags on licences and lots (row C3.7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from central.actions.licence_lists import scope_of
from central.actions.visible_accounts import chosen_names
from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import VirtualAccount
from central.domain.accounts.queries import by_domain, virtual_account
from central.domain.catalogue.queries import by_name
from central.domain.ledger.errors import UnknownLicenceError, UnknownLotError
from central.domain.ledger.lot_lists import quantities
from central.domain.ledger.queries import pools
from central.domain.licence_tags import services
from central.domain.licence_tags.errors import NoTagsError
from central.domain.licence_tags.queries import counted_tags, licence_tags, lot_tags, tag_named
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches
from serverkit.views import View


class LicenceTagView(View):
    """A tag of a virtual account, with the number of licences and lots that have it."""

    id: str
    name: str
    virtual_account: str
    licences: int
    lots: int


class TaggedView(View):
    """What was tagged, or lost its tags."""

    virtual_account: str
    tags: list[str]
    licences: list[str] = Field(default_factory=list)
    lots: list[str] = Field(default_factory=list)


def list_licence_tags(unit: Unit, domain: str, name: str | None = None) -> list[dict[str, Any]]:
    """The tags of a virtual account, or of all that the caller may see, in the order of the alphabet."""
    account = by_domain(unit, domain)
    names = chosen_names(unit, account.id, None if name is None else [name])
    return [_view(one, names[one["virtual_account_id"]]) for one in counted_tags(unit, account.id, names)]


def list_tags_on(
    unit: Unit, domain: str, number: str, licences: Sequence[str] = (), lots: Sequence[str] = ()
) -> list[str]:
    """The tags that are set on some licences, given as rows of their list, or on some lots, in the order of the alphabet."""
    scope = scope_of(unit, domain, number)
    found: set[str] = set()
    if licences:
        chosen = {tuple(one.split("|")[:2]) for one in licences}
        tagged = licence_tags(unit, scope.account_id, scope.names)
        found = {name for key, names in tagged.items() if key in chosen for name in names}
    for part in batches(sorted(lots)):
        found |= {name for names in lot_tags(unit, scope.account_id, scope.names, part).values() for name in names}
    return sorted(found, key=str.casefold)


def tag_licences(
    unit: Unit,
    domain: str,
    name: str,
    tags: Sequence[str],
    licences: Sequence[str] = (),
    lots: Sequence[str] = (),
    *,
    remove: bool = False,
) -> dict[str, Any]:
    """Set tags on licences (named by id or name) and lots of a virtual account, or remove them."""
    pool = _pool(unit, domain, name)
    require(unit, Permission.LICENCE_TAG, pool.account_id, pool.id)
    found = {by_name(unit, one) for one in licences}
    if not found and not lots:
        raise NoTagsError
    _check(unit, pool, found, set(lots))
    act = services.take_tags if remove else services.set_tags
    named = act(unit, pool, tags, found, set(lots))
    return TaggedView(virtual_account=pool.name, tags=named, licences=sorted(found), lots=sorted(set(lots))).shown()


def _check(unit: Unit, pool: VirtualAccount, licences: set[str], lots: set[str]) -> None:
    there = {tag for _, tag in pools(unit, pool.account_id, [pool.id], sorted(licences))} if licences else set()
    for one in sorted(licences - there):
        raise UnknownLicenceError("{place} has no licence {tag!r}", place=pool.name, tag=one[:80])
    known = quantities(unit, pool.account_id, sorted(lots), [pool.id]) if lots else {}
    for one in sorted(lots - known.keys()):
        raise UnknownLotError("{place} has no lot {lot!r}", place=pool.name, lot=one[:64])


def find_licence_tag(unit: Unit, domain: str, name: str, tag: str) -> dict[str, Any]:
    """A tag by its name or id; UnknownLicenceTagError."""
    pool = _pool(unit, domain, name)
    return _shown(unit, pool, tag_named(unit, pool.account_id, pool.id, tag).id)


def rename_licence_tag(unit: Unit, domain: str, name: str, tag: str, new_name: str) -> dict[str, Any]:
    """Rename a tag, named by its name or id, wherever it is set; LicenceTagExistsError."""
    pool = _pool(unit, domain, name)
    row = services.rename_tag(unit, pool, tag, new_name)
    unit.session.flush()  # the view shows the new state
    return _shown(unit, pool, row.id)


def delete_licence_tag(unit: Unit, domain: str, name: str, tag: str) -> dict[str, Any]:
    """Delete a tag, named by its name or id, from all that has it."""
    pool = _pool(unit, domain, name)
    view = _shown(unit, pool, tag_named(unit, pool.account_id, pool.id, tag).id)
    services.delete_tag(unit, pool, tag)
    return view


def _pool(unit: Unit, domain: str, name: str) -> VirtualAccount:
    return virtual_account(unit, by_domain(unit, domain).id, name)


def _shown(unit: Unit, pool: VirtualAccount, tag_id: str) -> dict[str, Any]:
    one = next(one for one in counted_tags(unit, pool.account_id, [pool.id]) if one["id"] == tag_id)
    return _view(one, pool.name)


def _view(one: dict[str, Any], place: str) -> dict[str, Any]:
    shown = {name: value for name, value in one.items() if name != "virtual_account_id"}
    return LicenceTagView(virtual_account=place, **shown).shown()

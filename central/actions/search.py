"""The search of the portal: what a person means by a few letters, as far as the person may see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select

from central.actions.accounts import search_places
from central.domain.access.rules import ALL_POOLS, Permission
from central.domain.access.services import is_permitted
from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.accounts.queries import only_visible, only_visible_places
from central.domain.catalogue.models import Entitlement
from central.domain.instances.models import Instance
from central.domain.instances.queries import instance_name, searched_for
from central.domain.ledger.models import KeptLicence, Lot
from central.domain.satellites.models import Satellite
from central.domain.tokens.models import Token
from serverkit.db.prefix import starts_with
from serverkit.db.unit import Unit

MOST, FEW = 10, 500
"""So many of a kind are shown; of so many that fit they are chosen."""
_REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Hit:
    """A thing that a text means: its name, a note that tells it from others, its account and place, and its own id."""

    name: str
    note: str
    domain: str
    number: str
    id: str


@dataclass(frozen=True, slots=True)
class Hits:
    """What a text means, by kind; at most `MOST` of each."""

    accounts: list[Hit]
    places: list[Hit]
    instances: list[Hit]
    licences: list[Hit]
    satellites: list[Hit]
    tokens: list[Hit]
    orders: list[Hit]


def search(unit: Unit, text: str) -> Hits:
    """What a text means: a part of a name, serial number or UUID; an id; the beginning of an order number."""
    words = text.strip().lower()
    accounts, places = search_places(unit, words, MOST)
    return Hits(
        [Hit(one["name"], one["domain"], one["domain"], "", "") for one in accounts],
        [Hit(one["name"], one["domain"], one["domain"], str(one["number"]), "") for one in places],
        _instances(unit, words),
        _licences(unit, words),
        _satellites(unit, words),
        _tokens(unit, words),
        _orders(unit, text.strip()),
    )


def _instances(unit: Unit, words: str) -> list[Hit]:
    # The first that fit are found by an index alone; of those the caller sees some.
    fitting = select(Instance.account_id, Instance.id).join(SmartAccount, SmartAccount.id == Instance.account_id)
    fitting = only_visible(unit, fitting.where(searched_for(words)))
    first = fitting.order_by(Instance.account_id, Instance.order_name, Instance.id).limit(FEW).subquery()
    query = select(Instance).join(first, (first.c.account_id == Instance.account_id) & (first.c.id == Instance.id))
    found = unit.session.execute(_placed(unit, query, Instance).order_by(Instance.order_name, Instance.id)).all()
    return [
        Hit(instance_name(row), f"{row.udi.get('pid')} {row.udi.get('serial')}, {place}", domain, str(number), row.id)
        for row, domain, number, place in found
    ]


def _placed(unit: Unit, query: Select[Any], model: type[Any]) -> Select[Any]:
    """The rows of virtual accounts that the caller may see, with the account and the place."""
    place = (VirtualAccount.account_id == model.account_id) & (VirtualAccount.id == model.virtual_account_id)
    query = query.add_columns(SmartAccount.domain, VirtualAccount.number, VirtualAccount.name).join(
        VirtualAccount, place
    )
    return only_visible_places(unit, query.join(SmartAccount, SmartAccount.id == model.account_id)).limit(MOST)


def _licences(unit: Unit, words: str) -> list[Hit]:
    """Licences that a visible virtual account has; of an account that the caller sees whole, once for all of it."""
    by_text = [func.lower(one).contains(words, autoescape=True) for one in (Entitlement.tag, Entitlement.name)]
    named = select(Entitlement.tag).where(or_(*by_text)).order_by(Entitlement.name, Entitlement.tag).limit(MOST)
    tags = unit.session.scalars(named).all()
    if not tags:
        return []
    has = _held(unit, KeptLicence.account_id == SmartAccount.id, KeptLicence.tag == Entitlement.tag).exists()
    pairs = select(SmartAccount, Entitlement).join(Entitlement, Entitlement.tag.in_(tags)).where(has)
    found = only_visible(unit, pairs).order_by(SmartAccount.domain, Entitlement.tag).limit(MOST)
    return [
        Hit(one.name, f"{one.tag}, {account.name}", account.domain, _place_of(unit, account.id, one.tag), one.tag)
        for account, one in unit.session.execute(found)
    ]


def _held(unit: Unit, *conditions: ColumnElement[bool]) -> Select[Any]:
    """The virtual accounts that the caller may see and that have a licence."""
    place = (VirtualAccount.account_id == KeptLicence.account_id) & (
        VirtualAccount.id == KeptLicence.virtual_account_id
    )
    query = select(VirtualAccount.number).select_from(KeptLicence).join(VirtualAccount, place).where(*conditions)
    return only_visible_places(unit, query)


def _place_of(unit: Unit, account_id: str, tag: str) -> str:
    """The number of the place at which a licence is shown: `all`, or the first that the caller may see."""
    if is_permitted(unit, Permission.ACCOUNT_VIEW, account_id):
        return ALL_POOLS
    numbers = _held(unit, KeptLicence.account_id == account_id, KeptLicence.tag == tag).order_by(VirtualAccount.number)
    return str(unit.session.scalars(numbers.limit(1)).one())


def _satellites(unit: Unit, words: str) -> list[Hit]:
    named = func.lower(Satellite.name).contains(words, autoescape=True)
    query = (
        select(Satellite, SmartAccount.domain)
        .join(SmartAccount, SmartAccount.id == Satellite.account_id)
        .where(or_(named, Satellite.id == words), Satellite.state != _REMOVED)
    )
    rows = unit.session.execute(only_visible(unit, query).order_by(Satellite.name, Satellite.id).limit(MOST))
    return [
        Hit(row.name, domain, domain, "", row.id)
        for row, domain in rows
        if is_permitted(unit, Permission.ACCOUNT_VIEW, row.account_id)
    ]


def _tokens(unit: Unit, words: str) -> list[Hit]:
    described = func.lower(Token.description).contains(words, autoescape=True)
    query = _placed(unit, select(Token).where(or_(described, Token.id == words)), Token)
    return [
        Hit(row.description or row.id, place, domain, str(number), row.id)
        for row, domain, number, place in unit.session.execute(query.order_by(Token.description, Token.id))
    ]


def _orders(unit: Unit, number: str) -> list[Hit]:
    """Orders that begin so, in the accounts that the caller sees whole."""
    if not number or not number[-1].isascii():
        return []
    lines = select(Lot.order_number, Lot.account_id).where(starts_with(unit, Lot.order_number, number))
    first = lines.order_by(Lot.order_number).limit(FEW).subquery()
    query = select(first.c.order_number, SmartAccount).join(SmartAccount, SmartAccount.id == first.c.account_id)
    rows = unit.session.execute(
        only_visible(unit, query.distinct()).order_by(first.c.order_number, SmartAccount.domain)
    )
    found = [
        Hit(order, account.name, account.domain, ALL_POOLS, order)
        for order, account in rows
        if is_permitted(unit, Permission.ACCOUNT_VIEW, account.id)
    ]
    return found[:MOST]

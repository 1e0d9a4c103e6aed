"""Use cases of programs that do not know where something is: devices by identity, licences by tag (rows C3.8, C7.1)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from central.actions.views import AccountView, identified
from central.actions.visible_accounts import NamedAccount, name_account, number_account, visible_names
from central.domain.accounts.models import SmartAccount
from central.domain.accounts.queries import by_domain, virtual_accounts, visible_accounts
from central.domain.catalogue.queries import entitlements
from central.domain.instances import queries
from central.domain.instances.models import Instance
from exchange.errors import ExchangeError
from serverkit.db.unit import Unit
from serverkit.views import IdentifiedInstance

MOST_FOUND = 1000
SEARCHED = ("serial", "uuid", "pid")


@dataclass(frozen=True, slots=True)
class FoundInstance:
    """A product instance and where it is: account and virtual account by number and name."""

    instance: IdentifiedInstance
    account: Mapping[str, Any]


def find_instances(unit: Unit, identity: Mapping[str, str]) -> list[FoundInstance]:
    """The product instances of all visible accounts that an identity may mean, at most 1,000 of an account.

    The identity needs a serial number, a UUID or a product id; other parts do not find anything.
    """
    found = []
    for account in visible_accounts(unit):
        places = {row.id: row for row in virtual_accounts(unit, account.id)}
        for row in _rows(unit, account, sorted(places), identity):
            place = places[row.virtual_account_id]
            shown = {
                "name": account.name,
                "domain": account.domain,
                "account_id": str(account.number),
                "virtual_account_name": place.name,
                "virtual_account_id": str(place.number),
                "default": place.is_default,
            }
            found.append(FoundInstance(identified(row), shown))
    return found


def _rows(unit: Unit, account: SmartAccount, places: Sequence[str], identity: Mapping[str, str]) -> list[Instance]:
    if "pid" in identity and "serial" in identity:
        try:
            return queries.by_serial(unit, account.id, places, identity["pid"], identity["serial"])
        except ExchangeError:
            return []  # no device can have such an identity
    words = " ".join(identity[name] for name in SEARCHED if name in identity)
    if not words:
        return []
    query = select(Instance).where(
        Instance.account_id == account.id,
        Instance.virtual_account_id.in_(places),
        queries.named_by(account.id, words),
    )
    return list(unit.session.scalars(query.order_by(Instance.order_name, Instance.id).limit(MOST_FOUND)))


def list_visible(unit: Unit) -> list[dict[str, Any]]:
    """The accounts that the caller may see, without what is in them."""
    return [AccountView.of(row).shown() for row in visible_accounts(unit)]


def name_licences(unit: Unit, tags: Collection[str]) -> dict[str, dict[str, Any]]:
    """Name and restriction of licences by tag, as far as the catalogue has them."""
    return {row.tag: {"name": row.name, "restricted": row.restricted} for row in entitlements(unit, sorted(tags))}


def name_places(unit: Unit, domain: str) -> dict[str, str]:
    """Names by number of the virtual accounts of an account that the caller may see."""
    account = by_domain(unit, domain)
    visible = visible_names(unit, account.id)
    return {str(row.number): row.name for row in virtual_accounts(unit, account.id) if row.id in visible}


def find_account_of(unit: Unit, domain: str, number: object) -> NamedAccount:
    """The account of a domain, or else of a number; UnknownAccountError."""
    return name_account(unit, domain) if domain else number_account(unit, str(number))

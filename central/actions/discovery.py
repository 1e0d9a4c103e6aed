"""Use cases of programs that do not know where something is: devices by identity, licences by tag (rows C3.8, C7.1)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select

from central.actions.views import AccountView, identified
from central.actions.visible_accounts import NamedAccount, name_account, number_account, visible_names
from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.accounts.queries import by_domain, only_visible_places, virtual_accounts, visible_accounts
from central.domain.catalogue.queries import entitlements
from central.domain.instances.models import Instance
from exchange.errors import ExchangeError
from exchange.identity import Udi
from serverkit.db.prefix import starts_with
from serverkit.db.unit import Unit
from serverkit.db.word_search import holds_all
from serverkit.views import IdentifiedInstance

MOST_FOUND = 1000
SEARCHED = ("serial", "uuid", "pid")
_IN_PLACE = (VirtualAccount.account_id == Instance.account_id) & (VirtualAccount.id == Instance.virtual_account_id)


@dataclass(frozen=True, slots=True)
class FoundInstance:
    """A product instance and where it is: account and virtual account by number and name."""

    instance: IdentifiedInstance
    account: Mapping[str, Any]


def find_instances(unit: Unit, identity: Mapping[str, str]) -> list[FoundInstance]:
    """The product instances of all visible accounts that an identity may mean, at most 1,000 of an account.

    The identity needs a serial number, a UUID or a product id; other parts do not find anything.
    """
    meant = _meant(unit, identity)
    if meant is None:
        return []
    order = Instance.order_name, Instance.id
    number = func.row_number().over(partition_by=Instance.account_id, order_by=order).label("number")
    fitting = select(Instance.account_id, Instance.id, number).join(VirtualAccount, _IN_PLACE).where(meant)
    first = only_visible_places(unit, fitting).subquery()
    query = (
        select(Instance, VirtualAccount, SmartAccount)
        .join(first, (first.c.account_id == Instance.account_id) & (first.c.id == Instance.id))
        .join(VirtualAccount, _IN_PLACE)
        .join(SmartAccount, SmartAccount.id == Instance.account_id)
        .where(first.c.number <= MOST_FOUND)
    )
    return [
        FoundInstance(
            identified(row),
            {
                "name": account.name,
                "domain": account.domain,
                "account_id": str(account.number),
                "virtual_account_name": place.name,
                "virtual_account_id": str(place.number),
                "default": place.is_default,
            },
        )
        for row, place, account in unit.session.execute(query.order_by(SmartAccount.domain, *order))
    ]


def _meant(unit: Unit, identity: Mapping[str, str]) -> ColumnElement[bool] | None:
    """The condition that an identity may mean an instance; None for one that means none."""
    if "pid" in identity and "serial" in identity:
        try:
            key = Udi(pid=identity["pid"], serial=identity["serial"]).plain_key
        except ExchangeError:
            return None  # no device can have such an identity
        return starts_with(unit, Instance.udi_key, key)
    words = " ".join(identity[name] for name in SEARCHED if name in identity)
    return holds_all(Instance.search_text, words) if words else None


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

"""Use cases of licences that a device brings: see what can be added to inventory, and add it (row C7.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from central.actions.instance_details import instance_at
from central.domain.access.rules import ALL_POOLS, Permission
from central.domain.access.services import is_permitted
from central.domain.accounts.queries import by_domain, virtual_account
from central.domain.adding import services
from central.domain.adding.errors import LicenceNamedTwiceError, UnknownProductError
from central.domain.adding.rules import Offer, judge_addition
from central.domain.catalogue.queries import by_name, entitlements, find_product
from central.domain.instances.models import Instance
from central.domain.instances.queries import placed_name
from central.domain.preferences.queries import is_on
from central.domain.reservations.services import check_code
from exchange.codes.request import RequestCode
from serverkit.db.unit import Unit

Quantities = Mapping[str, int] | Sequence[tuple[str, int]]


def by_tag(unit: Unit, wanted: Quantities) -> dict[str, int]:
    """Quantities by tag, of licences by tag or name; LicenceNamedTwiceError where two of them are the same."""
    found: dict[str, int] = {}
    for text, count in wanted.items() if isinstance(wanted, Mapping) else wanted:
        tag = by_name(unit, text)
        if tag in found:
            raise LicenceNamedTwiceError("the licence {tag} is named twice", tag=tag)
        found[tag] = count
    return found


def include_licences(unit: Unit, product: str, wanted: Quantities) -> dict[str, Any]:
    """Say which licences, by tag or name, each device of a product brings; none takes them away."""
    row = find_product(unit, product, product)
    if row is None:
        raise UnknownProductError("the catalogue has no product {product!r}", product=product[:255])
    units = by_tag(unit, wanted)
    services.include_licences(unit, row, units)
    return {
        "product": row.tag,
        "name": row.name,
        "licences": [{"tag": t, "count": n} for t, n in sorted(units.items())],
    }


def list_additions(unit: Unit, domain: str, instance_id: str, number: str = ALL_POOLS) -> list[dict[str, Any]]:
    """The licences that a device brings, by name: how many can be added, and whether they were added already.

    None where the flag *add to inventory* of the account is off.
    """
    row = instance_at(unit, by_domain(unit, domain), number, instance_id)
    return _offered(unit, services.offer_of(unit, row))


def list_code_additions(
    unit: Unit, domain: str, virtual_account_name: str, request_code: str, product_tag: str | None = None
) -> list[dict[str, Any]]:
    """The same for the device of a request code, which a reservation is to be made for (row C6.1)."""
    account = by_domain(unit, domain)
    place = virtual_account(unit, account.id, virtual_account_name)
    code = check_code(unit, account, place, request_code)
    if not is_permitted(unit, Permission.INSTANCE_MANAGE, account.id, place.id):
        return []
    return _offered(unit, services.offer_for(unit, account.id, code.udi, product_tag, verified=code.own))


def add_for_code(unit: Unit, wanted: Quantities, row: Instance, code: RequestCode) -> None:
    """Add what a device brings while licences are reserved for it, before they are held (row C6.1)."""
    offer = services.offer_for(unit, row.account_id, code.udi, row.product_tag, verified=code.own)
    services.add_licences(unit, row, by_tag(unit, wanted), offer)
    unit.touched.add(row.account_id)


def _offered(unit: Unit, offer: Offer) -> list[dict[str, Any]]:
    if not offer.on:
        return []
    known = {one.tag: one for one in entitlements(unit, offer.included)}
    found = [
        {
            "tag": tag,
            "name": known[tag].name if tag in known else tag,
            "description": known[tag].description if tag in known else "",
            "expires": "never",
            "available": offer.left.get(tag, 0),
            "included": count,
            "added": tag in offer.added,
            "elsewhere": tag in offer.elsewhere,
        }
        for tag, count in offer.included.items()
    ]
    return sorted(found, key=lambda one: (str(one["name"]), str(one["tag"])))


def is_adding_on(unit: Unit, domain: str) -> bool:
    """Whether licences of devices can be added to the inventory of an account (row C12.3)."""
    return is_on(unit, by_domain(unit, domain).id, "add_to_inventory")


def judge_licences(unit: Unit, domain: str, instance_id: str, wanted: Quantities) -> dict[str, Any]:
    """What adding these quantities, by tag or name, would do; nothing is changed."""
    row = instance_at(unit, by_domain(unit, domain), ALL_POOLS, instance_id)
    units = by_tag(unit, wanted)
    return {"id": row.id, **judge_addition(services.offer_of(unit, row), units).to_dict(), "licences": units}


def refuse_additions(unit: Unit, domain: str, instance_id: str, wanted: Mapping[str, int]) -> None:
    """Raise the first reason against adding these quantities by tag."""
    row = instance_at(unit, by_domain(unit, domain), ALL_POOLS, instance_id)
    judge_addition(services.offer_of(unit, row), wanted).enforce()


def add_licences(unit: Unit, domain: str, instance_id: str, wanted: Quantities) -> dict[str, Any]:
    """Add quantities of licences, by tag or name, to the inventory of the device's virtual account; all or none."""
    row = instance_at(unit, by_domain(unit, domain), ALL_POOLS, instance_id)
    added = services.add_licences(unit, row, by_tag(unit, wanted))
    unit.touched.add(row.account_id)
    return {"id": row.id, "place": placed_name(unit, row), "added": [{"tag": t, "count": n} for t, n in added.items()]}

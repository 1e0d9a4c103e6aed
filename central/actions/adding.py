"""Use cases of licences that a device brings: see what can be added to inventory, and add it (row C7.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from central.actions.instance_details import instance_at
from central.domain.access.rules import ALL_POOLS
from central.domain.accounts.queries import by_domain
from central.domain.adding import services
from central.domain.adding.errors import LicenceNamedTwiceError, UnknownProductError
from central.domain.adding.rules import judge_addition
from central.domain.catalogue.queries import by_name, entitlements, find_product
from central.domain.instances.queries import placed_name
from central.domain.preferences.queries import is_on
from serverkit.db.unit import Unit

Quantities = Mapping[str, int] | Sequence[tuple[str, int]]


def _by_tag(unit: Unit, wanted: Quantities) -> dict[str, int]:
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
    by_tag = _by_tag(unit, wanted)
    services.include_licences(unit, row, by_tag)
    return {
        "product": row.tag,
        "name": row.name,
        "licences": [{"tag": t, "count": n} for t, n in sorted(by_tag.items())],
    }


def list_additions(unit: Unit, domain: str, instance_id: str, number: str = ALL_POOLS) -> list[dict[str, Any]]:
    """The licences that a device brings, by name: how many can be added, and whether they were added already.

    None where the flag *add to inventory* of the account is off.
    """
    row = instance_at(unit, by_domain(unit, domain), number, instance_id)
    offer = services.offer_of(unit, row)
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
    by_tag = _by_tag(unit, wanted)
    return {"id": row.id, **judge_addition(services.offer_of(unit, row), by_tag).to_dict(), "licences": by_tag}


def refuse_additions(unit: Unit, domain: str, instance_id: str, wanted: Mapping[str, int]) -> None:
    """Raise the first reason against adding these quantities by tag."""
    row = instance_at(unit, by_domain(unit, domain), ALL_POOLS, instance_id)
    judge_addition(services.offer_of(unit, row), wanted).enforce()


def add_licences(unit: Unit, domain: str, instance_id: str, wanted: Quantities) -> dict[str, Any]:
    """Add quantities of licences, by tag or name, to the inventory of the device's virtual account; all or none."""
    row = instance_at(unit, by_domain(unit, domain), ALL_POOLS, instance_id)
    added = services.add_licences(unit, row, _by_tag(unit, wanted))
    unit.touched.add(row.account_id)
    return {"id": row.id, "place": placed_name(unit, row), "added": [{"tag": t, "count": n} for t, n in added.items()]}

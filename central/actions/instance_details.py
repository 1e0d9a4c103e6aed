"""Everything that is known of a product instance, and of the licences that it has (rows C7.1, C7.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select

from central.actions.visible_accounts import visible_names
from central.domain.access.rules import ALL_POOLS
from central.domain.access.services import visible_virtual_accounts
from central.domain.accounts.models import SmartAccount
from central.domain.accounts.queries import by_domain, by_number, managers, numbers_by_id
from central.domain.alerts.queries import alert_dict, open_of_instances
from central.domain.catalogue.queries import entitlements, find_product
from central.domain.export_control.models import GrantRecord
from central.domain.export_control.queries import held_units
from central.domain.export_control.services import ACTIVE
from central.domain.instances.errors import UnknownInstanceError
from central.domain.instances.models import Instance
from central.domain.instances.queries import find_instance, instance_dict
from central.domain.ledger.claims import claims_by_instance
from central.domain.ledger.models import GRANTED, Holding, Lot, is_held
from central.domain.ledger.queries import pools
from central.domain.ledger.reserving import reserved_for
from central.domain.reservations.queries import newest_code, reservation_dict, reservation_of
from central.domain.satellites.queries import satellite_names
from exchange.compliance import LotPhase, last_moment, until
from exchange.licence_rows import Term
from exchange.vocabulary import ClaimState, Compliance
from serverkit.clock import iso
from serverkit.db.unit import Unit

USED, HELD, RESERVED = "used", "held", "reserved"
"""How an instance has a licence: from the pool of its virtual account, as a restricted one, or by its code."""
_ORDER = {HELD: 0, RESERVED: 1, USED: 2}


@dataclass(frozen=True, slots=True)
class LicenceTerm:
    """A part of a quantity with its end; without one it is perpetual."""

    quantity: int
    end: datetime | None

    @property
    def until(self) -> str:
        """The last day, for people; `never` for a perpetual one."""
        return until(self.end) if self.end is not None else "never"

    def shown(self) -> dict[str, Any]:
        """For people and programs; `last_day` is the day of its last second in UTC."""
        day = f"{last_moment(self.end):%Y-%m-%d}" if self.end else None
        return {"quantity": self.quantity, "end": iso(self.end) if self.end else None, "last_day": day}


@dataclass(frozen=True, slots=True)
class HadLicence:
    """Units of a licence that an instance has; of a pool `terms` are those of all units there."""

    tag: str
    name: str
    description: str
    count: int
    how: str
    terms: tuple[LicenceTerm, ...]
    state: str = ClaimState.AUTHORIZED.value

    @property
    def expires(self) -> str:
        """`never`, the last day of the only term, or `multiple`; empty where there is none."""
        ends = {term.end for term in self.terms}
        if len(ends) > 1:
            return "multiple"
        return self.terms[0].until if self.terms else ""

    def shown(self) -> dict[str, Any]:
        """For people and programs."""
        return {
            "tag": self.tag,
            "name": self.name,
            "description": self.description,
            "count": self.count,
            "how": self.how,
            "state": self.state,
            "expires": self.expires,
            "terms": [one.shown() for one in self.terms],
        }


def terms_of(some: Iterable[tuple[int, datetime | None]]) -> tuple[LicenceTerm, ...]:
    """Quantities by their end, perpetual ones first, then those that end last."""
    sums: dict[datetime | None, int] = {}
    for quantity, end in some:
        sums[end] = sums.get(end, 0) + quantity
    ends = sorted((end for end in sums if end is not None), reverse=True)
    return tuple(LicenceTerm(sums[end], end) for end in [*([None] if None in sums else []), *ends])


def licences_of(unit: Unit, account_id: str, rows: Sequence[Instance]) -> dict[str, list[HadLicence]]:
    """What instances have, by instance, restricted licences first; in a fixed number of queries."""
    ids = [row.id for row in rows]
    claims = claims_by_instance(unit, account_id, ids)
    reserved, held = reserved_for(unit, account_id, ids), _held_lots(unit, account_id, ids)
    places, tags = sorted({row.virtual_account_id for row in rows}), {tag for of in claims.values() for tag in of}
    figures = pools(unit, account_id, places, sorted(tags), terms=True) if tags else {}
    some = [lot.tag for of in (*reserved.values(), *held.values()) for lot, _ in of]
    known = {one.tag: one for one in entitlements(unit, {*tags, *some})}

    def had(tag: str, count: int, how: str, terms: Iterable[tuple[int, datetime | None]], state: str) -> HadLicence:
        name, description = (known[tag].name, known[tag].description) if tag in known else (tag, "")
        return HadLicence(tag, name, description, count, how, terms_of(terms), state)

    found: dict[str, list[HadLicence]] = {}
    for row in rows:
        mine: list[HadLicence] = []
        for tag, count in claims.get(row.id, {}).items():
            pool = figures.get((row.virtual_account_id, tag))
            short = pool is None or pool.verdict.status is Compliance.OUT_OF_COMPLIANCE
            state = ClaimState.OUT_OF_COMPLIANCE if short else ClaimState.AUTHORIZED
            mine.append(had(tag, count, USED, _ends(pool.terms if pool else ()), state.value))
        for how, lots in ((HELD, held.get(row.id, [])), (RESERVED, reserved.get(row.id, []))):
            by_tag: dict[str, list[tuple[int, datetime | None]]] = {}
            for lot, count in lots:
                by_tag.setdefault(lot.tag, []).append((count, lot.end))
            mine += [
                had(tag, sum(count for count, _ in parts), how, parts, ClaimState.AUTHORIZED.value)
                for tag, parts in by_tag.items()
            ]
        found[row.id] = sorted(mine, key=lambda one: (_ORDER[one.how], one.name, one.tag))
    return found


def _ends(terms: Iterable[Term]) -> list[tuple[int, datetime | None]]:
    return [(term.lot.quantity, term.lot.end) for term in terms if term.phase is LotPhase.ACTIVE]


def _held_lots(unit: Unit, account_id: str, ids: Sequence[str]) -> dict[str, list[tuple[Lot, int]]]:
    query = (
        select(GrantRecord.instance_id, Lot, Holding.quantity)
        .join(Holding, (Holding.account_id == GrantRecord.account_id) & (Holding.holder == GrantRecord.id))
        .join(Lot, (Lot.account_id == Holding.account_id) & (Lot.id == Holding.lot_id))
        .where(
            GrantRecord.account_id == account_id,
            GrantRecord.state == ACTIVE,
            GrantRecord.instance_id.in_(ids),
            is_held(),
            Holding.bucket.in_(GRANTED),
            Holding.quantity > 0,
        )
    )
    found: dict[str, list[tuple[Lot, int]]] = {}
    for instance_id, lot, quantity in unit.session.execute(query):
        found.setdefault(instance_id, []).append((lot, int(quantity)))
    return found


def instance_at(unit: Unit, account: SmartAccount, number: str, instance_id: str) -> Instance:
    """An instance of a virtual account by its number, or of any that the actor sees with `all`; UnknownInstanceError."""
    row = find_instance(unit, account.id, instance_id)
    places = visible_names(unit, account.id)
    place = row.virtual_account_id if number == ALL_POOLS else by_number(unit, account.id, number).id
    if row.virtual_account_id not in places or row.virtual_account_id != place:
        raise UnknownInstanceError("there is no product instance {instance_id!r}", instance_id=instance_id[:64])
    return row


def show_instance_details(unit: Unit, domain: str, instance_id: str, number: str = ALL_POOLS) -> dict[str, Any]:
    """A product instance with everything that is known of it; UnknownInstanceError."""
    account = by_domain(unit, domain)
    row = instance_at(unit, account, number, instance_id)
    names, sites = visible_names(unit, account.id), satellite_names(unit, account.id)
    view = instance_dict(unit, row, names, sites, partial(held_units, unit, account.id))
    manager = managers(unit, account.id).get(row.satellite_id or "")
    reservation, product = reservation_of(unit, account.id, row.id), find_product(unit, row.product_tag, row.udi["pid"])
    had = licences_of(unit, account.id, [row])[row.id]
    allowed = visible_virtual_accounts(unit, account.id)
    alerts = open_of_instances(unit, account.id, [row.id]).get(row.id, [])
    return {
        **view,
        "domain": domain,
        "number": numbers_by_id(unit, account.id)[row.virtual_account_id],
        "product_name": product.name if product else None,
        "description": product.description or product.name if product else None,
        "product_number": product.tag if product else row.udi["pid"],
        "host_identifier": row.udi.get("host_identifier"),
        "mac": row.udi.get("mac_address"),
        "vid": row.udi.get("vid"),
        "ip_address": row.ip_address,
        "notes": row.notes,
        "export_allowed": row.export_allowed,
        "managed_by": view["satellite"] if row.satellite_id and not (manager and manager.removed) else None,
        "licences": [one.shown() for one in had],
        "holds": any(one.how == HELD for one in had),
        "reserves": reservation is not None,
        "short": any(one.state == ClaimState.OUT_OF_COMPLIANCE for one in had),
        "reservation": reservation_dict(reservation, names) if reservation else None,
        "alerts": [alert_dict(one, allowed) for one in alerts],
    }


def authorization_of(unit: Unit, domain: str, number: str, instance_id: str) -> str:
    """The authorization code of an instance with reserved licences; UnknownInstanceError where it reserves none."""
    account = by_domain(unit, domain)
    row = instance_at(unit, account, number, instance_id)
    reservation = reservation_of(unit, account.id, row.id)
    if reservation is None:
        raise UnknownInstanceError("the product instance {instance_id!r} reserves no licences", instance_id=row.id)
    return newest_code(reservation)

"""Adds the licences that a device brings to the inventory of its virtual account (row C7.4)."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, select

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.adding.errors import InvalidIncludedError
from central.domain.adding.models import AddedLicence, ProductLicence
from central.domain.adding.rules import Offer, judge_addition
from central.domain.catalogue.models import Product
from central.domain.catalogue.queries import entitlement, find_product, titles
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.instances.models import RESERVED, Instance
from central.domain.instances.queries import placed_name
from central.domain.instances.services import refuse_managed_instance
from central.domain.ledger.rules import LotSource, LotSpec
from central.domain.ledger.services import enter_lots
from central.domain.preferences.queries import is_on
from central.domain.reservations.queries import reservation_of
from exchange.identity import Udi
from serverkit.db.unit import Unit
from serverkit.licence_texts import units_text

MOST = 1_000_000


def include_licences(unit: Unit, product: Product, wanted: Mapping[str, int]) -> None:
    """Say which units, by tag, each device of a product brings from now on; what is added stays."""
    require(unit, Permission.CATALOGUE_MANAGE)
    if any(not 0 < count <= MOST for count in wanted.values()):
        raise InvalidIncludedError("1 to {most} units of a licence come with a product", most=MOST)
    unit.session.execute(delete(ProductLicence).where(ProductLicence.product == product.tag))
    named = titles(unit, wanted)
    for tag, count in sorted(wanted.items()):
        unit.session.add(ProductLicence(product=product.tag, tag=tag, quantity=count))
    units = units_text(wanted, named) or "nothing"
    subject = {"product": product.tag, "licences": dict(wanted)}
    record(unit, None, EventKind.PRODUCT_INCLUDES, f"each {product.name} comes with {units}", subject=subject)


def included(unit: Unit, product: str) -> dict[str, int]:
    """What each device of a product brings, units by tag."""
    query = select(ProductLicence.tag, ProductLicence.quantity).where(ProductLicence.product == product)
    return dict(unit.session.execute(query.order_by(ProductLicence.tag)).all())


def offer_of(unit: Unit, row: Instance) -> Offer:
    """What the product of an instance brings, and what was added from this device already.

    Empty if the device is known only from another maker's request code: it cannot be checked, so anyone could write one for
    any serial number.
    """
    reservation = reservation_of(unit, row.account_id, row.id) if row.state == RESERVED else None
    verified = row.state != RESERVED or (reservation is not None and reservation.own_code)
    return offer_for(unit, row.account_id, Udi.from_dict(row.udi), row.product_tag, verified=verified)


def offer_for(unit: Unit, account_id: str, udi: Udi, product_tag: str | None, *, verified: bool) -> Offer:
    """The same for a device that is no instance yet: `verified` says that its request code can be checked (row C6.1)."""
    on = is_on(unit, account_id, "add_to_inventory")
    if not verified:
        return Offer({}, frozenset(), on=on)
    product = find_product(unit, product_tag, udi.pid)
    query = select(AddedLicence.tag, AddedLicence.account_id)
    where = dict(unit.session.execute(query.where(AddedLicence.unit_key == udi.plain_key)).all())
    here = frozenset(tag for tag, found in where.items() if found == account_id)
    return Offer(included(unit, product.tag) if product else {}, here, frozenset(where) - here, on)


def add_licences(unit: Unit, row: Instance, wanted: Mapping[str, int], offer: Offer | None = None) -> dict[str, int]:
    """Add licences of an instance to its virtual account, all of them or none; what was added, by tag.

    `offer` is what its product brings where it is not known yet by what the instance reserves.
    """
    require(unit, Permission.INSTANCE_MANAGE, row.account_id, row.virtual_account_id)
    refuse_managed_instance(unit, row, f"instance show {row.id}")
    judge_addition(offer or offer_of(unit, row), wanted).enforce()
    chosen = {tag: count for tag, count in sorted(wanted.items()) if count}
    named, udi = titles(unit, chosen), Udi.from_dict(row.udi)
    specs = []
    for tag, count in chosen.items():
        details = {"product_sku": udi.pid, "serial": udi.serial, "licence_family": entitlement(unit, tag).family}
        spec = LotSpec("", tag, count, source=LotSource.DEVICE_REQUEST, details={k: v for k, v in details.items() if v})
        specs.append((row.virtual_account_id, spec))
    for lot in enter_lots(unit, row.account_id, specs, named):
        unit.session.add(
            AddedLicence(
                account_id=row.account_id,
                unit_key=udi.plain_key,
                tag=lot.tag,
                quantity=lot.quantity,
                lot_id=lot.id,
                at=unit.now,
            )
        )
    record(
        unit,
        row.account_id,
        EventKind.INSTANCE_ADDED_LICENCES,
        f"{placed_name(unit, row)}: {units_text(chosen, named)} added to the inventory",
        subject={"instance": row.id, "added": chosen},
        virtual_account_id=row.virtual_account_id,
        instance_id=row.id,
    )
    return chosen

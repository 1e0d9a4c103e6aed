"""Alerts of reserved terms, duplicate subscriptions, pending upgrades, failed conversions (rows C4.2, C5.1, C6.9, C9.4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import func, or_, select

from central.domain.alerts.snapshot import Snapshot
from central.domain.catalogue.models import Entitlement
from central.domain.catalogue.queries import titles
from central.domain.conversions.models import ClassicSource
from central.domain.conversions.queries import setting_of
from central.domain.conversions.rules import SourceKind, Status
from central.domain.instances.models import Instance
from central.domain.instances.queries import instance_name
from central.domain.ledger.models import OWNED, Bucket, Holding, Lot
from central.domain.reservations.models import Reservation
from central.domain.reservations.queries import ACTIVE
from central.domain.upgrades.queries import pending_pools
from exchange.compliance import until
from exchange.vocabulary import Billing
from serverkit.alerts.engine import Wanted
from serverkit.alerts.texts import alert_key, said


def reserved_terms(snapshot: Snapshot) -> Iterator[Wanted]:
    """Row C6.9: a term that is reserved for a device has ended; what an update gave up is no longer reserved."""
    held_by = (Reservation.account_id == Instance.account_id) & (Reservation.instance_id == Instance.id)
    held_by &= Reservation.state == ACTIVE
    query = (
        select(
            Instance.id,
            Instance.hostname,
            Instance.udi,
            Instance.virtual_account_id,
            Lot.id.label("lot"),
            Lot.tag,
            Lot.end,
            Entitlement.name,
            Reservation.id.label("reservation"),
            func.sum(Holding.quantity).label("quantity"),
        )
        .join(Holding, (Holding.account_id == Lot.account_id) & (Holding.lot_id == Lot.id))
        .join(Instance, (Instance.account_id == Holding.account_id) & (Instance.id == Holding.holder))
        .outerjoin(Entitlement, Entitlement.tag == Lot.tag)
        .outerjoin(Reservation, held_by)
        .where(Lot.account_id == snapshot.account.id, Lot.end <= snapshot.unit.licence_now)
        .where(Holding.bucket == Bucket.RESERVED, Holding.quantity > 0)
        .group_by(
            Instance.id,
            Instance.hostname,
            Instance.udi,
            Instance.virtual_account_id,
            Lot.id,
            Lot.tag,
            Lot.end,
            Entitlement.name,
            Reservation.id,
        )
    )
    for row in snapshot.stream(query):
        where, count = snapshot.name(row.virtual_account_id), int(row.quantity)
        text = said(
            "{count} of {name} that are reserved for {device} in {where} expired; they were valid {until}: "
            "update the reservation with a term that is valid.",
            count=count,
            name=row.name or row.tag,
            device=instance_name(row),
            where=where,
            until=until(row.end),
        )
        subject = {"virtual_account": row.virtual_account_id, "instance": row.id, "tag": row.tag, "quantity": count}
        subject["reservation"] = row.reservation
        yield Wanted("reserved_licence_expired", alert_key(row.id, row.lot), text, where, subject=subject)


def duplicates(snapshot: Snapshot) -> Iterator[Wanted]:
    """Row C4.2: one licence by usage is in a virtual account from several subscriptions, of which one counts."""
    now = snapshot.unit.licence_now
    query = (
        select(Holding.virtual_account_id, Lot.tag, Entitlement.name, Lot.subscription_id)
        .join(Lot, (Lot.account_id == Holding.account_id) & (Lot.id == Holding.lot_id))
        .outerjoin(Entitlement, Entitlement.tag == Lot.tag)
        .where(Holding.account_id == snapshot.account.id, Holding.bucket.in_(OWNED), Holding.quantity > 0)
        .where(Lot.billing == Billing.USAGE, Lot.subscription_id.is_not(None))
        .where(or_(Lot.end.is_(None), Lot.end > now))
        .distinct()
    )
    found: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for va, tag, name, subscription in snapshot.stream(query):
        found[va, tag, name or tag].add(subscription)
    for (va, tag, name), subscriptions in found.items():
        if len(subscriptions) > 1:
            where, listed = snapshot.name(va), sorted(subscriptions)
            text = said(
                "{name} has {count} subscriptions in {where}: {subscriptions}. Cancel all but one, or move "
                "them to virtual accounts that have none.",
                name=name,
                where=where,
                count=len(listed),
                subscriptions=", ".join(listed),
            )
            subject = {"virtual_account": va, "tag": tag, "subscriptions": listed}
            yield Wanted("duplicate_licences", alert_key(va, tag), text, where, subject=subject)


def pending_upgrades(snapshot: Snapshot) -> Iterator[Wanted]:
    """Row C5.1: upgrades wait until the licences that they replace are named."""
    found = pending_pools(snapshot.unit, snapshot.account.id)
    named = titles(snapshot.unit, {tag for _, tag in found})
    for (va, tag), count in found.items():
        where = snapshot.name(va)
        text = said(
            "{count} upgrade to {name} in {where} is pending: complete it by naming the licences that it replaces."
            if count == 1
            else "{count} upgrades to {name} in {where} are pending: complete them by naming the licences that they replace.",
            count=count,
            name=named.get(tag, tag),
            where=where,
        )
        subject = {"virtual_account": va, "tag": tag, "count": count}
        yield Wanted("upgrade_pending", alert_key(va, tag), text, where, subject=subject)


def failed_conversions(snapshot: Snapshot) -> Iterator[Wanted]:
    """Row C9.4: a run by the settings could not convert everything; a later failure brings back what was dismissed."""
    query = (
        select(ClassicSource.kind, func.count())
        .where(ClassicSource.account_id == snapshot.account.id, ClassicSource.status == Status.FAILED)
        .where(ClassicSource.remaining > 0)
        .group_by(ClassicSource.kind)
    )
    for kind, count in snapshot.unit.session.execute(query).all():
        text = said(
            "Errors occurred when PAKs were converted to smart licences: {count} failed. Try again; if the problem persists, ask support."
            if kind == SourceKind.PAK
            else "Errors occurred when licences of devices were converted to smart licences: {count} failed. Try again; "
            "if the problem persists, ask support.",
            count=count,
        )
        failures = setting_of(snapshot.unit, snapshot.account.id, SourceKind(kind)).failures
        subject = {"conversion": str(kind), "count": count}
        yield Wanted("conversion_errors", str(kind), text, snapshot.account.name, step=failures, subject=subject)

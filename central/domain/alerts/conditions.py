"""Conditions of central's alerts, computed from state and clock (rows C10.2, C10.3)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from central.domain.agreements.services import is_pending
from central.domain.alerts.clones import clones
from central.domain.alerts.conversions import device_conversions
from central.domain.alerts.devices import (
    former_keys,
    instances,
    left_behind,
    pending_removals,
    released_reservations,
    shipped_elsewhere,
    waiting_reservations,
)
from central.domain.alerts.owned import duplicates, failed_conversions, pending_upgrades, reserved_terms
from central.domain.alerts.snapshot import Snapshot
from central.domain.catalogue.models import Entitlement
from central.domain.catalogue.queries import entitlements
from central.domain.conversions.models import ClassicSource, ConversionSetting, DeviceConversion
from central.domain.export_control.models import ExportRequestRecord, GrantRecord
from central.domain.instances.models import Instance
from central.domain.ledger.models import OWNED, Bucket, Holding, Lot
from central.domain.ledger.queries import pools
from central.domain.policies.queries import policies
from central.domain.reservations.models import Reservation
from central.domain.satellites.models import Satellite
from central.domain.satellites.queries import REMOVED, deadlines
from central.domain.satellites.services import AUTHORIZED, PENDING
from exchange.compliance import EXPIRY_STEPS_DAYS, expiry_step, following_warning, until
from exchange.vocabulary import ExportReason, ExportState
from serverkit.alerts.engine import Wanted
from serverkit.alerts.texts import alert_key, said
from serverkit.alerts.texts import days as in_days
from serverkit.db.nonempty_tables import nonempty_tables

HOURS_TO_AUTHORIZE = 48


def agreement(snapshot: Snapshot) -> Iterator[Wanted]:
    """Row C1.4: never accepted, or not the version in force."""
    if not is_pending(snapshot.unit, snapshot.account):
        return
    version = int(policies(snapshot.unit)["agreement_version"])
    never = snapshot.account.agreement_version is None
    kind = "agreement_pending" if never else "agreement_updated"
    text = said(
        "The licensing agreement was not accepted yet."
        if never
        else "Version {version} of the licensing agreement is in force and not accepted yet.",
        version=version,
    )
    yield Wanted(kind, "agreement", text, snapshot.account.name, step=version)


def licences(snapshot: Snapshot) -> Iterator[Wanted]:
    """Shortage of pools; terms that end or have ended (rows C3.3, C10.2)."""
    yield from shortages(snapshot)
    yield from _terms(snapshot)


def shortages(snapshot: Snapshot, wanted: Collection[tuple[str, str]] | None = None) -> Iterator[Wanted]:
    """Pools that lack licences: all of them, or those that are named by virtual account and tag."""
    limits = (None, None) if wanted is None else (sorted({va for va, _ in wanted}), sorted({tag for _, tag in wanted}))
    found = pools(snapshot.unit, snapshot.account.id, *limits)
    short = {key: pool.verdict.shortage for key, pool in found.items() if wanted is None or key in wanted}
    names = {
        row.tag: row.name for row in entitlements(snapshot.unit, {tag for (_, tag), count in short.items() if count})
    }
    spare = surpluses(snapshot, {tag for (_, tag), count in short.items() if count})
    for (va, tag), count in short.items():
        if count:
            text = said(
                "{count} more of {name} needed in {place}.",
                count=count,
                name=names.get(tag, tag),
                place=snapshot.name(va),
            )
            subject = {"virtual_account": va, "tag": tag, "count": count, "surplus": spare.get(tag, [])}
            yield Wanted("insufficient_licences", pool_key(va, tag), text, snapshot.name(va), subject=subject)


MOST_SURPLUS = 100
"""So many virtual accounts with a surplus an alert knows."""


def pool_key(virtual_account_id: str, tag: str) -> str:
    """The key of a pool's shortage."""
    return alert_key(virtual_account_id, tag)


def surpluses(snapshot: Snapshot, tags: Collection[str]) -> dict[str, list[dict[str, object]]]:
    """Virtual accounts with a surplus of these licences: id, name and count, the largest first."""
    found: dict[str, list[dict[str, object]]] = {}
    if not tags:
        return found
    every = pools(snapshot.unit, snapshot.account.id, None, sorted(tags))
    over = sorted((-pool.free, snapshot.name(va), va, tag) for (va, tag), pool in every.items())
    for count, name, va, tag in over:
        if count < 0 and len(found.setdefault(tag, [])) < MOST_SURPLUS:
            found[tag].append({"virtual_account": va, "name": name, "count": -count})
    return found


def _terms(snapshot: Snapshot) -> Iterator[Wanted]:
    unit = snapshot.unit
    query = (
        select(Lot.id, Lot.tag, Lot.end, Entitlement.name, Holding.virtual_account_id, func.sum(Holding.quantity))
        .join(Holding, (Holding.account_id == Lot.account_id) & (Holding.lot_id == Lot.id))
        .outerjoin(Entitlement, Entitlement.tag == Lot.tag)
        .where(Lot.account_id == snapshot.account.id, Lot.end.is_not(None))
        .where(Lot.end <= unit.licence_now + timedelta(days=max(EXPIRY_STEPS_DAYS)))
        .where(Holding.bucket.in_([*OWNED, Bucket.EXPIRED]), Holding.quantity > 0)
        # Free, reserved and locked units of one lot are one term.
        .group_by(Lot.id, Lot.tag, Lot.end, Entitlement.name, Holding.virtual_account_id)
    )
    for lot, tag, end, title, va, held in snapshot.stream(query):
        quantity = int(held)
        name, place = title or tag, snapshot.name(va)
        subject = {"virtual_account": va, "tag": tag, "lot": lot, "quantity": quantity}
        key = f"{lot}|{va}"
        step = expiry_step(end, unit.licence_now)
        if end <= unit.licence_now:
            text = said(
                "{quantity} of {name} in {place} expired; they were valid {until}.",
                quantity=quantity,
                name=name,
                place=place,
                until=until(end),
            )
            yield Wanted("licences_expired", key, text, place, subject=subject)
        elif step is not None:
            remind = following_warning(end, unit.licence_now)
            text = said(
                "{quantity} of {name} in {place} expire soon; they are valid {until}.",
                quantity=quantity,
                name=name,
                place=place,
                until=until(end),
            )
            yield Wanted("licences_expiring", key, text, place, end, step=step, remind_at=remind, subject=subject)


def exports(snapshot: Snapshot) -> Iterator[Wanted]:
    """Row C8.1: requests that failed because licences were missing; the newest of each device and licence counts."""
    one, newer = ExportRequestRecord, aliased(ExportRequestRecord)
    later = or_(
        newer.decided_at > one.decided_at, and_(newer.decided_at == one.decided_at, newer.change_no > one.change_no)
    )
    same = (newer.account_id == one.account_id) & (newer.instance_id == one.instance_id) & (newer.tag == one.tag)
    device = (Instance.account_id == one.account_id) & (Instance.id == one.instance_id)
    query = select(one.id, one.instance_id, one.virtual_account_id, one.tag, one.count, Entitlement.name)
    query = query.outerjoin(Entitlement, Entitlement.tag == one.tag).where(
        one.account_id == snapshot.account.id,
        one.state == ExportState.FAILED,
        one.reason == ExportReason.NOT_AVAILABLE,
        ~exists().where(same, later),
        exists().where(device),  # one that is gone asks no more
    )
    for of, instance, va, tag, count, title in snapshot.stream(query):
        where = snapshot.name(va)
        text = said(
            "{count} of the restricted licence {tag} could not be granted in {place}: add licences there, or move the device to a virtual account that has some.",
            count=count,
            tag=title or tag,
            place=where,
        )
        subject = {"virtual_account": va, "request": of, "instance": instance, "tag": tag}
        yield Wanted("restricted_licence_not_available", of, text, where, subject=subject)


def satellites(snapshot: Snapshot) -> Iterator[Wanted]:
    """Rows C10.3, C11.1, C11.2: authorization, deadlines, failures, forks."""
    rows = snapshot.unit.session.scalars(select(Satellite).where(Satellite.account_id == snapshot.account.id))
    for row in rows:
        if row.state == REMOVED:
            continue
        subject = {"satellite": row.id}
        if row.state == PENDING and not row.approved:
            late = snapshot.unit.licence_now - row.requested_at > timedelta(hours=HOURS_TO_AUTHORIZE)
            text = said(
                "Satellite {name} has waited for its authorization for more than 48 hours; contact support."
                if late
                else "Satellite {name} waits for its authorization.",
                name=row.name,
            )
            yield Wanted("satellite_authorization_pending", row.id, text, row.name, subject=subject)
        elif row.downloaded_at is None and (row.last_sync_at is None or row.recovering):
            text = said("The authorization file for satellite {name} is ready.", name=row.name)
            if row.recovering:
                text = said(
                    "Central was restored from an older copy; bring satellite {name} its new authorization file.",
                    name=row.name,
                )
            # An authorization of another epoch is another file.
            yield Wanted("satellite_authorization_ready", row.id, text, row.name, step=row.epoch, subject=subject)
        if row.forked:
            text = said(
                "Two machines act as satellite {name}. Decide which one to keep and resynchronize it.",
                name=row.name,
            )
            yield Wanted("satellite_forked", row.id, text, row.name, subject=subject)
        if row.sync_failure:
            text = said(
                "A file of satellite {name} was refused: {reason}. Make a new file; if that fails too, "
                "contact support.",
                name=row.name,
                reason=row.sync_failure,
            )
            # Each failure is a new one: it brings back what was dismissed.
            yield Wanted("satellite_sync_failed", row.id, text, row.name, step=row.sync_failures, subject=subject)
        if row.state == AUTHORIZED:
            yield from _deadline(snapshot, row)


def _deadline(snapshot: Snapshot, row: Satellite) -> Iterator[Wanted]:
    due, unit = deadlines(snapshot.unit, row), snapshot.unit
    if due is None or unit.licence_now < due.reminder:
        return
    since = row.last_sync_at or row.registered_at or unit.licence_now
    days, left = (unit.licence_now - since).days, max(0, (due.removal - unit.licence_now).days)
    subject = {"satellite": row.id, "days": days, "days_left": left}
    if unit.licence_now >= due.overdue:
        text = said(
            "Satellite {name} has not synchronized for {days}; it will be removed in {left}.",
            name=row.name,
            days=in_days(days),
            left=in_days(left),
        )
        yield Wanted("satellite_sync_overdue", row.id, text, row.name, due.removal, subject=subject)
    else:
        text = said("Satellite {name} has not synchronized for {days}.", name=row.name, days=in_days(days))
        yield Wanted("satellite_sync_deadline", row.id, text, row.name, due.overdue, subject=subject)


def removed_satellites(snapshot: Snapshot) -> Iterator[Wanted]:
    """Row C10.3: removed for not synchronizing."""
    query = select(Satellite).where(Satellite.account_id == snapshot.account.id, Satellite.state == REMOVED)
    for row in snapshot.unit.session.scalars(query):
        if row.sync_failure == "removed_overdue":
            text = said(
                "Satellite {name} did not synchronize in time and was removed with its product instances.",
                name=row.name,
            )
            yield Wanted("satellite_removed", row.id, text, row.name, subject={"satellite": row.id})


# Each with the tables that must have rows for it to find anything: most accounts lack some of them.
ACCOUNT_CONDITIONS: tuple[tuple[Callable[[Snapshot], Iterator[Wanted]], frozenset[type[Any]]], ...] = (
    (agreement, frozenset()),
    (licences, frozenset()),
    (reserved_terms, frozenset({Instance, Holding})),
    (duplicates, frozenset({Holding})),
    (pending_upgrades, frozenset({Holding})),
    (exports, frozenset({ExportRequestRecord})),
    (instances, frozenset({Instance})),
    (clones, frozenset({Instance})),
    (shipped_elsewhere, frozenset({Reservation})),
    (pending_removals, frozenset({Reservation})),
    (waiting_reservations, frozenset({Reservation, Instance})),
    (former_keys, frozenset({Reservation, Instance})),
    (released_reservations, frozenset({Reservation})),
    (left_behind, frozenset({GrantRecord})),
    (satellites, frozenset({Satellite})),
    (removed_satellites, frozenset({Satellite})),
    (failed_conversions, frozenset({ClassicSource, ConversionSetting})),
    (device_conversions, frozenset({DeviceConversion})),
)
_READ = sorted({model for _, read in ACCOUNT_CONDITIONS for model in read}, key=lambda model: model.__name__)


def account_wants(snapshot: Snapshot) -> Iterable[Wanted]:
    """All alerts that an account needs now."""
    there = nonempty_tables(snapshot.unit, _READ, account_id=snapshot.account.id)
    for condition, read in ACCOUNT_CONDITIONS:
        if read <= there:
            yield from condition(snapshot)

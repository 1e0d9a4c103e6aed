"""Alerts of product instances: silence, identities, clones, restricted units left behind (rows C7.5, C8.3)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import aliased

from central.domain.alerts.snapshot import Snapshot
from central.domain.catalogue.queries import titles
from central.domain.export_control.models import GrantRecord
from central.domain.export_control.renewing import held_by_former_keys
from central.domain.export_control.services import ACTIVE
from central.domain.instances.models import RESERVED, Instance
from central.domain.instances.queries import instance_name
from central.domain.reservations.factory import ANOTHER_ACCOUNT
from central.domain.reservations.models import Reservation
from central.domain.reservations.queries import ACTIVE as HELD
from central.domain.reservations.queries import device_label, outstanding
from central.domain.satellites.models import Satellite
from exchange.compliance import following_warning, until
from exchange.device.timers import REMOVED as REMOVED_AFTER
from exchange.device.timers import SILENT_MAJOR
from exchange.identity import Udi
from serverkit.alerts.engine import Severity, Wanted
from serverkit.alerts.texts import days as in_days
from serverkit.alerts.texts import said
from serverkit.errors import Filled


def instances(snapshot: Snapshot, ids: Collection[str] | None = None) -> Iterator[Wanted]:
    """Row C7.5 for directly connected devices; of all instances or of those named."""
    now, account_id = snapshot.unit.licence_now, snapshot.account.id
    query = select(
        Instance.id,
        Instance.hostname,
        Instance.udi,
        Instance.virtual_account_id,
        Instance.last_contact,
        exists()
        .where(
            GrantRecord.account_id == account_id, GrantRecord.instance_id == Instance.id, GrantRecord.state == ACTIVE
        )
        .label("restricted"),
    ).where(Instance.account_id == account_id)
    if ids is not None:
        query = query.where(Instance.id.in_(ids))
    # A device with reserved licences cannot connect, a detached one is not to: their silence means nothing.
    direct = query.where(Instance.satellite_id.is_(None), Instance.state != RESERVED, Instance.detached_until.is_(None))
    for row in snapshot.stream(direct.where(Instance.last_contact <= now - timedelta(days=30))):
        yield _silence(snapshot, row)
    for row in snapshot.stream(direct.where(Instance.certificate_expires <= now)):
        text = "{name} did not renew its identity in time."
        actions = None
        if row.restricted:
            # Removing it would not free them; only the device, their end or the vendor does.
            text, actions = text + " Its restricted licences stay in use.", ("dismiss",)
        where = snapshot.name(row.virtual_account_id)
        yield Wanted(
            "instance_failed_to_renew",
            row.id,
            said(text, name=instance_name(row)),
            where,
            actions=actions,
            subject=_of(row),
        )


INSTANCE_KINDS = ("instance_failed_to_connect", "instance_failed_to_renew")


def waiting_reservations(snapshot: Snapshot) -> Iterator[Wanted]:
    """Rows C6.1, C6.4: an authorization code was made, and the device has not confirmed it."""
    query = (
        select(
            Instance.id,
            Instance.hostname,
            Instance.udi,
            Instance.virtual_account_id,
            Reservation.id.label("reservation"),
            Reservation.pending,
        )
        .join(Reservation, (Reservation.account_id == Instance.account_id) & (Reservation.instance_id == Instance.id))
        .where(Reservation.account_id == snapshot.account.id, Reservation.waiting)
    )
    for row in snapshot.stream(query):
        what = "The update of the reservation" if row.pending else "The reservation"
        text = said(
            "{what} for {name} waits for its confirmation: install the code on the device and enter the confirmation code.",
            what=what,
            name=instance_name(row),
        )
        subject = {**_of(row), "reservation": row.reservation}
        yield Wanted("reservation_pending", row.id, text, snapshot.name(row.virtual_account_id), subject=subject)


def former_keys(snapshot: Snapshot) -> Iterator[Wanted]:
    """Rows C6.8, B26: a device has registered, and no one has proven that it gave up what is reserved for it."""
    query = (
        select(Reservation, Instance.satellite_id, Satellite.name)
        .join(Instance, (Instance.account_id == Reservation.account_id) & (Instance.id == Reservation.seen_as))
        .outerjoin(Satellite, (Satellite.account_id == Instance.account_id) & (Satellite.id == Instance.satellite_id))
        .where(Reservation.account_id == snapshot.account.id, Reservation.state == HELD)
    )
    for row, site, name in snapshot.unit.session.execute(query.order_by(Reservation.id)).all():
        where = f"behind satellite {name}" if site is not None else "over the network"
        text = said(
            "{device} registered {where}, and its reservation is held by a former key: {units} stay "
            "in use until the device returns them, its return code is entered, or the vendor releases them.",
            device=device_label(row),
            where=where,
            units=_units(row),
        )
        subject = {"virtual_account": row.virtual_account_id, "instance": row.seen_as, "reservation": row.id}
        yield Wanted("reservation_former_key", row.id, text, snapshot.name(row.virtual_account_id), subject=subject)


def released_reservations(snapshot: Snapshot) -> Iterator[Wanted]:
    """Row C6.7: released by the vendor; a device that still runs could use it beside its new holder."""
    for row in outstanding(snapshot.unit, snapshot.account.id):
        text = said(
            "{units} reserved for {device} were released without a return code ({reason}). If "
            "the device runs, it still uses them: enter its return code.",
            units=_units(row),
            device=device_label(row),
            reason=row.release_reason or "",
        )
        subject = {"virtual_account": row.virtual_account_id, "instance": row.instance_id, "reservation": row.id}
        yield Wanted("reservation_released", row.id, text, snapshot.name(row.virtual_account_id), subject=subject)


def pending_removals(snapshot: Snapshot) -> Iterator[Wanted]:
    """Row C6.7: a failed device was rehosted; it stays in the account until it is returned, or the alert is reset."""
    replacement = aliased(Reservation)
    query = (
        select(Reservation, replacement)
        .join(
            replacement,
            (replacement.account_id == Reservation.account_id) & (replacement.id == Reservation.rehosted_to),
        )
        .where(Reservation.account_id == snapshot.account.id, Reservation.state == HELD, Reservation.reset_at.is_(None))
    )
    for row, other in snapshot.unit.session.execute(query.order_by(Reservation.id)).all():
        text = said(
            "Pending removal: {device} failed, and {replacement} reserves its {units} too. Enter the return code of the failed "
            "device, or ask vendor support to release it.",
            device=device_label(row),
            replacement=device_label(other),
            units=_units(row),
        )
        subject = {"virtual_account": row.virtual_account_id, "instance": row.instance_id, "reservation": row.id}
        yield Wanted("pending_removal", row.id, text, snapshot.name(row.virtual_account_id), subject=subject)


def shipped_elsewhere(snapshot: Snapshot) -> Iterator[Wanted]:
    """Row C6.6: a device that was shipped with reserved licences registered elsewhere; they are back where they were for."""
    query = select(Reservation).where(Reservation.account_id == snapshot.account.id, Reservation.left_for.is_not(None))
    for row in snapshot.unit.session.scalars(query.order_by(Reservation.id)):
        home = snapshot.name(row.factory_place or row.virtual_account_id)
        elsewhere = row.left_for == ANOTHER_ACCOUNT
        text = said(
            "{device}, which was shipped with reserved licences, registered in {where}. The licences it reserved returned "
            "to {home}: {units}.",
            device=device_label(row),
            where="another account" if elsewhere else snapshot.name(row.left_for or ""),
            home=home,
            units=_units(row),
        )
        subject = {"virtual_account": row.factory_place, "reservation": row.id}
        yield Wanted("reserved_licences_returned", row.id, text, home, subject=subject)


def _units(row: Reservation) -> str:
    return ", ".join(f"{line['quantity']} of {line['name']}" for line in row.lines)


def _of(row: Any) -> dict[str, object]:
    return {"virtual_account": row.virtual_account_id, "instance": row.id}


def _granted(snapshot: Snapshot, grants: Sequence[GrantRecord]) -> str:
    named = titles(snapshot.unit, {row.tag for row in grants})
    return ", ".join(f"{row.quantity} of {named.get(row.tag, row.tag)}" for row in grants)


def _silence(snapshot: Snapshot, row: Any) -> Wanted:
    now = snapshot.unit.licence_now
    days = (now - row.last_contact).days
    step = max(level for level in (30, 60, 90) if level <= days)
    freed = row.last_contact + SILENT_MAJOR
    due = freed if step < SILENT_MAJOR.days else row.last_contact + REMOVED_AFTER
    left = max(0, (due - now).days)
    if row.restricted:
        then = said(" Its restricted licences stay in use.")
    else:
        then = said(" It will be removed in {left}.", left=in_days(left)) if due != freed else said("")
    text = (
        "{name} has not connected for {days}; {left} until its licences are freed.{then}"
        if due == freed
        else "{name} has not connected for {days}; its licences were freed.{then}"
    )
    return Wanted(
        "instance_failed_to_connect",
        row.id,
        said(text, name=instance_name(row), days=in_days(days), left=in_days(left), then=then),
        snapshot.name(row.virtual_account_id),
        due,
        severity=Severity.MAJOR if step == SILENT_MAJOR.days or row.restricted else Severity.MINOR,
        step=step,
        remind_at=following_warning(due, now),
        actions=("dismiss", "remind") if row.restricted else None,
        subject={**_of(row), "days": days},
    )


def left_behind(snapshot: Snapshot) -> Iterator[Wanted]:
    """Row C8.3: a device was removed, or has another key, while its restricted units stay in use."""
    query = select(GrantRecord).where(GrantRecord.account_id == snapshot.account.id, GrantRecord.state == ACTIVE)
    known = select(Instance.id).where(
        Instance.account_id == GrantRecord.account_id, Instance.id == GrantRecord.instance_id
    )
    gone: dict[str, list[GrantRecord]] = {}
    for row in snapshot.unit.session.scalars(query.where(~known.exists()).order_by(GrantRecord.id)):
        gone.setdefault(row.instance_id, []).append(row)
    for instance_id, grants in gone.items():
        first, end = grants[0], max(row.not_after for row in grants)
        units = _granted(snapshot, grants)
        text = said(
            "{device} was removed, but {units} stay in use: until its signed return, or {end}, or "
            "the vendor's release.",
            device=Udi.from_dict(first.udi).label,
            units=units,
            end=until(end),
        )
        yield _held_beyond(snapshot, f"gone|{instance_id}", first, end, text)
    yield from _former_grants(snapshot)


def _former_grants(snapshot: Snapshot) -> Iterator[Wanted]:
    """Rows C8.3, S4.1: a device registered with a new key, and its former key still holds restricted units."""
    held: dict[str, list[GrantRecord]] = {}
    for row in held_by_former_keys(snapshot.unit, snapshot.account.id):
        held.setdefault(row.instance_id, []).append(row)
    for instance_id, grants in held.items():
        first, end = grants[0], max(row.not_after for row in grants)
        text = said(
            "{device} registered with a new key, but {units} stay in use by its former key: until the former key's signed "
            "return, or {end}, or the vendor's release.",
            device=Udi.from_dict(first.udi).label,
            units=_granted(snapshot, grants),
            end=until(end),
        )
        yield _held_beyond(snapshot, f"former|{instance_id}", first, end, text)


def _held_beyond(snapshot: Snapshot, key: str, first: GrantRecord, end: datetime, text: Filled) -> Wanted:
    """The alert about units that stay in use although their device cannot be asked for them."""
    return Wanted(
        "instance_failed_to_connect",
        key,
        text,
        snapshot.name(first.virtual_account_id),
        end,
        severity=Severity.MAJOR,
        remind_at=following_warning(end, snapshot.unit.licence_now),
        actions=("dismiss", "remind"),
        subject={"virtual_account": first.virtual_account_id, "instance": first.instance_id},
    )

"""Alerts of product instances: silence, missed renewals, restricted units left behind (rows C7.5, C8.3)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import exists, func, or_, select

from exchange.compliance import following_warning, until
from exchange.device.timers import REMOVED, SILENT_MAJOR
from exchange.keys import KEY_ID_DIGITS
from satellite.core.accounts.models import VirtualAccount
from satellite.core.accounts.queries import names
from satellite.core.alerts.conditions import stream
from satellite.core.export_queue.models import ACTIVE, HeldGrant
from satellite.core.instances.models import DeviceKey, Instance
from satellite.core.instances.queries import instance_name
from satellite.core.licences.models import Entitlement
from serverkit.alerts.engine import Severity, Wanted
from serverkit.alerts.texts import days as in_days
from serverkit.alerts.texts import said
from serverkit.db.unit import Unit
from serverkit.errors import Filled

INSTANCE_KINDS = ("instance_failed_to_connect", "instance_failed_to_renew")


def instances(unit: Unit, ids: Collection[str] | None = None) -> Iterator[Wanted]:
    """Silent devices (row C7.5), missed renewals; of all instances or of those named."""
    where = names(unit)
    held = exists().where(
        HeldGrant.instance_id == Instance.id, HeldGrant.state == ACTIVE, HeldGrant.not_after > unit.licence_now
    )
    query = select(
        Instance.id,
        Instance.hostname,
        Instance.udi,
        Instance.virtual_account_id,
        Instance.last_contact,
        held.label("held"),
    ).where(Instance.removed.is_(False), Instance.detached_until.is_(None))  # a detached one is silent by intent
    if ids is not None:
        query = query.where(Instance.id.in_(ids))
    for row in stream(unit, query.where(Instance.last_contact <= unit.licence_now - timedelta(days=30))):
        yield _silence(unit, row, where.get(row.virtual_account_id, ""))
    for row in stream(unit, query.where(Instance.certificate_expires <= unit.licence_now)):
        place = where.get(row.virtual_account_id, "")
        # Removing it would not free restricted units; only the device, their end or the vendor does.
        actions = ("dismiss",) if row.held else None
        text = said("{name} did not renew its identity in time.{held}", name=instance_name(row), held=_held(row.held))
        subject = {"virtual_account": row.virtual_account_id, "instance": row.id}
        yield Wanted(
            "instance_failed_to_renew",
            row.id,
            text,
            place,
            actions=actions,
            subject=subject,
        )


def _silence(unit: Unit, row: Any, place: str) -> Wanted:
    days = (unit.licence_now - row.last_contact).days
    step = max(level for level in (30, 60, 90) if level <= days)
    freed = row.last_contact + SILENT_MAJOR
    due = freed if step < SILENT_MAJOR.days else row.last_contact + REMOVED
    left = max(0, (due - unit.licence_now).days)
    name = instance_name(row)
    if due == freed:
        text = said(
            "{name} has not connected for {days}; {left} until its licences are freed.{held}",
            name=name,
            days=in_days(days),
            left=in_days(left),
            held=_held(row.held),
        )
    else:
        then = _held(row.held) if row.held else said(" It will be removed in {left}.", left=in_days(left))
        text = said(
            "{name} has not connected for {days}; its licences were freed.{then}",
            name=name,
            days=in_days(days),
            then=then,
        )
    return Wanted(
        "instance_failed_to_connect",
        row.id,
        text,
        place,
        due,
        severity=Severity.MAJOR if step == SILENT_MAJOR.days or row.held else Severity.MINOR,
        step=step,
        remind_at=following_warning(due, unit.licence_now),
        actions=("dismiss", "remind") if row.held else None,
        subject={"virtual_account": row.virtual_account_id, "instance": row.id, "days": days},
    )


def _held(some: object) -> Filled:
    return said(" Its restricted licences stay in use.") if some else said("")


def in_released_accounts(unit: Unit) -> Iterator[Wanted]:
    """Row C11.3: devices in virtual accounts that are not this satellite's any more, counted for each."""
    query = (
        select(VirtualAccount.id, VirtualAccount.name, func.count())
        .join(Instance, Instance.virtual_account_id == VirtualAccount.id)
        .where(VirtualAccount.removed, Instance.removed.is_(False))
        .group_by(VirtualAccount.id, VirtualAccount.name)
    )
    for of, place, count in unit.session.execute(query.order_by(VirtualAccount.id)):
        text = said(
            "{place} is not this satellite's any more; {count} product instance in it has no licences there, and "
            "central does not learn of it. Transfer it to another virtual account, or remove it."
            if count == 1
            else "{place} is not this satellite's any more; {count} product instances in it have no licences there, and "
            "central does not learn of them. Transfer them to another virtual account, or remove them.",
            place=place,
            count=count,
        )
        yield Wanted("virtual_account_released", of, text, place, subject={"virtual_account": of, "count": count})


def left_behind(unit: Unit) -> Iterator[Wanted]:
    """Row C8.3: a device was removed, or registered with a new key, while its restricted units stay in use."""
    replaced = exists().where(
        DeviceKey.key_id == func.substr(HeldGrant.key_hash, 1, KEY_ID_DIGITS),
        DeviceKey.instance_id == HeldGrant.instance_id,
        DeviceKey.superseded,
    )
    query = (
        select(HeldGrant, Instance, Entitlement.name)
        .join(Instance, Instance.id == HeldGrant.instance_id)
        .outerjoin(Entitlement, Entitlement.tag == HeldGrant.tag)
        .where(HeldGrant.state == ACTIVE, HeldGrant.not_after > unit.licence_now, or_(Instance.removed, replaced))
        .order_by(HeldGrant.id)
    )
    where = names(unit)
    for grant, row, title in unit.session.execute(query):
        text = said(
            "{name} was removed, but {quantity} of {tag} stay in use: until its signed return, or "
            "{end}, or the vendor's release."
            if row.removed
            else "{name} registered with a new key, but {quantity} of {tag} stay in use by its former key: until the "
            "former key's signed return, or {end}, or the vendor's release.",
            name=instance_name(row),
            quantity=grant.quantity,
            tag=title or grant.tag,
            end=until(grant.not_after),
        )
        yield Wanted(
            "instance_failed_to_connect",
            f"gone|{grant.id}" if row.removed else f"former|{grant.id}",
            text,
            where.get(grant.virtual_account_id, ""),
            grant.not_after,
            severity=Severity.MAJOR,
            remind_at=following_warning(grant.not_after, unit.licence_now),
            actions=("dismiss", "remind"),
            subject={"virtual_account": grant.virtual_account_id, "instance": row.id},
        )

"""Grants live as long as the key that has them: installed, renewed, or left to a former key (rows C8.2, C8.3, S4.1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from central.domain.base import next_change
from central.domain.catalogue.queries import units_of
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.export_control.models import GrantRecord
from central.domain.export_control.services import ACTIVE, grant_until
from central.domain.instances.models import DeviceKey, Instance, Standby
from central.domain.instances.queries import device_name
from central.domain.policies.queries import policy_number
from central.keyring import KeyRing
from exchange.identity import Udi
from exchange.keys import KEY_ID_DIGITS
from exchange.statements import Grant, open_grant, seal_grant
from serverkit.db.unit import Unit


def _holder(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    same = (Instance.account_id == GrantRecord.account_id) & (Instance.id == GrantRecord.instance_id)
    return exists().where(same, *conditions)


def _own_key() -> ColumnElement[bool]:
    """Its instance has the key that holds it."""
    return _holder(Instance.key_hash == GrantRecord.key_hash)


def _of_set() -> ColumnElement[bool]:
    """Its instance is a set behind a satellite: any of its units may have the key."""
    named = (Standby.account_id == Instance.account_id) & (Standby.instance_id == Instance.id)
    return _holder(Instance.satellite_id.is_not(None), exists().where(named))


def _live_key() -> ColumnElement[bool]:
    """A device that is connected to central itself has the key."""
    return exists().where(
        DeviceKey.account_id == GrantRecord.account_id,
        DeviceKey.key_id == func.substr(GrantRecord.key_hash, 1, KEY_ID_DIGITS),
        DeviceKey.superseded.is_(False),
    )


def held_by_former_keys(unit: Unit, account_id: str, instance_id: str | None = None) -> Sequence[GrantRecord]:
    """Grants whose instance is there, with another key than the one that holds them; of the account or of one instance.

    Of a set behind a satellite not every key is known: a renewal that no one installed in time tells it.
    """
    at_site = or_(
        ~_of_set(), and_(GrantRecord.installed < GrantRecord.generation, GrantRecord.deliver_until <= unit.licence_now)
    )
    query = select(GrantRecord).where(
        GrantRecord.account_id == account_id,
        GrantRecord.state == ACTIVE,
        _holder(),
        ~_own_key(),
        or_(
            and_(_holder(Instance.satellite_id.is_(None)), ~_live_key()),
            and_(_holder(Instance.satellite_id.is_not(None)), at_site),
        ),
    )
    if instance_id is not None:
        query = query.where(GrantRecord.instance_id == instance_id)
    return unit.session.scalars(query.order_by(GrantRecord.id)).all()


def renew_grants(
    unit: Unit, keyring: KeyRing, account_id: str, satellite_id: str | None, of: tuple[str, str] | None = None
) -> None:
    """Renew what is held and past the half of its life: same grant, next generation.

    `of` is the instance, and the hash of the key, that is in contact with central itself; of a site the present generation
    must have been installed by the key that its instance has, or by one of a set. So what a former key holds comes to its
    end (row C8.3).
    """
    life = timedelta(days=policy_number(unit, "grant_days"))
    query = select(GrantRecord).where(
        GrantRecord.account_id == account_id,
        GrantRecord.satellite_id == satellite_id,
        GrantRecord.state == ACTIVE,
        GrantRecord.delivered_at.is_not(None),
        GrantRecord.not_after <= unit.now + life / 2,
        GrantRecord.not_after > unit.licence_now,
        # What a device left behind that is gone comes to its end.
        exists().where(Instance.account_id == account_id, Instance.id == GrantRecord.instance_id),
    )
    if of is not None:
        query = query.where(GrantRecord.instance_id == of[0], GrantRecord.key_hash == of[1])
    else:
        query = query.where(GrantRecord.installed == GrantRecord.generation, _own_key() | _of_set())
    for row in unit.session.scalars(query).all():
        until = grant_until(unit, account_id, row.id)
        if until <= row.not_after:
            continue  # the term of its units ends with it
        old = open_grant(row.envelope, keyring.trust)
        newer = Grant(
            vendor_id=old.vendor_id,
            grant=old.grant,
            generation=row.generation + 1,
            request=old.request,
            satellite=old.satellite,
            epoch=old.epoch,
            virtual_account_id=row.virtual_account_id,
            tag=old.tag,
            quantity=old.quantity,
            instance=old.instance,
            udi=Udi.from_dict(row.udi),
            key_hash=old.key_hash,
            not_before=unit.now,
            not_after=until,
            deliver_until=min(until, unit.now + timedelta(days=policy_number(unit, "grant_delivery_days"))),
            issued=unit.now,
        )
        row.generation, row.not_after, row.deliver_until = newer.generation, newer.not_after, newer.deliver_until
        row.envelope, row.change_no = seal_grant(newer, keyring.grant_key), next_change(unit, row.account_id)


def mark_delivered(unit: Unit, account_id: str, grant_id: str, generation: int, key_hash: str | None = None) -> None:
    """Note that a generation of a grant is installed; a device that speaks for itself (`key_hash`) speaks of its own only."""
    row = unit.session.get(GrantRecord, (account_id, grant_id))
    if row is None or not row.installed < generation <= row.generation:
        return
    if key_hash is not None and row.key_hash != key_hash:
        return
    row.installed = generation
    if row.delivered_at is not None:
        return
    row.delivered_at = unit.now
    record(
        unit,
        account_id,
        EventKind.EXPORT_DELIVERED,
        f"{units_of(unit, row.quantity, row.tag)} delivered to {device_name(unit, row.account_id, row.instance_id, Udi.from_dict(row.udi))}",
        subject={"grant": row.id, "tag": row.tag},
        virtual_account_id=row.virtual_account_id,
        instance_id=row.instance_id,
        satellite_id=row.satellite_id,
    )

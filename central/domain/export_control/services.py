"""Deciding requests, granting, taking returns, releasing (rows C8.1, C8.2, C8.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, select

from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.base import next_change
from central.domain.catalogue.queries import find_entitlement, units_of
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.export_control.models import GRANT_STATES, ExportRequestRecord, GrantRecord
from central.domain.export_control.rules import MESSAGES, Application, judge_application
from central.domain.instances.models import Instance
from central.domain.instances.queries import device_name, placed_name
from central.domain.ledger.granting import end_of_granted, free_grant, grantable, lock_for_grant
from central.domain.policies.queries import policy_number
from central.keyring import KeyRing
from exchange.canonical import JsonObject
from exchange.identity import Udi
from exchange.keys import PublicKey
from exchange.statements import (
    ExportRequest,
    Grant,
    GrantRelease,
    open_export_return,
    seal_grant,
    seal_grant_release,
)
from exchange.vocabulary import ExportReason, ExportState, ReleaseReason
from serverkit.db.unit import Unit
from serverkit.ids import new_id

ACTIVE, RELEASED = GRANT_STATES
SHORTEST = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Applicant:
    """Where a request comes from."""

    account: SmartAccount
    satellite_id: str | None
    epoch: int
    virtual_account_id: str


def active_grants(unit: Unit, account_id: str, instance_id: str) -> list[GrantRecord]:
    """What an instance holds, whichever of its keys."""
    query = select(GrantRecord).where(
        GrantRecord.account_id == account_id, GrantRecord.instance_id == instance_id, GrantRecord.state == ACTIVE
    )
    return list(unit.session.scalars(query.order_by(GrantRecord.id)))


def decide(
    unit: Unit,
    keyring: KeyRing,
    applicant: Applicant,
    instance: Instance | None,
    statement: ExportRequest,
    device_key: PublicKey,
) -> ExportRequestRecord:
    """Decide a request that was verified; the same request again keeps its decision."""
    account_id = applicant.account.id
    known = unit.session.get(ExportRequestRecord, (account_id, statement.request))
    if known is not None:
        return known
    held = [
        grant
        for grant in active_grants(unit, account_id, statement.instance)
        if grant.tag == statement.tag and grant.key_hash == device_key.key_hash
    ]
    reason = _reason(unit, applicant, instance, statement, sum(grant.quantity for grant in held))
    row = ExportRequestRecord(
        account_id=account_id,
        id=statement.request,
        instance_id=statement.instance,
        virtual_account_id=applicant.virtual_account_id,
        satellite_id=applicant.satellite_id,
        tag=statement.tag,
        count=statement.quantity,
        state=ExportState.FAILED if reason else ExportState.GRANTED,
        reason=reason.value if reason else None,
        message=MESSAGES[reason] if reason else "",
        key_hash=device_key.key_hash,
        requested_at=statement.requested_at,
        decided_at=unit.now,
        grant_id=held[0].id if held else None,
        dismissed=False,
        change_no=next_change(unit, account_id),
    )
    unit.session.add(row)
    subject = {"tag": statement.tag, "count": statement.quantity, "request": statement.request}
    who = placed_name(unit, instance) if instance is not None else statement.udi.label
    units = units_of(unit, statement.quantity, statement.tag)
    if reason is None:
        missing = statement.quantity - sum(grant.quantity for grant in held)
        if missing > 0:
            row.grant_id = _grant(unit, keyring, applicant, statement, device_key, missing).id
        message = f"{who}: {units} granted to it"
        kind = EventKind.EXPORT_GRANTED
    else:
        message = f"{who}: {units} not granted: {MESSAGES[reason]}"
        kind, subject["reason"] = EventKind.EXPORT_FAILED, reason.value
    record(
        unit,
        account_id,
        kind,
        message,
        subject=subject,
        virtual_account_id=applicant.virtual_account_id,
        instance_id=statement.instance,
        satellite_id=applicant.satellite_id,
    )
    return row


def _reason(
    unit: Unit, applicant: Applicant, instance: Instance | None, statement: ExportRequest, held: int
) -> ExportReason | None:
    if statement.quantity == 0:
        return ExportReason.CANCELLED
    entitlement = find_entitlement(unit, statement.tag)
    free = grantable(unit, applicant.account.id, applicant.virtual_account_id, statement.tag)
    names = {instance.product_tag or "", instance.udi["pid"]} if instance else set()
    return judge_application(
        Application(
            entitlement_known=entitlement is not None,
            restricted=bool(entitlement and entitlement.restricted),
            device_known=instance is not None,
            account_allowed=applicant.account.export_allowed,
            token_allowed=bool(instance and instance.export_allowed),
            products=tuple(entitlement.products) if entitlement else (),
            product_names=frozenset(names),
            wanted=statement.quantity,
            held=held,
            free=free,
        )
    )


def _grant(
    unit: Unit, keyring: KeyRing, applicant: Applicant, statement: ExportRequest, device_key: PublicKey, quantity: int
) -> GrantRecord:
    account_id, grant_id = applicant.account.id, new_id()
    lock_for_grant(unit, account_id, applicant.virtual_account_id, statement.tag, quantity, grant_id)
    ends = grant_until(unit, account_id, grant_id)
    grant = Grant(
        vendor_id=keyring.vendor_id,
        grant=grant_id,
        generation=1,
        request=statement.request,
        satellite=applicant.satellite_id,
        epoch=applicant.epoch,
        virtual_account_id=applicant.virtual_account_id,
        tag=statement.tag,
        quantity=quantity,
        instance=statement.instance,
        udi=statement.udi,
        key_hash=device_key.key_hash,
        not_before=unit.now,
        not_after=ends,
        deliver_until=min(ends, unit.now + timedelta(days=policy_number(unit, "grant_delivery_days"))),
        issued=unit.now,
    )
    row = store_grant(unit, account_id, grant, device_key, seal_grant(grant, keyring.grant_key))
    row.change_no = next_change(unit, account_id)
    return row


def grant_until(unit: Unit, account_id: str, grant_id: str) -> datetime:
    """Until when a grant is given now: for the days of the policy, no longer than the terms of the units locked for it."""
    life = unit.now + timedelta(days=policy_number(unit, "grant_days"))
    return max(min(life, end_of_granted(unit, account_id, grant_id) or life), unit.now + SHORTEST)


def store_grant(unit: Unit, account_id: str, grant: Grant, device_key: PublicKey, envelope: JsonObject) -> GrantRecord:
    """Keep a grant that was signed, with the key of its device."""
    row = GrantRecord(
        account_id=account_id,
        id=grant.grant,
        request_id=grant.request,
        instance_id=grant.instance,
        virtual_account_id=grant.virtual_account_id,
        satellite_id=grant.satellite,
        tag=grant.tag,
        quantity=grant.quantity,
        generation=grant.generation,
        installed=0,
        key_hash=grant.key_hash,
        device_key=device_key.to_dict(),
        udi=grant.udi.to_dict(),
        not_after=grant.not_after,
        deliver_until=grant.deliver_until,
        envelope=envelope,
        state=ACTIVE,
        change_no=0,
    )
    unit.session.add(row)
    unit.session.flush()  # later rows of the same file may name it
    return row


def take_return(unit: Unit, keyring: KeyRing, grant_id: str, envelope: JsonObject) -> GrantRecord | None:
    """Free a grant, of whichever account, by a return that the key which it names has signed; None for an unknown one."""
    row = grant_by_id(unit, grant_id)
    if row is None:
        return None
    statement = open_export_return(envelope, PublicKey.from_dict(row.device_key))
    if statement.grant != row.id or statement.reservation is not None:
        return None
    if row.state == RELEASED:
        # Who still says so has not heard of the release: it is sent again.
        row.change_no = next_change(unit, row.account_id)
    release(unit, keyring, row, ReleaseReason.RETURNED)
    return row


def grant_by_id(unit: Unit, grant_id: str) -> GrantRecord | None:
    """A grant by its id, of whichever account."""
    # An id is random: it names one grant permanently, whichever account it is in.
    return unit.session.scalars(select(GrantRecord).where(GrantRecord.id == grant_id)).one_or_none()


def release(unit: Unit, keyring: KeyRing, row: GrantRecord, reason: ReleaseReason, note: str = "") -> None:
    """Free a grant's units, once, and sign its release."""
    if row.state == RELEASED:
        return
    free_grant(unit, row.account_id, row.id, reason.value)
    row.state, row.released_at, row.release_reason = RELEASED, unit.now, reason.value
    statement = GrantRelease(keyring.vendor_id, row.id, row.satellite_id, row.key_hash, reason, unit.now)
    row.release = seal_grant_release(statement, keyring.response_key)
    row.change_no = next_change(unit, row.account_id)
    kinds = {ReleaseReason.RETURNED: EventKind.EXPORT_RETURNED, ReleaseReason.ENDED: EventKind.EXPORT_ENDED}
    request = unit.session.get(ExportRequestRecord, (row.account_id, row.request_id))
    if request is not None and request.state == ExportState.GRANTED:
        request.state, request.change_no = ExportState.RETURNED, row.change_no
    record(
        unit,
        row.account_id,
        kinds.get(reason, EventKind.EXPORT_RELEASED),
        f"{units_of(unit, row.quantity, row.tag)}, held by {device_name(unit, row.account_id, row.instance_id, Udi.from_dict(row.udi))}, free again ({reason.value.replace('_', ' ')}){': ' + note if note else ''}",
        subject={"grant": row.id, "tag": row.tag, "reason": reason.value, "note": note},
        virtual_account_id=row.virtual_account_id,
        instance_id=row.instance_id,
        satellite_id=row.satellite_id,
    )


def end_grants(unit: Unit, keyring: KeyRing, account_id: str | None = None) -> int:
    """Free grants of an account, or of all, whose end has come; returns how many.

    A central that was restored may have forgotten a renewal: what a site holds ends only after the site has shown it.
    """
    where = (VirtualAccount.account_id == GrantRecord.account_id) & (
        VirtualAccount.id == GrantRecord.virtual_account_id
    )
    query = select(GrantRecord).where(
        GrantRecord.state == ACTIVE,
        GrantRecord.not_after <= unit.licence_now,
        ~exists().where(where, VirtualAccount.recovering),
    )
    if account_id is not None:
        query = query.where(GrantRecord.account_id == account_id)
    rows = list(unit.session.scalars(query.order_by(GrantRecord.account_id, GrantRecord.id)))
    for row in rows:
        release(unit, keyring, row, ReleaseReason.ENDED)
    return len(rows)

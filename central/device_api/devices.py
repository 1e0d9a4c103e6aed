"""Answers to directly connected devices: use, restricted requests, returns (rows S4.2, S4.4)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select

from central.device_api.device_pools import DevicePools, signed_lines
from central.domain.accounts.models import VirtualAccount
from central.domain.alerts.services import refresh_alerts
from central.domain.catalogue.models import Entitlement
from central.domain.catalogue.queries import titles
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.export_control.models import ExportRequestRecord, GrantRecord, ReleaseNotice
from central.domain.export_control.queries import has_restricted
from central.domain.export_control.renewing import mark_delivered, renew_grants
from central.domain.export_control.services import (
    ACTIVE,
    Applicant,
    decide,
)
from central.domain.instances.detached import note_return
from central.domain.instances.devices import find_key, membership
from central.domain.instances.models import Instance
from central.domain.instances.queries import find_instance, placed_name
from central.domain.ledger.claims import claims_of, replace_claims
from central.domain.ledger.queries import PoolFigures
from central.keyring import KeyRing
from central.sync.givebacks import Place, Taken, take
from exchange.canonical import JsonObject
from exchange.device.backend import DeviceRefusal, KnownDevice
from exchange.device.licence_bodies import AuthorizeBody, AuthorizeResult, EntitlementAnswer, ExportAnswer
from exchange.device.timers import AUTHORIZATION, AUTHORIZATION_RENEWAL, CERTIFICATE_GRACE, SILENT_MINOR
from exchange.statements import ExportRequest
from exchange.vocabulary import ClaimState, Compliance, ExportState, InstanceState
from serverkit.db.unit import Unit
from serverkit.licence_texts import change_text


def _instance(unit: Unit, known: KnownDevice) -> Instance:
    row = find_key(unit, known.key.key_id)
    if row is None:
        raise DeviceRefusal("not_registered")
    return find_instance(unit, row.account_id, known.instance)


def authorize_device(
    unit: Unit,
    keyring: KeyRing,
    device_pools: DevicePools,
    instance: Instance,
    known: KnownDevice,
    body: AuthorizeBody,
    *,
    until: datetime | None = None,
) -> JsonObject:
    """Take the complete list, answer for each licence, bring what was decided; `until` is the end of a detached term."""
    account, virtual_account = device_pools.place(instance.account_id, instance.virtual_account_id)
    refuse_ended(unit, instance.certificate_expires)
    ordinary = device_pools.ordinary(body.entitlements)
    present = claims_of(unit, account.id, instance.id)
    if not known.is_active:
        ordinary = dict(present)  # the active unit of a set says what is used; a standby is only answered (row C7.6)
    if ordinary != present:
        replace_claims(unit, account.id, instance.id, virtual_account.id, ordinary)
        device_pools.forget_use()
        _note_request(unit, instance, present, ordinary)
    for grant_id, generation in body.installed:
        mark_delivered(unit, account.id, grant_id, generation, known.key.key_hash)
    silent = unit.licence_now - instance.last_contact >= SILENT_MINOR[0]
    note_return(instance)
    instance.last_contact, instance.state = unit.now, InstanceState.ACTIVE
    if known.is_active:
        instance.hostname = body.hostname or instance.hostname
        instance.software_version = body.software_version or instance.software_version
    changed = {tag for tag in {*ordinary, *present} if ordinary.get(tag) != present.get(tag)}
    if silent or changed:  # a contact ends an alert only after a long silence, and a list that is known changes no pool
        mine = [instance.id] if silent else ()
        device_pools.touch(account, mine, {(virtual_account.id, tag) for tag in changed})
    restricted = has_restricted(unit, account.id, instance.id)
    if restricted:
        renew_grants(unit, keyring, account.id, None, (instance.id, known.key.key_hash))
    ends, renewal = until or unit.now + AUTHORIZATION, until or unit.now + AUTHORIZATION_RENEWAL
    lines = (
        device_pools.lines(account, virtual_account, ordinary)
        if until is None
        else tuple(signed_lines(unit, keyring, account, virtual_account, tuple(sorted(ordinary)), until))
    )
    result = AuthorizeResult(
        issued=unit.now,
        valid_until=ends,
        renew_after=renewal,
        entitlements=answers_of(device_pools, virtual_account, instance, body, ordinary, ends),
        allotments=lines,
        grants=tuple(_grants(unit, instance, known)) if restricted else (),
        exports=tuple(_exports(unit, instance, known)) if restricted else (),
        releases=tuple(_releases(unit, instance, known)) if restricted else (),
    )
    return result.to_dict()


def refuse_ended(unit: Unit, certificate_expires: datetime) -> None:
    """A device whose identity has ended is renewed on neither way."""
    if certificate_expires + CERTIFICATE_GRACE <= unit.licence_now:
        raise DeviceRefusal("certificate_expired")


def answers_of(
    device_pools: DevicePools,
    virtual_account: VirtualAccount,
    device: Any,
    body: AuthorizeBody,
    ordinary: Iterable[str],
    ends: datetime,
) -> tuple[EntitlementAnswer, ...]:
    """What a device, of which its instance or the columns of that are given, is told of each licence of its list."""
    figures = device_pools.figures(virtual_account, ordinary)
    catalogue = device_pools.catalogue(tag for tag, _ in body.entitlements)
    return tuple(_answer(figures, device, catalogue.get(tag), tag, count, ends) for tag, count in body.entitlements)


def _note_request(unit: Unit, instance: Instance, before: dict[str, int], wanted: dict[str, int]) -> None:
    text = change_text(before, wanted, titles(unit, {*before, *wanted}))
    record(
        unit,
        instance.account_id,
        EventKind.INSTANCE_REQUESTED_LICENCES,
        f"{placed_name(unit, instance)} {text}",
        subject=wanted,
        virtual_account_id=instance.virtual_account_id,
        instance_id=instance.id,
    )


def _answer(
    figures: dict[tuple[str, str], PoolFigures],
    instance: Any,
    entitlement: Entitlement | None,
    tag: str,
    count: int,
    until: datetime,
) -> EntitlementAnswer:
    if entitlement is None:
        return EntitlementAnswer(tag, count, ClaimState.NOT_FOUND, None)
    if entitlement.restricted:
        return EntitlementAnswer(tag, count, ClaimState.RESTRICTED, None)
    allowed = {*entitlement.products} - {"*"}
    if allowed and not allowed & {instance.product_tag or "", instance.udi["pid"]}:
        return EntitlementAnswer(tag, count, ClaimState.INVALID, None)
    pool = figures.get((instance.virtual_account_id, tag))
    short = pool is None or pool.verdict.status is Compliance.OUT_OF_COMPLIANCE
    state = ClaimState.OUT_OF_COMPLIANCE if short else ClaimState.AUTHORIZED
    return EntitlementAnswer(tag, count, state, until)


def _grants(unit: Unit, instance: Instance, known: KnownDevice) -> list[JsonObject]:
    query = select(GrantRecord).where(
        GrantRecord.account_id == instance.account_id,
        GrantRecord.instance_id == instance.id,
        GrantRecord.key_hash == known.key.key_hash,
        GrantRecord.state == ACTIVE,
    )
    return [row.envelope for row in unit.session.scalars(query.order_by(GrantRecord.id))]


def _releases(unit: Unit, instance: Instance, known: KnownDevice) -> list[JsonObject]:
    query = select(GrantRecord).where(
        GrantRecord.account_id == instance.account_id,
        GrantRecord.instance_id == instance.id,
        GrantRecord.key_hash == known.key.key_hash,
        GrantRecord.release.is_not(None),
    )
    elsewhere = select(ReleaseNotice.envelope).where(
        ReleaseNotice.account_id == instance.account_id,
        ReleaseNotice.instance_id == instance.id,
        ReleaseNotice.satellite_id.is_(None),
        ReleaseNotice.key_hash == known.key.key_hash,
    )
    own = [row.release for row in unit.session.scalars(query.order_by(GrantRecord.id)) if row.release]
    return [*own, *unit.session.scalars(elsewhere.order_by(ReleaseNotice.grant_id))]


def _exports(unit: Unit, instance: Instance, known: KnownDevice) -> list[ExportAnswer]:
    query = select(ExportRequestRecord).where(
        ExportRequestRecord.account_id == instance.account_id,
        ExportRequestRecord.instance_id == instance.id,
        ExportRequestRecord.key_hash == known.key.key_hash,
    )
    newest = {row.tag: row for row in unit.session.scalars(query.order_by(ExportRequestRecord.change_no))}
    return [_export(row) for row in newest.values()]


def _export(row: ExportRequestRecord) -> ExportAnswer:
    return ExportAnswer(row.id, row.tag, row.count, ExportState(row.state), row.reason, row.message)


def decide_for_device(unit: Unit, keyring: KeyRing, known: KnownDevice, statement: ExportRequest) -> JsonObject:
    """Decide a request of a directly connected device at once."""
    instance = _instance(unit, known)
    account, virtual_account = membership(unit, instance)
    if statement.instance != instance.id:
        raise DeviceRefusal("identity_mismatch")
    row = decide(unit, keyring, Applicant(account, None, 0, virtual_account.id), instance, statement, known.key)
    refresh_alerts(unit, account)
    return _export(row).to_dict()


def take_device_return(
    unit: Unit, keyring: KeyRing, instance: Instance, known: KnownDevice, envelope: JsonObject
) -> list[Taken]:
    """Take in what a directly connected device gives back; its release is in the next authorization."""
    return take(unit, keyring, Place(instance.account_id, None, instance.id), envelope, known.key)

"""The answer to a device's complete list of use (row S4.2)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from exchange.canonical import JsonObject
from exchange.device.backend import KnownDevice
from exchange.device.licence_bodies import AuthorizeBody, AuthorizeResult
from exchange.device.rules import may_alarm
from exchange.device.timers import AUTHORIZATION, AUTHORIZATION_RENEWAL, SILENT_MINOR
from satellite.core.alerts.services import refresh_touched
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.services import record
from satellite.core.export_queue.models import ACTIVE
from satellite.core.export_queue.services import answers_for, grants_for, mark_delivered
from satellite.core.instances.detached import note_return
from satellite.core.instances.models import Instance
from satellite.core.instances.queries import instance_name
from satellite.core.instances.services import note_name, touch
from satellite.core.licences.services import claims_of, replace_claims
from satellite.device_api.applied_lines import PoolUse
from satellite.device_api.fast_renewals import refuse_ended
from serverkit.db.unit import Unit
from serverkit.licence_texts import change_text


def authorize_device(
    unit: Unit,
    pool_use: PoolUse,
    instance: Instance,
    known: KnownDevice,
    body: AuthorizeBody,
    *,
    restricted: bool,
    until: datetime | None = None,
) -> JsonObject:
    """Replace the device's claims, answer for each licence, bring what central decided of `restricted` ones, if any.

    `until` is the end of a detached term.
    """
    refuse_ended(unit, instance.certificate_expires)
    silent = unit.licence_now - instance.last_contact >= SILENT_MINOR[0]
    ordinary = pool_use.ordinary(body.entitlements)
    if known.is_active:  # the active unit of a set says what is used; a standby is only answered (row C7.6)
        _claim(unit, pool_use, instance, ordinary)
    for grant_id, generation in body.installed:
        mark_delivered(unit, grant_id, generation, known.key)
    if known.is_active:
        note_name(instance, body.hostname or instance.hostname)
        instance.hostname = body.hostname or instance.hostname
        instance.software_version = body.software_version or instance.software_version
    note_return(unit, instance)
    touch(unit, instance)
    if silent:
        refresh_touched(unit, instances=[instance.id], pools=())
    ends, renewal = until or unit.now + AUTHORIZATION, until or unit.now + AUTHORIZATION_RENEWAL
    who = (instance.virtual_account_id, instance.product_tag, instance.udi["pid"])
    grants = grants_for(unit, instance.id, known.key.key_hash) if restricted else []
    result = AuthorizeResult(
        issued=unit.now,
        valid_until=ends,
        renew_after=renewal,
        entitlements=tuple(pool_use.answer(who, tag, count, ends) for tag, count in body.entitlements),
        allotments=pool_use.applied.envelopes(instance.virtual_account_id, list(ordinary)),
        grants=tuple(row.envelope for row in grants if row.state == ACTIVE),
        exports=answers_for(unit, instance.id, known.key.key_hash) if restricted else (),
        releases=tuple(row.release for row in grants if row.release is not None),
    )
    return result.to_dict()


@contextmanager
def contacted(unit: Unit, instance: Instance) -> Iterator[None]:
    """Around what a device is given beside its authorization: its contact counts, and ends the alerts that it can end."""
    alarming = may_alarm(instance.certificate_expires, instance.last_contact, unit.licence_now)
    yield
    touch(unit, instance)
    if alarming:
        refresh_touched(unit, instances=[instance.id], pools=())


def _claim(unit: Unit, pool_use: PoolUse, instance: Instance, wanted: dict[str, int]) -> None:
    before, va = claims_of(unit, instance.id), instance.virtual_account_id
    changed = sorted(tag for tag in {**before, **wanted} if before.get(tag) != wanted.get(tag))
    if not changed:
        return
    were_short = {tag for tag in changed if pool_use.is_short(va, tag)}
    replace_claims(unit, instance.id, va, wanted)
    pool_use.forget()
    text = change_text(before, wanted, pool_use.titles({*before, *wanted}))
    message = f"{instance_name(instance)} in {pool_use.virtual_account_name(va)} {text}"
    kind = EventKind.INSTANCE_REQUESTED_LICENCES
    record(unit, kind, message, subject=wanted, instance_id=instance.id, virtual_account_id=va)
    # A pool that was not short and is not short now has no alert to raise, to change or to end.
    pools = [(va, tag) for tag in changed if tag in were_short or pool_use.is_short(va, tag)]
    if pools:
        refresh_touched(unit, instances=(), pools=pools)

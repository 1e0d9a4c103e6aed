"""The answer to a device's complete list of use (row S4.2)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from chassis.db.unit import Unit
from exchange.canonical import JsonObject
from exchange.device.bodies import AuthorizeBody, AuthorizeResult, EntitlementAnswer
from exchange.device.desk import DeviceRefusal, KnownDevice
from exchange.device.timers import AUTHORIZATION, AUTHORIZATION_RENEWAL, CERTIFICATE_GRACE
from exchange.vocabulary import ClaimState, Compliance
from satellite.core.activity.events import EventKind
from satellite.core.activity.services import record
from satellite.core.alerts.services import refresh_touched
from satellite.core.export_queue.services import ACTIVE, answers_for, grants_for, mark_delivered
from satellite.core.instances.models import Instance
from satellite.core.instances.queries import instance_name
from satellite.core.instances.services import touch
from satellite.core.licences.models import AllotmentLine, Entitlement
from satellite.core.licences.queries import pools
from satellite.core.licences.services import claims_of, replace_claims


def authorize_device(unit: Unit, instance: Instance, known: KnownDevice, body: AuthorizeBody) -> JsonObject:
    """Replace the device's claims, answer for each licence, bring what central decided."""
    if instance.certificate_expires + CERTIFICATE_GRACE <= unit.licence_now:
        raise DeviceRefusal("certificate_expired")
    tags = [tag for tag, _ in body.entitlements]
    catalogue = {row.tag: row for row in unit.session.scalars(select(Entitlement).where(Entitlement.tag.in_(tags)))}
    ordinary = {tag: count for tag, count in body.entitlements if tag in catalogue and not catalogue[tag].restricted}
    present = claims_of(unit, instance.id)
    changed = ordinary != present
    if changed:
        replace_claims(unit, instance.id, instance.virtual_account_id, ordinary)
        message = f"{instance_name(instance)} requested licences"
        va = instance.virtual_account_id
        record(
            unit,
            EventKind.INSTANCE_REQUESTED_LICENCES,
            message,
            subject=ordinary,
            instance_id=instance.id,
            virtual_account_id=va,
        )
    for grant_id, generation in body.installed:
        mark_delivered(unit, grant_id, generation, known.key)
    instance.hostname = body.hostname or instance.hostname
    instance.software_version = body.software_version or instance.software_version
    touch(unit, instance)
    if changed:
        pools_touched = {(instance.virtual_account_id, tag) for tag in {*ordinary, *present}}
        refresh_touched(unit, instances=[instance.id], pools=pools_touched)
    until = unit.now + AUTHORIZATION
    grants = grants_for(unit, instance.id, known.key.key_hash)
    result = AuthorizeResult(
        issued=unit.now,
        valid_until=until,
        renew_after=unit.now + AUTHORIZATION_RENEWAL,
        entitlements=tuple(
            _answer(unit, instance, catalogue.get(tag), tag, count, until) for tag, count in body.entitlements
        ),
        allotments=tuple(_lines(unit, instance.virtual_account_id, list(ordinary))),
        grants=tuple(row.envelope for row in grants if row.state == ACTIVE),
        exports=answers_for(unit, instance.id, known.key.key_hash),
        releases=tuple(row.release for row in grants if row.release is not None),
    )
    return result.to_dict()


def _answer(
    unit: Unit, instance: Instance, entitlement: Entitlement | None, tag: str, count: int, until: datetime
) -> EntitlementAnswer:
    if entitlement is None:
        return EntitlementAnswer(tag, count, ClaimState.NOT_FOUND, None)
    if entitlement.restricted:
        return EntitlementAnswer(tag, count, ClaimState.RESTRICTED, None)
    allowed = {*entitlement.products} - {"*"}
    if allowed and not allowed & {instance.product_tag or "", instance.udi["pid"]}:
        return EntitlementAnswer(tag, count, ClaimState.INVALID, None)
    pool = pools(unit, instance.virtual_account_id, tag).get((instance.virtual_account_id, tag))
    short = pool is None or pool.verdict.status is Compliance.OUT_OF_COMPLIANCE
    state = ClaimState.OUT_OF_COMPLIANCE if short else ClaimState.AUTHORIZED
    return EntitlementAnswer(tag, count, state, until)


def _lines(unit: Unit, virtual_account_id: str, tags: list[str]) -> list[JsonObject]:
    query = select(AllotmentLine.envelope).where(
        AllotmentLine.virtual_account_id == virtual_account_id, AllotmentLine.tag.in_(tags)
    )
    return list(unit.session.scalars(query.order_by(AllotmentLine.tag, AllotmentLine.serial)))

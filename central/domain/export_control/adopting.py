"""Grants that central signed and, restored from an older copy, does not know (row C11.2)."""

from __future__ import annotations

from collections.abc import Collection

from central.domain.base import next_change
from central.domain.catalogue.queries import find_entitlement, units_of
from central.domain.catalogue.services import name_by_tag
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.export_control.models import GrantRecord
from central.domain.export_control.services import ACTIVE, grant_by_id, store_grant
from central.domain.instances.queries import device_name
from central.domain.ledger.granting import lock_for_grant
from central.keyring import KeyRing
from exchange.canonical import JsonObject
from exchange.errors import ExchangeError
from exchange.keys import PublicKey
from exchange.statements import open_grant
from serverkit.db.unit import Unit


def adopt_grant(
    unit: Unit,
    keyring: KeyRing,
    account_id: str,
    place: tuple[str | None, Collection[str]],
    envelope: JsonObject,
    device_key: PublicKey | None,
) -> GrantRecord | None:
    """Take back a grant that central's own key signed and a restored central does not know, even if stock falls short.

    `place` is the satellite that shows it, and its virtual accounts: what was given elsewhere is not adopted here.
    """
    try:
        grant = open_grant(envelope, keyring.trust)
    except ExchangeError:
        return None
    if device_key is None or device_key.key_hash != grant.key_hash:
        return None
    if grant.satellite != place[0] or grant.virtual_account_id not in place[1]:
        return None
    if grant_by_id(unit, grant.grant) is not None or grant.not_after <= unit.licence_now:
        return None
    if find_entitlement(unit, grant.tag) is None:
        name_by_tag(unit, grant.tag)
    lock_for_grant(
        unit, account_id, grant.virtual_account_id, grant.tag, grant.quantity, grant.grant, may_be_short=True
    )
    row = store_grant(unit, account_id, grant, device_key, envelope)
    row.change_no = next_change(unit, account_id)
    who = device_name(unit, account_id, row.instance_id, grant.udi)
    record(
        unit,
        account_id,
        EventKind.EXPORT_ADOPTED,
        f"{who}: {units_of(unit, row.quantity, row.tag)} taken back into the books: central had granted and forgotten them",
        subject={"grant": row.id, "tag": row.tag, "count": row.quantity},
        virtual_account_id=row.virtual_account_id,
        instance_id=row.instance_id,
        satellite_id=row.satellite_id,
    )
    return row


def adopt_renewal(unit: Unit, keyring: KeyRing, row: GrantRecord, envelope: JsonObject) -> None:
    """Take a renewal back into the books that central signed and, restored, has forgotten: the grant lasts as long as it says."""
    try:
        grant = open_grant(envelope, keyring.trust)
    except ExchangeError:
        return
    same = (grant.grant, grant.key_hash, grant.satellite, grant.tag, grant.quantity)
    if row.state != ACTIVE or same != (row.id, row.key_hash, row.satellite_id, row.tag, row.quantity):
        return
    if grant.generation > row.generation:
        row.generation, row.not_after, row.deliver_until = grant.generation, grant.not_after, grant.deliver_until
        row.envelope, row.change_no = envelope, next_change(unit, row.account_id)

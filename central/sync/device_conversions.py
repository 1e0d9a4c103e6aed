"""Requests of a site's devices to convert their classic licences (row C9.5)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from sqlalchemy import select

from central.domain.conversions.device_led import Asking, convert_for_device, decide_later
from central.domain.conversions.models import DeviceConversion
from central.domain.instances.models import Instance
from exchange.errors import ExchangeError, MalformedError
from exchange.files.rows import ConversionRequestRow
from exchange.identity import Udi
from exchange.keys import PublicKey
from exchange.statements import open_conversion_request
from exchange.vocabulary import ConversionState
from serverkit.db.unit import Unit
from serverkit.locks import for_change


def convert_rows(
    unit: Unit,
    account_id: str,
    satellite_id: str,
    gone: Collection[str],
    rows: Iterable[tuple[ConversionRequestRow, Instance | None]],
) -> None:
    """Decide what devices signed, each row with the instance of its key; a known request is only told again.

    MalformedError for a row that no device signed; `gone` are instances that the same file removes.
    """
    for row, instance in rows:
        try:
            request = open_conversion_request(row.statement, row.device_key)
        except ExchangeError as error:
            raise MalformedError("a request is not signed by its device: {reason}", reason=error.message) from error
        if request.request != row.id or request.instance != row.instance:
            raise MalformedError("a request does not say what its device signed")
        known = instance is not None and instance.id not in gone
        if instance is not None:
            request = replace(request, instance=instance.id)
            known = known and _unit_of(instance, request.key_hash) == request.udi.key
        place = instance.virtual_account_id if instance is not None else None
        convert_for_device(unit, Asking(account_id, satellite_id, place, known=known), request, row.statement)


def decide_waiting(unit: Unit, account_id: str | None = None) -> int:
    """Decide the requests that waited for a contract check, each where its device is registered now; how many were decided."""
    query = select(DeviceConversion).where(DeviceConversion.state == ConversionState.PENDING)
    query = query if account_id is None else query.where(DeviceConversion.account_id == account_id)
    decided = 0
    for row in unit.session.scalars(for_change(query.order_by(DeviceConversion.account_id, DeviceConversion.id))).all():
        instance = unit.session.get(Instance, (row.account_id, row.instance_id))
        known = instance is not None and _unit_of(instance, row.key_hash) == row.unit_key
        place = instance.virtual_account_id if instance is not None else None
        if decide_later(unit, row, Asking(row.account_id, row.satellite_id, place, known=known)):
            decided += 1
            unit.touched.add(row.account_id)
    return decided


def _unit_of(instance: Instance, key_hash: str) -> str | None:
    """The unit of a set that a key belongs to (row C7.6)."""
    if instance.key_hash == key_hash:
        return Udi.from_dict(instance.udi).key
    pairs = zip(instance.standbys, instance.standby_keys or (), strict=False)
    found = (udi for udi, key in pairs if key is not None and PublicKey.from_dict(key).key_hash == key_hash)
    return next((Udi.from_dict(udi).key for udi in found), None)

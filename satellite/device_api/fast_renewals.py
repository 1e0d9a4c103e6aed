"""Fast path of renewals: the device reports the same list as before; only its contact and the answer are kept."""

from __future__ import annotations

from datetime import datetime

from exchange.canonical import JsonObject
from exchange.device.backend import DeviceRefusal
from exchange.device.licence_bodies import AuthorizeBody, AuthorizeResult
from exchange.device.timers import AUTHORIZATION, AUTHORIZATION_RENEWAL, CERTIFICATE_GRACE, SILENT_MINOR
from satellite.device_api.applied_lines import PoolUse
from satellite.device_api.device_rows import DeviceRow
from serverkit.db.unit import Unit


def refuse_ended(unit: Unit, certificate_expires: datetime) -> None:
    """A device whose identity has ended is renewed on neither way."""
    if certificate_expires + CERTIFICATE_GRACE <= unit.licence_now:
        raise DeviceRefusal("certificate_expired")


def renew_authorization(unit: Unit, pool_use: PoolUse, device: DeviceRow, body: AuthorizeBody) -> JsonObject | None:
    """The result; None if the list or name changed, the device was silent for 30 days, or restricted licences or a term are involved."""
    row, now = device.columns, unit.now
    refuse_ended(unit, row.certificate_expires)
    if unit.licence_now - row.last_contact >= SILENT_MINOR[0]:
        return None  # its contact ends an alert
    if row.detached_until is not None:
        return None  # its contact is refused, or ends its term
    ordinary = pool_use.ordinary(body.entitlements)
    if ordinary != device.uses or body.installed or device.has_restricted or _is_renamed(device, body):
        return None
    until, who = now + AUTHORIZATION, (row.virtual_account_id, row.product_tag, row.udi["pid"])
    return AuthorizeResult(
        issued=now,
        valid_until=until,
        renew_after=now + AUTHORIZATION_RENEWAL,
        entitlements=tuple(pool_use.answer(who, tag, count, until) for tag, count in body.entitlements),
        allotments=pool_use.applied.envelopes(row.virtual_account_id, list(ordinary)),
        grants=(),
        exports=(),
        releases=(),
    ).to_dict()


def _is_renamed(device: DeviceRow, body: AuthorizeBody) -> bool:
    row = device.columns
    return bool(
        (body.hostname and body.hostname != row.hostname)
        or (body.software_version and body.software_version != row.software_version)
    )

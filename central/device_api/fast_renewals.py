"""Fast path of renewals: the device reports the same list as before; only its contact and the answer are kept."""

from __future__ import annotations

from central.device_api.device_pools import DevicePools
from central.device_api.device_rows import DeviceRow
from central.device_api.devices import answers_of, refuse_ended
from exchange.canonical import JsonObject
from exchange.device.backend import KnownDevice
from exchange.device.licence_bodies import AuthorizeBody, AuthorizeResult
from exchange.device.timers import AUTHORIZATION, AUTHORIZATION_RENEWAL, SILENT_MINOR
from exchange.vocabulary import InstanceState
from serverkit.db.unit import Unit


def renew_authorization(
    unit: Unit, pools: DevicePools, device: DeviceRow, known: KnownDevice, body: AuthorizeBody
) -> JsonObject | None:
    """The result; None if the list or name changed, the device was silent for 30 days, or restricted licences, a set or a term are involved."""
    row = device.columns
    refuse_ended(unit, row.certificate_expires)
    if unit.licence_now - row.last_contact >= SILENT_MINOR[0] or row.state != InstanceState.ACTIVE:
        return None  # its contact may end an alert
    if row.detached_until is not None or not known.is_active:
        return None  # its contact ends a term, or says nothing of what its set uses
    ordinary = pools.ordinary(body.entitlements)
    if ordinary != device.uses or body.installed or row.has_restricted or _is_renamed(device, body):
        return None
    account, virtual_account = pools.place(row.account_id, row.virtual_account_id)
    ends = unit.now + AUTHORIZATION
    return AuthorizeResult(
        issued=unit.now,
        valid_until=ends,
        renew_after=unit.now + AUTHORIZATION_RENEWAL,
        entitlements=answers_of(pools, virtual_account, row, body, ordinary, ends),
        allotments=pools.lines(account, virtual_account, ordinary),
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

"""Product instances: list, usage, transfer, removal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from central.actions.instances import remove, transfer
from central.api.compat.accounts import chosen, query_paging, wanted_names
from central.api.compat.wire import Call
from central.domain.accounts.models import VirtualAccount
from central.domain.accounts.queries import virtual_account
from central.domain.export_control.queries import held_units
from central.domain.instances.errors import UnknownInstanceError
from central.domain.instances.models import Instance
from central.domain.instances.queries import by_serial, in_virtual_accounts, instance_name
from central.domain.ledger.claims import claims_by_instance
from central.domain.ledger.queries import licences
from central.domain.ledger.reserving import reserved_for
from exchange.errors import ExchangeError
from serverkit.clock import iso
from serverkit.errors import AppError
from serverkit.http.lenient import BodyError, entries_of, objects_of, overall, page, said, seconds, success, text_of
from serverkit.http.lenient_devices import identity_of, meant_of, shown_identity
from serverkit.http.lenient_forms import asked_move, moved_form, moved_message


class DeviceNotFoundError(UnknownInstanceError):
    """The virtual account has no such device."""


def list_devices(call: Call) -> dict[str, Any]:
    """The product instances of a virtual account."""
    rows = in_virtual_accounts(call.unit, call.smart_account.id, [chosen(call).id])
    name = call.request.query.get("instanceName", "").lower()
    rows = [row for row in rows if name in instance_name(row).lower()]
    shown = [
        {"instanceName": instance_name(row), "productTagName": row.product_tag or "", "sudi": shown_identity(row)}
        for row in page(rows, {"limit": -1, **query_paging(call)})
    ]
    return success("Successfully read devices.", totalRecords=len(rows), devices=shown)


def device_usage(call: Call) -> dict[str, Any]:
    """Product instances with what they use."""
    names = wanted_names(call)
    rows = in_virtual_accounts(call.unit, call.smart_account.id, sorted(names))
    part = page(rows, call.body)
    used = _used(call, [row.id for row in part])
    figures = licences(call.unit, call.smart_account.id, names)
    titles = {row["tag"]: row["name"] for row in figures}
    short = {(row["virtual_account"], row["tag"]) for row in figures if row["status"] == "out_of_compliance"}
    shown = []
    for row in part:
        home = names[row.virtual_account_id]
        lines = used.get(row.id, [])
        lacks = any((home, line.tag) in short for line in lines if line.claimed)
        shown.append(
            {
                "virtualAccount": home,
                "hostName": row.hostname or "",
                "hostname": row.hostname or "",
                "sudi": shown_identity(row),
                "productName": row.product_tag or row.udi["pid"],
                "displayName": f"UDI_PID:{row.udi['pid']}; UDI_SN:{row.udi['serial']}; ",
                "productTagName": row.product_tag or "",
                "productDescription": "",
                "productType": row.udi["pid"],
                "status": "Out Of Compliance" if lacks else "In Compliance",
                "registrationDate": iso(row.registered_at),
                "lastContactDate": iso(row.last_contact),
                "mode": "SL",
                "licenseUsage": [
                    {
                        "license": titles.get(line.tag, line.tag),
                        "quantity": line.quantity,
                        "startDate": seconds(line.start),
                        "endDate": seconds(line.end),
                    }
                    for line in lines
                ],
            }
        )
    return success("Successfully read devices.", totalRecords=len(rows), devices=shown)


def _find(call: Call, entry: Mapping[str, Any], home: VirtualAccount) -> Instance:
    wanted = identity_of(entry)
    row = meant_of(_candidates(call, wanted, home), wanted, entry.get("productTagName"))
    if row is None:
        raise DeviceNotFoundError(f"{home.name} has no product instance {' '.join(wanted.values())[:200]}")
    return row


def _candidates(call: Call, wanted: Mapping[str, str], home: VirtualAccount) -> list[Instance]:
    account_id = call.smart_account.id
    if "pid" not in wanted or "serial" not in wanted:
        return in_virtual_accounts(call.unit, account_id, [home.id])
    try:
        return by_serial(call.unit, account_id, home.id, wanted["pid"], wanted["serial"])
    except ExchangeError:
        return []  # no device can be called so


def transfer_devices(call: Call) -> dict[str, Any]:
    """Move product instances; each entry has its own outcome."""
    source = chosen(call)
    outcomes = [_transferred(call, entry, source) for entry in objects_of(call.body, "productInstances")]
    return moved_form(outcomes)


def _transferred(call: Call, entry: Mapping[str, Any], source: VirtualAccount) -> dict[str, Any]:
    outcome = asked_move(entry, source.name)
    try:
        with call.unit.savepoint():
            target = virtual_account(call.unit, call.smart_account.id, text_of(entry, "targetVirtualAccount"))
            row = _find(call, entry, source)
            transfer(call.unit, row, target)
    except AppError as error:
        return {**outcome, "status": "WARNING", "statusMessage": said(error)}
    message = moved_message(instance_name(row), source.name, target.name)
    return {**outcome, "status": "SUCCESS", "statusMessage": message}


@dataclass(frozen=True, slots=True)
class _Line:
    """So much of a licence that a device uses or holds; `claimed` is what its pool has to cover."""

    tag: str
    quantity: int
    claimed: bool = False
    start: datetime | None = None
    end: datetime | None = None


def _used(call: Call, ids: list[str]) -> dict[str, list[_Line]]:
    """What devices use, the restricted units that they were granted, and what is reserved for them."""
    account_id = call.smart_account.id
    found: dict[str, list[_Line]] = {}
    for instance, claims in claims_by_instance(call.unit, account_id, ids).items():
        found[instance] = [_Line(tag, count, claimed=True) for tag, count in claims.items()]
    for instance, units in held_units(call.unit, account_id, ids).items():
        found.setdefault(instance, []).extend(_Line(tag, count) for tag, count in units)
    for instance, lots in reserved_for(call.unit, account_id, ids).items():
        found.setdefault(instance, []).extend(
            _Line(lot.tag, count, start=lot.start, end=lot.end) for lot, count in lots
        )
    return {instance: sorted(lines, key=lambda line: (line.tag, line.quantity)) for instance, lines in found.items()}


LISTS = ("productInstacesRemoveRequests", "productInstancesRemoveRequests")


def remove_devices(call: Call) -> dict[str, Any]:
    """Remove one product instance, or several whose list comes under one of two spellings or under both."""
    home = chosen(call)
    if not any(call.body.get(name) for name in LISTS) and "sudi" in call.body:
        row = _find(call, call.body, home)
        name = instance_name(row)
        _remove(call, row, call.body)
        return success(f"The Product Instance {name} was successfully removed.")
    entries: list[dict[str, Any]] = []
    for name in LISTS:
        for entry in entries_of(call.body, name):
            if not any(_same(entry, known) for known in entries):
                entries.append(entry)
    if not entries:
        raise BodyError(f"Missing required input parameters: {LISTS[1]}")
    outcomes = [_removed(call, entry, home) for entry in entries]
    done = sum(one["status"] == "SUCCESS" for one in outcomes)
    # The two blanks are what the contract shows.
    answer = success(f"{done} Product Instance  removed successfully.", removeProductInstancesStatus=outcomes)
    return {**answer, "status": overall(outcomes)}


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one.get(name) == other.get(name) for name in ("sudi", "productTagName"))


def _removed(call: Call, entry: Mapping[str, Any], home: VirtualAccount) -> dict[str, Any]:
    given = entry.get("sudi")
    sudi = given if isinstance(given, dict) else {}
    host = sudi.get("hostIdentifier") or ""
    device = (
        f"udiPid:{sudi.get('udiPid') or ''} udiSerialNumber:{sudi.get('udiSerialNumber') or ''} hostIdentifier: {host}"
    )
    try:
        with call.unit.savepoint():
            _remove(call, _find(call, entry, home), entry)
    except AppError as error:
        return {"status": "ERROR", "statusMessage": said(error), "device": device}
    return {"status": "SUCCESS", "statusMessage": "The Product Instance was successfully removed.", "device": device}


def _remove(call: Call, row: Instance, entry: Mapping[str, Any]) -> None:
    code = text_of(entry, "returnCode", needed=False)
    keyring, account = call.server.keyring, call.smart_account
    remove(call.unit, keyring, account, row.id, release_restricted=False, reason="", return_code=code)

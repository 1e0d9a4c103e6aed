"""Product instances: list, usage, transfer, removal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from central.actions import instances
from central.actions.virtual_accounts import show_virtual_account
from central.api.compat.accounts import query_paging, wanted_names
from central.api.compat.wire import Call
from central.domain.instances.errors import UnknownInstanceError
from central.domain.instances.models import Instance
from central.domain.instances.queries import instance_name
from serverkit.clock import iso
from serverkit.errors import AppError
from serverkit.http.lenient import BodyError, entries_of, objects_of, overall, page, said, seconds, success, text_of
from serverkit.http.lenient_devices import identity_of, meant_of, shown_identity
from serverkit.http.lenient_forms import asked_move, moved_form, moved_message


class DeviceNotFoundError(UnknownInstanceError):
    """A refusal of its own for those who catch it."""

    message = "The virtual account has no such device."


def list_devices(call: Call) -> dict[str, Any]:
    """The product instances of a virtual account."""
    rows = instances.rows_of_instances(call.unit, call.smart_account.domain, [call.path["va"]])
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
    rows = instances.rows_of_instances(call.unit, call.smart_account.domain, names.values())
    part = page(rows, call.body)
    uses = instances.uses_of(call.unit, call.smart_account.domain, part)
    shown = []
    for row in part:
        use = uses[row.id]
        shown.append(
            {
                "virtualAccount": names[row.virtual_account_id],
                "hostName": row.hostname or "",
                "hostname": row.hostname or "",
                "sudi": shown_identity(row),
                "productName": row.product_tag or row.udi["pid"],
                "displayName": f"UDI_PID:{row.udi['pid']}; UDI_SN:{row.udi['serial']}; ",
                "productTagName": row.product_tag or "",
                "productDescription": "",
                "productType": row.udi["pid"],
                "status": "Out Of Compliance" if use.short else "In Compliance",
                "registrationDate": iso(row.registered_at),
                "lastContactDate": iso(row.last_contact),
                "mode": "SL",
                "licenseUsage": [
                    {
                        "license": line.name,
                        "quantity": line.quantity,
                        "startDate": seconds(line.start),
                        "endDate": seconds(line.end),
                    }
                    for line in use.licences
                ],
            }
        )
    return success("Successfully read devices.", totalRecords=len(rows), devices=shown)


def _find(call: Call, entry: Mapping[str, Any]) -> Instance:
    wanted, name = identity_of(entry), call.path["va"]
    rows = instances.candidates(call.unit, call.smart_account.domain, name, wanted)
    row = meant_of(rows, wanted, entry.get("productTagName"))
    if row is None:
        raise DeviceNotFoundError(
            "{name} has no product instance {wanted}", name=name, wanted=" ".join(wanted.values())[:200]
        )
    return row


def transfer_devices(call: Call) -> dict[str, Any]:
    """Move product instances; each entry has its own outcome."""
    show_virtual_account(call.unit, call.smart_account.domain, call.path["va"])  # an unknown one fails the whole call
    outcomes = [_transferred(call, entry) for entry in objects_of(call.body, "productInstances")]
    return moved_form(outcomes)


def _transferred(call: Call, entry: Mapping[str, Any]) -> dict[str, Any]:
    domain, source = call.smart_account.domain, call.path["va"]
    outcome = asked_move(entry, source)
    try:
        with call.unit.savepoint():
            target = text_of(entry, "targetVirtualAccount")
            row = _find(call, entry)
            instances.transfer_instance(call.unit, domain, row.id, target)
    except AppError as error:
        return {**outcome, "status": "WARNING", "statusMessage": said(error)}
    message = moved_message(instance_name(row), source, target)
    return {**outcome, "status": "SUCCESS", "statusMessage": message}


LISTS = ("productInstacesRemoveRequests", "productInstancesRemoveRequests")


def remove_devices(call: Call) -> dict[str, Any]:
    """Remove one product instance, or several whose list comes under one of two spellings or under both."""
    show_virtual_account(call.unit, call.smart_account.domain, call.path["va"])  # an unknown one fails the whole call
    if not any(call.body.get(name) for name in LISTS) and "sudi" in call.body:
        row = _find(call, call.body)
        name = instance_name(row)
        _remove(call, row, call.body)
        return success(f"The Product Instance {name} was successfully removed.")
    entries: list[dict[str, Any]] = []
    for name in LISTS:
        for entry in entries_of(call.body, name):
            if not any(_same(entry, known) for known in entries):
                entries.append(entry)
    if not entries:
        raise BodyError("Missing required input parameters: {list}", list=LISTS[1])
    outcomes = [_removed(call, entry) for entry in entries]
    done = sum(one["status"] == "SUCCESS" for one in outcomes)
    # The two blanks are what the contract shows.
    answer = success(f"{done} Product Instance  removed successfully.", removeProductInstancesStatus=outcomes)
    return {**answer, "status": overall(outcomes)}


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one.get(name) == other.get(name) for name in ("sudi", "productTagName"))


def _removed(call: Call, entry: Mapping[str, Any]) -> dict[str, Any]:
    given = entry.get("sudi")
    sudi = given if isinstance(given, dict) else {}
    host = sudi.get("hostIdentifier") or ""
    device = (
        f"udiPid:{sudi.get('udiPid') or ''} udiSerialNumber:{sudi.get('udiSerialNumber') or ''} hostIdentifier: {host}"
    )
    try:
        with call.unit.savepoint():
            _remove(call, _find(call, entry), entry)
    except AppError as error:
        return {"status": "ERROR", "statusMessage": said(error), "device": device}
    return {"status": "SUCCESS", "statusMessage": "The Product Instance was successfully removed.", "device": device}


def _remove(call: Call, row: Instance, entry: Mapping[str, Any]) -> None:
    code = text_of(entry, "returnCode", needed=False)
    domain = call.smart_account.domain
    instances.remove_instance(call.unit, call.server.keyring, domain, row.id, return_code=code)

"""Product instances: list, usage, transfer within the site, removal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from satellite.actions import instances, licences, virtual_accounts
from satellite.actions.instances import instance_name
from satellite.api.compat.wire import Call
from satellite.core.instances.errors import UnknownInstanceError
from satellite.core.instances.models import Instance
from serverkit.clock import iso
from serverkit.errors import AppError
from serverkit.http.lenient import BodyError, entries_of, objects_of, overall, page, said, success, text_of
from serverkit.http.lenient_devices import identity_of, meant_of, shown_identity
from serverkit.http.lenient_forms import asked_move, moved_form, moved_message

LISTS = ("productInstacesRemoveRequests", "productInstancesRemoveRequests")


def list_devices(call: Call) -> dict[str, Any]:
    """The product instances of a virtual account."""
    wanted = call.request.query.get("instanceName", "").lower()
    listed = instances.list_instances_of(call.unit, call.virtual_account)
    rows = [row for row in listed if wanted in instance_name(row).lower()]
    shown = [
        {"instanceName": instance_name(row), "productTagName": row.product_tag or "", "sudi": shown_identity(row)}
        for row in page(rows, call.query_paging())
    ]
    return success("Successfully read devices.", totalRecords=len(rows), devices=shown)


def device_usage(call: Call) -> dict[str, Any]:
    """Product instances with what they use."""
    names = call.wanted_names()
    rows = [(row, name) for name in names.values() for row in instances.list_instances_of(call.unit, name)]
    used_licences = licences.list_licences_of(call.unit, names)
    titles = {row["tag"]: row["name"] for row in used_licences}
    short = {(row["virtual_account"], row["tag"]) for row in used_licences if row["status"] == "out_of_compliance"}
    shown = []
    part = page(rows, call.body)
    use = instances.list_use(call.unit, [row.id for row, _ in part])
    for row, virtual_account in part:
        claimed, held = use[row.id].claimed, use[row.id].held
        lines = sorted([*claimed.items(), *held])
        shown.append(
            {
                "virtualAccount": virtual_account,
                "hostName": row.hostname or "",
                "hostname": row.hostname or "",
                "sudi": shown_identity(row),
                "productName": row.product_tag or row.udi["pid"],
                "displayName": f"UDI_PID:{row.udi['pid']}; UDI_SN:{row.udi['serial']}; ",
                "productTagName": row.product_tag or "",
                "productDescription": "",
                "productType": row.udi["pid"],
                "status": "Out Of Compliance"
                if any((virtual_account, tag) in short for tag in claimed)
                else "In Compliance",
                "registrationDate": iso(row.registered_at),
                "lastContactDate": iso(row.last_contact),
                "mode": "SL",
                "licenseUsage": [
                    {"license": titles.get(tag, tag), "quantity": count, "startDate": None, "endDate": None}
                    for tag, count in lines
                ],
            }
        )
    return success("Successfully read devices.", totalRecords=len(rows), devices=shown)


def _find(call: Call, entry: Mapping[str, Any], virtual_account: str) -> Instance:
    wanted = identity_of(entry)
    row = meant_of(instances.list_instances_of(call.unit, virtual_account), wanted, entry.get("productTagName"))
    if row is None:
        raise UnknownInstanceError(
            "{virtual_account} has no product instance {wanted}",
            virtual_account=virtual_account,
            wanted=" ".join(wanted.values())[:200],
        )
    return row


def transfer_devices(call: Call) -> dict[str, Any]:
    """Move product instances within the site; each entry has its own outcome."""
    source = call.virtual_account
    virtual_accounts.find_id(call.unit, source)  # an unknown virtual account refuses the whole call
    outcomes = [_transferred(call, entry, source) for entry in objects_of(call.body, "productInstances")]
    return moved_form(outcomes)


def _transferred(call: Call, entry: Mapping[str, Any], source: str) -> dict[str, Any]:
    outcome = asked_move(entry, source)
    try:
        with call.unit.savepoint():
            target = text_of(entry, "targetVirtualAccount")
            row = _find(call, entry, source)
            instances.transfer_instance(call.unit, row.id, target)
    except AppError as error:
        return {**outcome, "status": "WARNING", "statusMessage": said(error)}
    message = moved_message(instance_name(row), source, target)
    return {**outcome, "status": "SUCCESS", "statusMessage": message}


def remove_devices(call: Call) -> dict[str, Any]:
    """Remove one product instance, or several whose list comes under one of two spellings or under both."""
    source = call.virtual_account
    virtual_accounts.find_id(call.unit, source)  # an unknown virtual account refuses the whole call
    if not any(call.body.get(name) for name in LISTS) and "sudi" in call.body:
        name = _remove(call, call.body, source)
        return success(f"The Product Instance {name} was successfully removed.")
    entries: list[dict[str, Any]] = []
    for name in LISTS:
        for entry in entries_of(call.body, name):
            if not any(entry.get("sudi") == known.get("sudi") for known in entries):
                entries.append(entry)
    if not entries:
        raise BodyError("Missing required input parameters: {list}", list=LISTS[1])
    outcomes = [_removed(call, entry, source) for entry in entries]
    done = sum(one["status"] == "SUCCESS" for one in outcomes)
    answer = success(f"{done} Product Instance  removed successfully.", removeProductInstancesStatus=outcomes)
    return {**answer, "status": overall(outcomes)}


def _removed(call: Call, entry: Mapping[str, Any], source: str) -> dict[str, Any]:
    given = entry.get("sudi")
    sudi = given if isinstance(given, dict) else {}
    host = sudi.get("hostIdentifier") or ""
    device = (
        f"udiPid:{sudi.get('udiPid') or ''} udiSerialNumber:{sudi.get('udiSerialNumber') or ''} hostIdentifier: {host}"
    )
    try:
        with call.unit.savepoint():
            _remove(call, entry, source)
    except AppError as error:
        return {"status": "ERROR", "statusMessage": said(error), "device": device}
    return {"status": "SUCCESS", "statusMessage": "The Product Instance was successfully removed.", "device": device}


def _remove(call: Call, entry: Mapping[str, Any], source: str) -> str:
    row = _find(call, entry, source)
    instances.remove_instance(call.unit, row.id)
    return instance_name(row)

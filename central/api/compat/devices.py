"""Product instances: list, usage, transfer, removal."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from central.actions import instances
from central.actions.virtual_accounts import show_virtual_account
from central.api.compat.accounts import query_paging, wanted_names
from central.api.compat.wire import Call
from central.domain.instances.errors import UnknownInstanceError
from serverkit.http.lenient import last_second, objects_of, page, seconds, success, text_of
from serverkit.http.lenient_devices import identity_of, listed_form, meant_of, removed_form, transferred, usage_form
from serverkit.http.lenient_forms import moved_form
from serverkit.views import IdentifiedInstance


class DeviceNotFoundError(UnknownInstanceError):
    """A separate class for callers that handle it."""

    message = "The virtual account has no such device."


def list_devices(call: Call) -> dict[str, Any]:
    """The product instances of a virtual account."""
    listed = instances.identify_instances(call.unit, call.domain, [call.path["va"]])
    name = call.request.query.get("instanceName", "").lower()
    rows = [row for row in listed if name in row.name.lower()]
    shown = listed_form(page(rows, {"limit": -1, **query_paging(call)}))
    return success("Successfully read devices.", totalRecords=len(rows), devices=shown)


def device_usage(call: Call) -> dict[str, Any]:
    """Product instances with what they use."""
    names = wanted_names(call)
    rows = instances.identify_instances(call.unit, call.domain, names.values())
    part = page(rows, call.body)
    uses = instances.uses_of(call.unit, call.domain, part)
    shown = [
        usage_form(
            row,
            names[row.virtual_account_id],
            [
                {
                    "license": line.name,
                    "quantity": line.quantity,
                    "startDate": seconds(line.start),
                    "endDate": last_second(line.end),
                }
                for line in uses[row.id].licences
            ],
            short=uses[row.id].short,
        )
        for row in part
    ]
    return success("Successfully read devices.", totalRecords=len(rows), devices=shown)


def find_device(call: Call, entry: Mapping[str, Any]) -> IdentifiedInstance:
    """The one product instance of the virtual account that an entry means."""
    wanted, name = identity_of(entry), call.path["va"]
    rows = instances.candidates(call.unit, call.domain, name, wanted)
    row = meant_of(rows, wanted, entry.get("productTagName"))
    if row is None:
        raise DeviceNotFoundError(
            "{name} has no product instance {wanted}", name=name, wanted=" ".join(wanted.values())[:200]
        )
    return row


def transfer_devices(call: Call) -> dict[str, Any]:
    """Move product instances; each entry has its own outcome."""
    show_virtual_account(call.unit, call.domain, call.path["va"])  # an unknown one fails the whole call

    def move(row: IdentifiedInstance, target: str) -> None:
        instances.transfer_instance(call.unit, call.domain, row.id, target)

    entries = objects_of(call.body, "productInstances")
    return moved_form(transferred(call.unit, entries, call.path["va"], partial(find_device, call), move))


def remove_devices(call: Call) -> dict[str, Any]:
    """Remove product instances; one with reserved licences needs its return code."""
    show_virtual_account(call.unit, call.domain, call.path["va"])  # an unknown one fails the whole call

    def remove(entry: Mapping[str, Any], row: IdentifiedInstance) -> None:
        code = text_of(entry, "returnCode", needed=False)
        instances.remove_instance(call.unit, call.server.keyring, call.domain, row.id, return_code=code)

    return removed_form(call.body, call.unit, partial(find_device, call), remove)

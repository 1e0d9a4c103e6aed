"""Product instances: list, usage, transfer within the site, removal."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from satellite.actions import instances, licences, virtual_accounts
from satellite.api.compat.wire import Call
from satellite.core.instances.errors import UnknownInstanceError
from serverkit.http.lenient import objects_of, page, success
from serverkit.http.lenient_devices import identity_of, listed_form, meant_of, removed_form, transferred, usage_form
from serverkit.http.lenient_forms import moved_form
from serverkit.views import IdentifiedInstance


def list_devices(call: Call) -> dict[str, Any]:
    """The product instances of a virtual account."""
    wanted = call.request.query.get("instanceName", "").lower()
    listed = instances.identify_instances(call.unit, call.virtual_account)
    rows = [row for row in listed if wanted in row.name.lower()]
    shown = listed_form(page(rows, call.query_paging()))
    return success("Successfully read devices.", totalRecords=len(rows), devices=shown)


def device_usage(call: Call) -> dict[str, Any]:
    """Product instances with what they use."""
    names = call.wanted_names()
    rows = [(row, name) for name in names.values() for row in instances.identify_instances(call.unit, name)]
    used_licences = licences.list_licences_of(call.unit, names)
    titles = {row["tag"]: row["name"] for row in used_licences}
    short = {(row["virtual_account"], row["tag"]) for row in used_licences if row["status"] == "out_of_compliance"}
    part = page(rows, call.body)
    use = instances.list_use(call.unit, [row.id for row, _ in part])
    shown = [
        usage_form(
            row,
            name,
            [
                {"license": titles.get(tag, tag), "quantity": count, "startDate": None, "endDate": None}
                for tag, count in sorted([*use[row.id].claimed.items(), *use[row.id].held])
            ],
            short=any((name, tag) in short for tag in use[row.id].claimed),
        )
        for row, name in part
    ]
    return success("Successfully read devices.", totalRecords=len(rows), devices=shown)


def _find(call: Call, entry: Mapping[str, Any]) -> IdentifiedInstance:
    wanted, name = identity_of(entry), call.virtual_account
    row = meant_of(instances.identify_instances(call.unit, name), wanted, entry.get("productTagName"))
    if row is None:
        raise UnknownInstanceError(
            "{virtual_account} has no product instance {wanted}",
            virtual_account=name,
            wanted=" ".join(wanted.values())[:200],
        )
    return row


def transfer_devices(call: Call) -> dict[str, Any]:
    """Move product instances within the site; each entry has its own outcome."""
    virtual_accounts.find_id(call.unit, call.virtual_account)  # an unknown virtual account refuses the whole call

    def move(row: IdentifiedInstance, target: str) -> None:
        instances.transfer_instance(call.unit, row.id, target)

    entries = objects_of(call.body, "productInstances")
    return moved_form(transferred(call.unit, entries, call.virtual_account, partial(_find, call), move))


def remove_devices(call: Call) -> dict[str, Any]:
    """Remove product instances; each entry has its own outcome."""
    virtual_accounts.find_id(call.unit, call.virtual_account)  # an unknown virtual account refuses the whole call

    def remove(_entry: Mapping[str, Any], row: IdentifiedInstance) -> None:
        instances.remove_instance(call.unit, row.id)

    return removed_form(call.body, call.unit, partial(_find, call), remove)

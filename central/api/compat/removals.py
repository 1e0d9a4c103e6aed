"""Removal of devices by a submission and a poll, as programs of devices ask for it in the second generation."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from central.actions import discovery, instances
from central.api.compat.policy import MOST_ENTRIES, accepted, keep_outcome, memory_of
from central.api.compat.summary import data_of
from central.api.compat.wire import Call
from serverkit.errors import AppError
from serverkit.http.lenient import not_more, objects_of, said, text_of
from serverkit.http.lenient_devices import identity_of, meant_of
from serverkit.http.memory import Kept

ERRORS = {"return_code_needed": "UDI_LICENSES_RESERVED"}


def remove_devices(call: Call) -> dict[str, Any]:
    """`device/remove`: each device has its own outcome, which the poll shows. The same request again removes nothing more."""
    data = data_of(call)
    entries = objects_of(data, "devices")
    not_more(entries, "devices", MOST_ENTRIES)
    digest = hashlib.sha256(json.dumps([call.smart_account.id]).encode() + call.request.body).hexdigest()
    key, memory = f"removed:{digest[:48]}", memory_of(call)
    known = memory.recall(call.unit, key)
    if known is not None:
        return accepted(call, "remove_status", int(known.body))
    entries = [entry for index, entry in enumerate(entries) if not any(_same(entry, one) for one in entries[:index])]
    # Each is found before any is removed: an identity that fits two would mean the second one as soon as the first one is gone.
    found = [_find(call, entry) for entry in entries]
    outcomes = [_removed(call, entry, row) for entry, row in zip(entries, found, strict=True)]
    number = keep_outcome(call, digest, {"remove_status": outcomes})
    memory.keep(call.unit, key, Kept(digest, 202, "text/plain", str(number).encode()))
    return accepted(call, "remove_status", number)


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one.get(name) == other.get(name) for name in ("sudi", "software_tag_identifier"))


def _find(call: Call, entry: Mapping[str, Any]) -> str | tuple[str, str]:
    """The id of the device that an entry means, or the code and the words of why there is none."""
    try:
        wanted, tag = identity_of(entry), text_of(entry, "software_tag_identifier", needed=False) or None
        known = discovery.find_instances(call.unit, wanted)
        row = meant_of([one.instance for one in known if one.account["domain"] == call.domain], wanted, tag)
        if row is not None:
            return row.id
        elsewhere = [one.instance for one in known if one.account["domain"] != call.domain]
        if meant_of(elsewhere, wanted, tag) is not None:
            return "UDI_IN_DIFFERENT_ACCOUNT", "The device belongs to another account."
    except AppError as error:
        return error.code.upper(), said(error)
    return "UDI_NOT_FOUND", "No account of this client has such a device."


def _removed(call: Call, entry: Mapping[str, Any], found: str | tuple[str, str]) -> dict[str, Any]:
    code, message = found if isinstance(found, tuple) else _remove(call, found)
    return {
        "sudi": entry.get("sudi"),
        "software_tag_identifier": entry.get("software_tag_identifier"),
        "status": "FAILED" if code else "SUCCESS",
        "status_message": message,
        "error_code": code or None,
    }


def _remove(call: Call, instance_id: str) -> tuple[str, str]:
    """Remove a device; the code and the words of its failure, both empty for none."""
    try:
        with call.unit.savepoint():
            instances.remove_instance(call.unit, call.server.keyring, call.domain, instance_id)
    except AppError as error:
        return ERRORS.get(error.code, error.code.upper()), said(error)
    return "", ""

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
    number = keep_outcome(call, digest, {"remove_status": [_removed(call, entry) for entry in entries]})
    memory.keep(call.unit, key, Kept(digest, 202, "text/plain", str(number).encode()))
    return accepted(call, "remove_status", number)


def _removed(call: Call, entry: Mapping[str, Any]) -> dict[str, Any]:
    tag = text_of(entry, "software_tag_identifier", needed=False)
    outcome = {
        "sudi": entry.get("sudi"), "software_tag_identifier": tag, "status": "SUCCESS", "status_message": "",
        "error_code": None,
    }  # fmt: skip
    try:
        with call.unit.savepoint():
            code, message = _remove(call, entry, tag)
    except AppError as error:
        code, message = ERRORS.get(error.code, error.code.upper()), said(error)
    return {**outcome, "status": "FAILED", "status_message": message, "error_code": code} if code else outcome


def _remove(call: Call, entry: Mapping[str, Any], tag: str) -> tuple[str, str]:
    """Remove what an entry means; the code and the words of its failure, both empty for none."""
    wanted = identity_of(entry)
    found = discovery.find_instances(call.unit, wanted)
    here = [one.instance for one in found if one.account["domain"] == call.domain]
    row = meant_of(here, wanted, tag or None)
    if row is not None:
        instances.remove_instance(call.unit, call.server.keyring, call.domain, row.id)
        return "", ""
    if (
        meant_of([one.instance for one in found if one.account["domain"] != call.domain], wanted, tag or None)
        is not None
    ):
        return "UDI_IN_DIFFERENT_ACCOUNT", "The device belongs to another account."
    return "UDI_NOT_FOUND", "No account of this client has such a device."

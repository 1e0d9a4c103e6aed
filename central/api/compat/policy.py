"""What programs ask for devices that report by policy: authorizations, returns, and the poll for their result.

A submission is done at once and answered with a number; the poll gives what became of it, for a day.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from central.actions.licences import find_tag
from central.actions.reservations import (
    authorize_device,
    confirm_reservation,
    reservation_id_of,
    return_reservation,
    update_reservation,
)
from central.actions.usage import book_foreign_report
from central.api.compat import foreign_usage
from central.api.compat.devices import DeviceNotFoundError, find_device
from central.api.compat.summary import data_of, place_of
from central.api.compat.wire import Call
from central.domain.credentials.models import IdempotentAnswer
from central.domain.reservations.errors import UnknownReservationError
from central.domain.reservations.rules import WantedLicence
from serverkit.errors import AppError
from serverkit.http.lenient import (
    Accepted,
    BodyError,
    Failure,
    entries_of,
    is_blank,
    list_of,
    not_more,
    number_of,
    objects_of,
    said,
    text_of,
)
from serverkit.http.lenient_devices import identity_of
from serverkit.http.memory import MOST_BYTES, AnswerMemory, Kept

MOST_ENTRIES = 100
MOST_KEYS = 500
MOST_REPORTS = 500
POLL_SECONDS = 300
ERRORS = {"not_enough_free": "ERROR_ALL_COUNTS_IN_USE"}


def request_authorizations(call: Call) -> dict[str, Any]:
    """`devices/authrequest`: each entry has its own outcome, which the poll shows. The same request again changes nothing."""
    data = data_of(call)
    entries = objects_of(data, "licenses")
    not_more(entries, "licenses", MOST_ENTRIES)
    not_more([key for one in entries for key in list_of(one, "keys")], "keys", MOST_KEYS)
    call = replace(call, path={**call.path, "va": _place(call, data)})
    place = json.dumps([call.smart_account.id, call.path["va"]]).encode()
    digest = hashlib.sha256(place + call.request.body).hexdigest()
    known = memory_of(call).recall(call.unit, f"submitted:{digest[:48]}")
    if known is not None:
        return accepted(call, "authorizations", int(known.body))
    # Each is found before any is changed: an identity that fits two would mean the second one once the first one returned.
    found = [_found(call, entry) for entry in entries]
    outcomes = [
        _authorized(call, entry, f"{index}|{data.get('nonce')}", found[index]) for index, entry in enumerate(entries)
    ]
    number = keep_outcome(call, digest, {"authorizations": outcomes})
    memory_of(call).keep(call.unit, f"submitted:{digest[:48]}", Kept(digest, 202, "text/plain", str(number).encode()))
    return accepted(call, "authorizations", number)


def report_usage(call: Call) -> dict[str, Any]:
    """`devices/reportusage`: usage reports are booked when they arrive; a report that was booked before is refused."""
    data = data_of(call)
    reports = objects_of(data, "reports")
    not_more([usage for one in reports for usage in entries_of(one, "usage")], "usage", MOST_REPORTS)
    call = replace(call, path={**call.path, "va": _place(call, data)})
    shown, booked = [], 0
    for report in reports:
        read = foreign_usage.read_device(report)
        known, lines = identity_of({"sudi": report.get("sudi")}), []
        for usage in read:
            tags = book_foreign_report(call.unit, call.domain, call.path["va"], usage.udi, usage.key, usage.measured)
            booked += tags is not None
            lines.append((usage, tags))
        acknowledgement = foreign_usage.acknowledgement(lines).encode()
        shown.append(
            {
                "sudi": {"udi_pid": known.get("pid"), "udi_serial_number": known.get("serial")},
                "software_tag_identifier": report.get("software_tag_identifier"),
                "smart_license": base64.b64encode(acknowledgement).decode(),
            }
        )
    if not booked:
        message = "Each of these usage reports was booked before."
        return Failure(status="FAILED", message_code="DUPLICATE_REPORT", message=message, localized_message=message)
    digest = hashlib.sha256(call.request.body).hexdigest()
    return accepted(call, "acknowledgements", keep_outcome(call, digest, {"acknowledgements": shown}))


def report_usage_in_xml(call: Call) -> dict[str, Any]:
    """`report-usage-legacy`: the same, of reports in XML as devices save them; what else is in them is not booked."""
    data = data_of(call)
    reports = [foreign_usage.from_xml(one) for one in objects_of(data, "reports")]
    return report_usage(replace(call, body={"data": {**data, "reports": reports}}))


def _place(call: Call, data: Mapping[str, Any]) -> str:
    number = call.path.get("va_number") or data.get("license_pool_id")
    if is_blank(number):
        raise BodyError("Missing required input parameters: {name}", name="X-CSW-VIRTUAL-ACCOUNT-ID")
    return place_of(call, str(number))


def _named(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {"sudi": entry.get("sudi"), "productTagName": entry.get("software_tag_identifier")}


def _found(call: Call, entry: Mapping[str, Any]) -> str | AppError:
    """The id of the device that an entry means, empty for none; or why it means none."""
    try:
        return find_device(call, _named(entry)).id
    except DeviceNotFoundError:
        return ""
    except AppError as error:
        return error


def _authorized(call: Call, entry: Mapping[str, Any], seed: str, device: str | AppError) -> dict[str, Any]:
    given = entry.get("sudi")
    sudi = given if isinstance(given, dict) else {}
    outcome: dict[str, Any] = {
        "product_instance_identifier": "",
        "sudi": {name: sudi.get(name) for name in ("udi_pid", "udi_serial_number")},
        "smart_license": None,
        "auth_status": [],
        "error_code": None,
        "status": "SUCCESS",
        "status_message": "",
        "correlation_id": "",
    }
    try:
        with call.unit.savepoint():
            if isinstance(device, AppError):
                raise device
            code = _changed(call, entry, seed, device)
    except AppError as error:
        failed = {"status": "FAILED", "status_message": said(error)}
        return {**outcome, **failed, "error_code": ERRORS.get(error.code, error.code.upper())}
    return {**outcome, "smart_license": base64.b64encode(code.encode()).decode() if code else None}


def _changed(call: Call, entry: Mapping[str, Any], seed: str, device: str) -> str:
    """Reserve, change, confirm or give back what an entry asks for; the code that its device installs, empty for none."""
    wanted = [_wanted(call, one) for one in entries_of(entry, "keys")]
    confirmation, returned = (text_of(entry, name, needed=False) for name in ("confirm_code", "remove_code"))
    named = _named(entry)
    unit, keyring, domain = call.unit, call.server.keyring, call.domain
    if wanted and returned:
        raise BodyError("keys and remove_code are in one entry; return the licences first")
    reservation = _reservation(call, named, device)
    if confirmation and reservation and not returned:
        confirm_reservation(unit, domain, reservation, confirmation)
    if wanted and reservation:
        return update_reservation(unit, keyring, domain, reservation, wanted).code
    if wanted:
        known = identity_of(named)
        if not {"pid", "serial"} <= {*known}:
            raise BodyError("Missing required input parameters: udi_pid, udi_serial_number")
        tag = text_of(entry, "software_tag_identifier", needed=False)
        identity, place = (known["pid"], known["serial"]), call.path["va"]
        return authorize_device(unit, keyring, domain, place, identity, seed.encode(), wanted, tag).code
    if not reservation:
        raise UnknownReservationError
    if returned:
        return_reservation(unit, domain, reservation, returned)
    elif not confirmation:
        raise BodyError("Missing required input parameters: keys, confirm_code or remove_code")
    return ""


def _reservation(call: Call, named: Mapping[str, Any], device: str) -> str:
    """The active reservation of a device, or of the one that an entry before has just made; empty for none."""
    try:
        return reservation_id_of(call.unit, call.domain, device or find_device(call, named).id)
    except (DeviceNotFoundError, UnknownReservationError):
        return ""


def _wanted(call: Call, entry: Mapping[str, Any]) -> WantedLicence:
    name = text_of(entry, "entitlement", "entitlementTag")
    tag = find_tag(call.unit, call.domain, call.path["va"], name)
    return WantedLicence(tag, number_of(entry.get("count"), "count"))


def memory_of(call: Call) -> AnswerMemory:
    """Where outcomes are kept for a day."""
    return AnswerMemory(IdempotentAnswer, call.server.keyring.box)


def keep_outcome(call: Call, digest: str, data: Mapping[str, Any]) -> int:
    """Keep what became of a submission; the number by which its sender fetches it."""
    number = secrets.randbits(59) | 1 << 58  # more than a double holds exactly, as the contract has it
    body = json.dumps(data).encode()
    if len(body) > MOST_BYTES:
        raise BodyError("the answer would be larger than {most} bytes; send fewer entries", most=MOST_BYTES)
    memory_of(call).keep(call.unit, f"poll:{number}", Kept(digest, 200, "application/json", body))
    return number


def accepted(call: Call, action: str, number: int) -> dict[str, Any]:
    """What a submission is answered."""
    data = data_of(call)
    return Accepted(
        status="OK_POLL",
        message_code=None,
        message=None,
        timestamp=int(call.unit.now.timestamp() * 1000),
        nonce=data.get("nonce"),
        type=None,
        poll_id=number,
        poll_interval=POLL_SECONDS,
        action=action,
    )


def poll(call: Call) -> dict[str, Any]:
    """`accounts/poll`: what became of a submission of this caller, decided by its number alone."""
    data = data_of(call)
    number = data.get("poll_id")
    text = str(number).strip() if isinstance(number, int | str) and not isinstance(number, bool) else ""
    kept = memory_of(call).recall(call.unit, f"poll:{text}") if text.isascii() and text.isdecimal() else None
    if kept is None:
        message = "There is no submission of this client with this poll_id, or it is older than a day."
        return Failure(status="FAILED", message_code="INVALID_POLL_ID", message=message, localized_message=message)
    found = json.loads(kept.body)
    if call.request.path.startswith("/v1/software/apis"):
        found["license_data"] = next(iter(found.values()))
    return {
        "status": "COMPLETE",
        "message_code": "",
        "message": "",
        "timestamp": int(call.unit.now.timestamp() * 1000),
        "nonce": data.get("nonce"),
        "type": data.get("type"),
        "correlation_id": "",
        "data": found,
    }

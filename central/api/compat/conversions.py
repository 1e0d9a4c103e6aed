"""Device-led conversion for existing clients: they say what devices hold, and ask again what became of it (row C9.5).

Such a client is no device and signs nothing: its access token must allow to convert licences in both virtual accounts.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from central.actions.device_conversions import convert_device
from central.api.compat.wire import Call
from exchange.conversion import LINES, MOST_UNITS, SKU_CHARS
from exchange.errors import ExchangeError
from exchange.identity import Udi
from serverkit.errors import AppError
from serverkit.http.lenient import BodyError, not_more, number_of, objects_of, said, text_of
from serverkit.http.lenient_devices import identity_of
from serverkit.http.texts import RepeatedMemberError, can_be_kept, members_once

DEVICES = 100
PLAIN = frozenset({"", "NONE", "PLAIN", "TEXT", "ASCII", "UTF-8", "UTF8"})
STATUS = {
    "converted": "CONVERT_SUCCESS",
    "already_converted": "CONVERT_SUCCESS",
    "partly_converted": "CONVERT_FAILURE",
    "not_converted": "CONVERT_FAILURE",
    "in_progress": "IN_PROGRESS",
}
MESSAGES = {
    "converted": "The licenses were converted.",
    "already_converted": "The licenses were converted.",
    "partly_converted": "Some licenses were not converted.",
    "not_converted": "No license was converted.",
    "in_progress": "The conversion is in progress.",
}


def dlc_convert(call: Call) -> dict[str, Any]:
    """Convert what devices hold; each device has its own outcome."""
    devices = [
        (text_of(place, "name", "virtualAccount"), entry)
        for place in objects_of(call.body, "virtualAccounts")
        for entry in objects_of(place, "dlcRequests")
    ]
    not_more(devices, "dlcRequests", DEVICES)
    told = [_converted(call, name, entry) for name, entry in devices]
    return {"status": "SUCCESS", "statusCode": "SUC001", "statusMessage": "Request processed.", "devices": told}


def dlc_request(call: Call) -> dict[str, Any]:
    """The same, with the body as Base64 in one member, and a code for the whole."""
    text = text_of(call.body, "dlc_request")
    try:
        inner = json.loads(base64.b64decode(text, validate=True), object_pairs_hook=members_once)
    except (binascii.Error, ValueError, RecursionError, RepeatedMemberError) as error:
        raise BodyError("dlc_request is not JSON in Base64") from error
    if not isinstance(inner, dict) or not can_be_kept(inner):
        raise BodyError("dlc_request holds no object")
    found = dlc_convert(replace(call, body=inner))
    states = {one["conversionStatus"] for one in found["devices"]}
    codes = {"IN_PROGRESS": "DLC_INPROCESS", "CONVERT_FAILURE": "DLC_ERR_CONVERSION"}
    code = next((code for state, code in codes.items() if state in states), "DLC_COMPLETE")
    return {**found, "statusCode": code}


def _converted(call: Call, name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    about = {"sudi": entry.get("sudi"), "softwareTagIdentifier": entry.get("softwareTagIdentifier")}
    try:
        with call.unit.savepoint():
            identity = identity_of(entry)
            if not {"pid", "serial"} <= identity.keys():
                raise BodyError("Missing required input parameters: udiPid, udiSerialNumber")
            udi = Udi(pid=identity["pid"], serial=identity["serial"])
            found = convert_device(call.unit, call.domain, name, udi, _totals(entry))
    except (AppError, ExchangeError) as error:
        message = said(error) if isinstance(error, AppError) else f"sudi is not an identity: {error.message}"
        return {**about, "conversionStatus": "CONVERT_FAILURE", "conversionMessage": message, "conversionDetails": []}
    details = [
        {
            "entitlmentTag": line["tag"] or "",  # spelled like this by the clients
            "displayName": line["name"] or line["sku"],
            "conversionCode": line["sku"],
            "conversionCount": line["converted"],
            "conversionStatusMessage": line["message"] or "Success",
        }
        for line in found["licences"]
    ]
    state = found["state"]
    outcome = {"conversionStatus": STATUS[state], "conversionMessage": MESSAGES[state]}
    return {**about, **outcome, "conversionDetails": details}


def _totals(entry: Mapping[str, Any]) -> dict[str, int]:
    """Units by SKU of the lines of an entry, under whatever name their list stands; lines of one SKU add up."""
    lists = [value for value in entry.values() if isinstance(value, list)]
    lines = [line for value in lists for line in value if isinstance(line, dict) and "conversionString" in line]
    if not lines and "conversionString" in entry:
        lines = [dict(entry)]
    found: dict[str, int] = {}
    for line in lines:
        count = number_of(line.get("conversionCount", 1), "conversionCount")
        sku = _sku(line)
        found[sku] = found.get(sku, 0) + count
        if not 1 <= count <= MOST_UNITS or found[sku] > MOST_UNITS:
            raise BodyError("conversionCount is no quantity")
    if not found:
        raise BodyError("Missing required input parameters: {name}", name="conversionString")
    not_more([*found], "conversionString", LINES)
    return found


def _sku(line: Mapping[str, Any]) -> str:
    text = text_of(line, "conversionString")
    form = text_of(line, "conversionEncodingType", needed=False).upper()
    if form == "BASE64":
        try:
            text = base64.b64decode(text, validate=True).decode().strip()
        except ValueError as error:
            raise BodyError("conversionString is not Base64") from error
    elif form not in PLAIN:
        raise BodyError("conversionEncodingType {form!r} is not known", form=form[:40])
    if not text or len(text) > SKU_CHARS or not text.isprintable():
        raise BodyError("conversionString is no SKU")
    return text

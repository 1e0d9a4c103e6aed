"""Usage reports of other makers' devices: signed texts within JSON, of which what was measured is read.

How they are signed is not public, so nothing verifies them; everything in them is bounded.
"""

from __future__ import annotations

import base64
import binascii
import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import quoteattr

from exchange.errors import ExchangeError
from exchange.identity import Udi
from exchange.limits import TAG_CHARS
from exchange.usage import MOST_COUNT, Measurement
from serverkit.http.lenient import BodyError, entries_of, not_more, number_of, text_of
from serverkit.http.lenient_devices import identity_of
from serverkit.http.texts import can_be_kept

MOST_PAYLOAD = 64 * 1024
MOST_XML = 1024 * 1024
REPORT = "RUMReport"
MOST_MEASUREMENTS = 1000
MOST_ID = 64
LAST_SECOND = 4_102_444_800  # the year 2100


@dataclass(frozen=True, slots=True)
class ForeignUsage:
    """One report: the device, what names the report, its licence, what was measured."""

    udi: Udi
    key: str
    tag: str
    measured: tuple[Measurement, ...]


def from_xml(report: Mapping[str, Any]) -> dict[str, Any]:
    """A report whose `licenses` is XML in base64, as devices save it, in the form of the others; BodyError."""
    try:
        text = base64.b64decode("".join(text_of(report, "licenses").split()), validate=True).decode("utf-8-sig")
    except (binascii.Error, ValueError) as error:
        raise BodyError("licenses is not the base64 of a text in UTF-8") from error
    if len(text) > MOST_XML or "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise BodyError("licenses has more than {most} characters, or entities of its own", most=MOST_XML)
    try:
        root = ET.fromstring(text)  # noqa: S314 - bounded, and without entities
    except (ET.ParseError, ValueError) as error:
        raise BodyError("licenses is not XML") from error
    found = [one.text or "" for one in root.iter() if str(one.tag).rpartition("}")[2] == REPORT]
    if not found:
        raise BodyError("licenses has no usage report ({name})", name=REPORT)
    return {**report, "usage": [{"payload": _payload_of(one)} for one in found]}


def _payload_of(text: str) -> object:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BodyError("a usage report within licenses is not JSON") from error
    return value.get("payload") if isinstance(value, dict) else None


def read_device(report: Mapping[str, Any]) -> list[ForeignUsage]:
    """The reports of one device; BodyError for what cannot be read."""
    known = identity_of({"sudi": report.get("sudi")})
    if not {"pid", "serial"} <= {*known}:
        raise BodyError("Missing required input parameters: udi_pid, udi_serial_number")
    try:
        udi = Udi(pid=known["pid"], serial=known["serial"])
    except ExchangeError as error:
        raise BodyError("{reason}", reason=error.message) from error
    return [_read(udi, entry.get("payload")) for entry in entries_of(report, "usage")]


def _read(udi: Udi, payload: object) -> ForeignUsage:
    if not isinstance(payload, str) or len(payload) > MOST_PAYLOAD:
        raise BodyError("payload is not a text of at most {most} characters", most=MOST_PAYLOAD)
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise BodyError("payload is not JSON") from error
    if not isinstance(value, dict) or not can_be_kept(value):
        raise BodyError("payload is not an object of texts that can be kept")
    report_id = _inner(value, "asset_identification").get("report_id", _inner(value, "meta").get("report_id"))
    tag = _inner(value, "meta").get("entitlement_tag")
    if not isinstance(tag, str) or not _is_plain(tag.strip(), TAG_CHARS):
        raise BodyError("{name} is missing in the payload", name="meta.entitlement_tag")
    named = "" if isinstance(report_id, bool) or not isinstance(report_id, int | str) else str(report_id)
    if not _is_plain(named, MOST_ID):
        raise BodyError("{name} is missing in the payload", name="asset_identification.report_id")
    entries = entries_of(value, "measurements")
    not_more(entries, "measurements", MOST_MEASUREMENTS)
    measured = tuple(found for entry in entries if (found := _measurement(tag.strip(), entry)) is not None)
    return ForeignUsage(udi, f"{named} {tag.strip()}", tag.strip(), measured)


def _is_plain(text: str, most: int) -> bool:
    """Whether a text names something and can stand in the log and in files as it is."""
    return 0 < len(text) <= most and text.isprintable() and unicodedata.is_normalized("NFC", text)


def _inner(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _measurement(tag: str, entry: Mapping[str, Any]) -> Measurement | None:
    """What one entry measured; None for other metrics, and for what measures nothing."""
    if entry.get("metric_name", "ENTITLEMENT") != "ENTITLEMENT":
        return None
    count = number_of(_inner(entry, "value").get("value"), "value")
    start, end = number_of(entry.get("start_time"), "start_time"), number_of(entry.get("end_time"), "end_time")
    if not 0 <= count <= MOST_COUNT or not 0 <= start <= end <= LAST_SECOND:
        raise BodyError("a measurement of the payload is out of range")
    if count == 0 or start == end:
        return None
    return Measurement(tag, count, datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))


def acknowledgement(lines: Iterable[tuple[ForeignUsage, set[str] | None]]) -> str:
    """What became of each report, as a text in XML."""
    shown = []
    for one, tags in lines:
        known = tags is not None and (one.tag in tags or not one.measured)
        state = "booked_before" if tags is None else "booked" if known else "unknown_licence"
        report = one.key.partition(" ")[0]
        shown.append(f"  <report id={quoteattr(report)} tag={quoteattr(one.tag)} state={quoteattr(state)}/>\n")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<acknowledgement format="1">\n{"".join(shown)}</acknowledgement>\n'

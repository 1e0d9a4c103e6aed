"""The second reader: codes that people carry, after `docs/format/codes.md`."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.format.reader_trust import role_keys, unsealed, valid_when_signed
from tests.format.reader_values import (
    KIB,
    canonical,
    demand,
    ident,
    integer,
    many,
    of,
    optional,
    read,
    refuse,
    strict_object,
    text,
    time,
    udi,
    unbase64,
    version_1,
    word,
)

Found = dict[str, Any]
DIGITS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_LINE = {
    "tag": text(empty=False),
    "name": text(),
    "quantity": integer(1),
    "licence_type": word("perpetual", "term", "demo", "reporting_only"),
    "start": optional(time),
    "end": optional(time),
}
_RESERVATION = {
    "format": version_1,
    "vendor_id": ident,
    "reservation": ident,
    "account": text(),
    "virtual_account_id": ident,
    "virtual_account_name": text(),
    "instance": ident,
    "udi": udi,
    "request": text(empty=False),
    "number": integer(0, 62),
    "lines": many(of(_LINE), 500),
    "issued": time,
}
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}


def authorization(code: str, root: Mapping[str, Any]) -> Found:
    """An authorization code, read by a device."""
    demand(len(code) <= 64 * KIB, "too_large")
    statements = re.findall(r"<statement>([A-Za-z0-9+/=\s]+)</statement>", code)
    demand(len(statements) == 1)
    envelope = strict_object(unbase64("".join(statements[0].split()), 64 * KIB), 32 * KIB)
    payload = unsealed(envelope, "reservation", role_keys(root, "grant"))
    found = read(strict_object(payload, 16 * KIB), _RESERVATION)
    demand(found["vendor_id"] == root["vendor_id"], "wrong_vendor")
    valid_when_signed(root, "grant", envelope, found["issued"])
    demand(_bare(code) == _bare(_written(found, envelope)), "altered")
    return found


def _bare(code: str) -> str:
    return "".join(code.split())


def _quoted(value: object) -> str:
    escaped = "".join(_ENTITIES.get(letter, letter) for letter in str(value))
    if '"' not in escaped:
        return f'"{escaped}"'
    return f"'{escaped}'" if "'" not in escaped else '"' + escaped.replace('"', "&quot;") + '"'


def _written(found: Found, envelope: Found) -> str:
    lines = "".join(
        f"<licence tag={_quoted(line['tag'])} name={_quoted(line['name'])} quantity={_quoted(line['quantity'])}"
        f" type={_quoted(line['licence_type'])} ends={_quoted(line['end'] or 'never')}/>"
        for line in found["lines"]
    )
    device = found["udi"]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<reservation format="1" number="{found["number"]}">'
        f"<device pid={_quoted(device['pid'])} serial={_quoted(device['serial'])} request={_quoted(found['request'])}/>"
        f"{lines}<statement>{base64.b64encode(canonical(envelope)).decode()}</statement></reservation>"
    )


# -- typed ----------------------------------------------------------------------------------------------------------


def _number(digits: str) -> int:
    value = 0
    for digit in digits:
        demand(digit in DIGITS)
        value = value * 58 + DIGITS.index(digit)
    return value


def _digits(value: int, length: int) -> str:
    found = ""
    for _ in range(length):
        value, rest = divmod(value, 58)
        found = DIGITS[rest] + found
    return found


def _request(code: str) -> Found:
    plain = _bare(code)
    shape = r"([A-Z]{2})-Z([^:\s]{1,255}):([^:\s]{1,255})-([1-9A-HJ-NP-Za-km-z]{9})-([0-9A-Za-z]{2})"
    found = re.fullmatch(shape, plain)
    if found is None or len(plain) > 600:
        refuse("malformed")
    maker, pid, serial, digits, check = found.groups()
    if maker == "CP":
        body = hashlib.sha256(plain.rpartition("-")[0].encode()).digest()
        demand(_digits(int.from_bytes(body, "big") % 58**2, 2) == check, "altered")
    return {"pid": pid, "serial": serial, "own": maker == "CP", "digits": digits}


def request_code(code: str, _given: Mapping[str, Any]) -> Found:
    """A request code, read by central."""
    found = _request(code)
    del found["digits"]
    return found


def _opened(code: str, length: int, value: int, check: int, foreign: str) -> bytes | None:
    plain = re.sub(r"[\s-]", "", code)
    if not plain.startswith("CP"):
        demand(re.fullmatch(foreign, plain))
        return None
    demand(len(plain) == 2 + length)
    number = _number(plain[2:])
    demand(number < 256 ** (value + check), "altered")
    data = number.to_bytes(value + check, "big")
    demand(hashlib.sha256(data[:value]).digest()[:check] == data[value:], "altered")
    return data[:value]


def _down(value: bytes) -> bytes:
    return hashlib.sha256(b"perigee reservation chain|" + value).digest()[:16]


def _committed(lowest: bytes, asked: Found) -> bool:
    salt = f"perigee reservation|{asked['pid']}|{asked['serial']}".encode()
    hashed = hashlib.pbkdf2_hmac("sha256", lowest, salt, 20_000)
    return _digits(int.from_bytes(hashed, "big") % 58**9, 9) == asked["digits"]


def _fits(value: bytes | None, steps: int, request: str) -> bool:
    asked = _request(request)
    if value is None or not asked["own"]:
        return value is None and not asked["own"]
    for _ in range(steps):
        value = _down(value)
    return _committed(value, asked)


def confirmation_code(code: str, given: Mapping[str, Any]) -> Found:
    """A confirmation code, read by central for an authorization that waits."""
    value = _opened(code, 25, 16, 2, "[0-9a-fA-F]{8}")
    return {"confirms": _fits(value, given["number"], given["request"])}


def return_code(code: str, given: Mapping[str, Any]) -> Found:
    """A return code, read by central for a reservation."""
    secret = _opened(code, 39, 24, 4, "[A-Z]{2}[1-9A-HJ-NP-Za-km-z]{16,126}")
    return {"belongs": _fits(secret, 63, given["request"])}


TYPED: dict[str, Callable[[str, Mapping[str, Any]], Found]] = {
    "request-code": request_code,
    "confirmation-code": confirmation_code,
    "return-code": return_code,
}

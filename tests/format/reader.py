"""A second reader of the exchange format, written from `docs/format` alone.

It imports nothing of the programs. Where it and they disagree about a golden file, one of them or the pages are wrong.
This module reads files, statements, messages and certificates; the modules beside it what these are made of.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.format import reader_codes, reader_rules
from tests.format.reader_certificates import certificate_request, device_certificate, in_its_time, site_certificate
from tests.format.reader_forms import ANSWER, BODIES, MANIFESTS, MESSAGE, RESULTS, ROWS, STATEMENTS
from tests.format.reader_tables import pointed, unrolled
from tests.format.reader_trust import (
    first_root,
    role_keys,
    signers,
    unsealed,
    unverified,
    valid_when_signed,
    walk,
)
from tests.format.reader_values import (
    KIB,
    MIB,
    Keys,
    Refused,
    by_id,
    canonical,
    demand,
    digest,
    ident,
    integer,
    key,
    key_hash,
    many,
    moment,
    obj,
    of,
    optional,
    read,
    refuse,
    sha256,
    strict,
    strict_object,
    time,
    unbase64,
    version_1,
    word,
)

Found = dict[str, Any]
_SIZES = {"registration": 64 * KIB, "authorization": 64 * MIB, "sync-request": 256 * MIB, "sync-response": 256 * MIB}
_LINE_1 = re.compile(r"PERIGEE1 ([a-z-]+) ([0-9a-f]{32}) ([0-9]{1,9})/([0-9]{1,9}) (\S+)")
_BODY = {
    "sha256": digest,
    "size": integer(0, 256 * MIB),
    "rows": integer(0, 10_000_000),
    "counts": lambda value: {name: integer(0, 10_000_000)(count) for name, count in obj(value).items()},
}
_COMMON = {
    "kind": word(*_SIZES),
    "satellite": ident,
    "epoch": integer(),
    "number": integer(),
    "created": time,
}


# -- container.md ---------------------------------------------------------------------------------------------------


@dataclass
class Lines:
    """A container after step 11."""

    header: Found
    documents: list[bytes]
    line_2: bytes
    envelope: Found
    rest: bytes


def split(file: bytes, wanted: str) -> Lines:
    """Steps 1 to 11."""
    demand(len(file) <= 256 * MIB, "too_large")
    demand(file, "truncated")
    demand(b"\n" in file[:257] or (len(file) <= 256 and b"PERIGEE".startswith(file[:7])), "malformed")
    line_1, rest = _line(file, 256)
    header = _header(line_1)
    demand(header["kind"] == wanted, "wrong_kind")
    demand(len(file) <= _SIZES[wanted], "too_large")
    line_2, rest = _line(rest, 512 * KIB)
    documents = many(obj)(strict(line_2, 512 * KIB))
    line_3, rest = _line(rest, 4 * MIB)
    envelope = strict_object(line_3, 4 * MIB)
    demand((canonical(documents), canonical(envelope)) == (line_2, line_3), "altered")
    return Lines(header, [canonical(each) for each in documents], line_2, envelope, rest)


def _line(data: bytes, most: int) -> tuple[bytes, bytes]:
    end = data.find(b"\n")
    demand(end <= most and (end >= 0 or len(data) <= most), "too_large")
    demand(end >= 0, "truncated")
    return data[:end], data[end + 1 :]


def _header(line: bytes) -> Found:
    demand(line.isascii())
    found = line.decode()
    newer = re.match(r"PERIGEE[0-9]", found) and not found.startswith("PERIGEE1 ")
    demand(not newer, "unsupported_version")
    parts = _LINE_1.fullmatch(found)
    if parts is None:
        refuse("malformed")
    kind, satellite, epoch, number, created = parts.groups()
    return read(
        {"kind": kind, "satellite": satellite, "epoch": int(epoch), "number": int(number), "created": created}, _COMMON
    )


@dataclass
class Opened:
    """A container after step 21."""

    lines: Lines
    payload: bytes
    manifest: Found
    body: Found | None

    def contents(self, own: Found) -> Found:
        """What it holds; step 23 is made here."""
        left_out = {"epoch", "number"}
        return {
            "header": self.lines.header,
            "digest": sha256(self.payload),
            "manifest": {name: value for name, value in own.items() if name not in left_out},
            "rows": list(_rows(self)),
        }


def open_lines(lines: Lines, keys: Keys, threshold: int = 1) -> Opened:
    """Steps 14 to 21."""
    payload = unsealed(lines.envelope, lines.header["kind"], keys, threshold)
    manifest = strict_object(payload, 4 * MIB)
    read(manifest, {"format": version_1})
    demand(read(manifest, _COMMON) == lines.header, "altered")
    demand(read(manifest, {"roots": digest})["roots"] == sha256(lines.line_2), "altered")
    body: Found | None = read(manifest, {"body": optional(of(_BODY))})["body"]
    size = body["size"] if body else 0
    demand(len(lines.rest) >= size, "truncated")
    demand(len(lines.rest) <= size, "altered")
    demand(body is None or sha256(lines.rest) == body["sha256"], "altered")
    return Opened(lines, payload, manifest, body)


def _rows(opened: Opened) -> Iterator[Found]:
    if opened.body is None:
        return
    kinds, counts = ROWS[opened.lines.header["kind"]], Counter[str]()
    instances: list[Found] = []
    room = min(2048 * MIB, 32 * MIB + 100 * opened.body["size"])
    for line in _inflated(opened.lines.rest):
        found = strict_object(line, MIB)
        kind = found.get("kind")
        if not isinstance(kind, str):
            refuse("malformed")
        demand("table" in found or len(line) <= 64 * KIB, "too_large")
        rows, weight = unrolled(found, instances) if "table" in found else ([found], len(line))
        if "table" in found and kind == "instance":
            instances = pointed(found, rows)
        counts[kind] += len(rows)
        room -= weight
        demand(counts.total() <= opened.body["rows"])
        demand(room >= 0, "too_large")
        demand(kind in kinds)
        for row in rows:
            yield {"kind": kind, **kinds[kind](row)}
    demand(dict(counts) == opened.body["counts"])


def _inflated(body: bytes) -> Iterator[bytes]:
    inflate, rest, total = zlib.decompressobj(wbits=31), b"", 0
    while not inflate.eof:
        try:
            piece = inflate.decompress(body, MIB)
        except zlib.error:
            refuse("malformed")
        body, total = inflate.unconsumed_tail, total + len(piece)
        demand(total <= 2048 * MIB, "too_large")
        *lines, rest = (rest + piece).split(b"\n")
        yield from lines
        demand(len(rest) <= MIB, "too_large")
        demand(piece or body or inflate.eof, "truncated")
    demand(not inflate.unused_data and not rest)


# -- files.md -------------------------------------------------------------------------------------------------------


def _made_in_time(created: str, now: datetime) -> None:
    demand(moment(created) <= now + timedelta(hours=24), "not_yet_valid")


def registration(file: bytes, given: Mapping[str, Any], root: Found) -> Found:
    """A registration, read by central."""
    lines = split(file, "registration")
    demand((lines.header["epoch"], lines.header["number"], lines.documents) == (0, 0, []))
    keys = read(lines.envelope, {"keys": many(key, 2)})["keys"]
    demand(len(by_id(keys)) == 2)
    lines.envelope = {name: value for name, value in lines.envelope.items() if name != "keys"}
    opened = open_lines(lines, by_id(keys), 2)
    demand(opened.body is None)
    own = read(opened.manifest, MANIFESTS["registration"])
    demand([own["key"], own["device_ca_key"]] == keys, "altered")
    demand(own["vendor_id"] == root["vendor_id"], "wrong_vendor")
    demand(own["lab"] == root["lab"], "lab_mismatch")
    return opened.contents(own)


def of_central(kind: str, file: bytes, given: Mapping[str, Any], root: Found) -> Found:
    """An authorization or a response, read by a satellite."""
    lines = split(file, kind)
    root = walk(root, lines.documents)
    opened = open_lines(lines, role_keys(root, "response"))
    created = lines.header["created"]
    valid_when_signed(root, "response", lines.envelope, created)
    own = read(opened.manifest, MANIFESTS[kind])
    demand(own["vendor_id"] == root["vendor_id"], "wrong_vendor")
    demand(root["lab"] == given["lab"], "lab_mismatch")
    demand(lines.header["satellite"] == given["satellite"], "wrong_satellite")
    if kind == "authorization":
        demand(given["pending"].get(own["registration_digest"]) == own["registration_nonce"], "not_mine")
    _made_in_time(created, moment(given["now"]))
    if kind == "authorization":
        site_certificate(base64.b64decode(own["identity_certificate"]), root, given["satellite"], ca=False)
        site_certificate(base64.b64decode(own["device_ca_certificate"]), root, given["satellite"], ca=True)
    return {**opened.contents(own), "trusted_root": root["version"]}


def sync_request(file: bytes, given: Mapping[str, Any]) -> Found:
    """A request, read by central."""
    lines = split(file, "sync-request")
    demand(lines.header["satellite"] == given["satellite"], "wrong_satellite")
    demand(not lines.documents)
    demand(given["keys"], "unknown_issuer")
    opened = open_lines(lines, by_id(given["keys"]))
    own = read(opened.manifest, MANIFESTS["sync-request"])
    demand(own["vendor_id"] == given["vendor_id"], "wrong_vendor")
    _made_in_time(lines.header["created"], moment(given["now"]))
    return opened.contents(own)


def places_of_events(rows: list[Found], own: set[str]) -> dict[str, str | None]:
    """Where each event of a request happened: what it says of the satellite's `own`, else where its instance is."""
    homes = {row["id"]: row["virtual_account"] for row in rows if row["kind"] == "instance"}
    found = {}
    for row in (row for row in rows if row["kind"] == "event"):
        said = row["subject"].get("virtual_account")
        known = isinstance(said, str) and said in own
        found[row["id"]] = said if known else homes.get(row["instance"])
    return found


# -- statements.md --------------------------------------------------------------------------------------------------


def statement(kind: str, file: bytes, given: Mapping[str, Any], root: Found | None) -> Found:
    """A statement of central, or of a device when there is no root to ask."""
    envelope = strict(file.removesuffix(b"\n"), MIB)
    role = "grant" if kind == "grant" else "response"
    keys = by_id([given["key"]]) if root is None else role_keys(root, role)
    found = read(strict_object(unsealed(obj(envelope), kind, keys), 16 * KIB), STATEMENTS[kind])
    if root is None:
        demand(found["key_hash"] == key_hash(given["key"]))
        if found.get("reservation") is None:
            return {name: value for name, value in found.items() if name != "reservation"}
        demand(found["grant"] == sha256(found["reservation"]["request"].encode())[:32])
        return found
    demand(found["vendor_id"] == root["vendor_id"], "wrong_vendor")
    made = {"allotment": "issued", "grant": "issued", "grant-release": "released_at"}.get(kind)
    if made:
        valid_when_signed(root, role, envelope, found[made])
    end = {"allotment": "valid_until", "grant": "not_after"}.get(kind)
    if end:
        demand(moment(found[end]) - moment(found["issued"]) <= timedelta(days=366), "expired")
    demand(kind != "grant" or moment(found["not_after"]) > moment(found["not_before"]), "expired")
    return found


# -- devices.md -----------------------------------------------------------------------------------------------------


def device_request(file: bytes, given: Mapping[str, Any]) -> Found:
    """A device's message, read by a server; the server's own checks of number and set are left to it."""
    message = strict_object(file, 256 * KIB)
    demand(set(message) <= {"envelope", "key"}, "altered")
    parts = read(message, {"envelope": obj})
    names = signers(parts["envelope"])
    demand(len(names) == 1)
    brought = read(message, {"key": optional(key)})["key"]
    used = by_id(given["keys"]).get(names[0]) or brought
    demand(used is not None and key_hash(used)[:32] == names[0], "unknown_issuer")
    payload = unsealed(parts["envelope"], "device-request", by_id([used]))
    found = read(strict(payload, 256 * KIB), MESSAGE)
    if found["resumed"] is None:
        del found["resumed"]  # it may be left out, and then says nothing
    demand(found["key_id"] == names[0] and (brought is not None) == (found["op"] == "register"))
    demand(found["op"] == given["op"], "wrong_kind")
    return {"digest": sha256(payload), "message": {**found, "body": read(found["body"], BODIES[found["op"]])}}


def device_answer(file: bytes, given: Mapping[str, Any], root: Found) -> Found:
    """A server's answer, read by a device."""
    answer, now = strict_object(file, 4 * MIB), moment(given["now"])
    demand(set(answer) == {"envelope", "roots", "certificates"}, "altered")
    root = walk(root, [canonical(each) for each in read(answer, {"roots": many(lambda each: each, 64)})["roots"]])
    parts = read(answer, {"certificates": obj, "envelope": obj})
    certificate, satellite = parts["certificates"].get("satellite"), None
    if certificate is None:
        keys = role_keys(root, "response", now)
    else:
        der = unbase64(certificate, 16_384)
        satellite = read(strict(unverified(parts["envelope"]), 4 * MIB), {"satellite": ident})["satellite"]
        keys = by_id([site_certificate(der, root, satellite, ca=False)])
        in_its_time(der, now)
    found = read(strict(unsealed(parts["envelope"], "device-answer", keys), 4 * MIB), ANSWER)
    demand(found["satellite"] == satellite, "wrong_satellite")
    demand((found["request_digest"], found["nonce"]) == (given["request_digest"], given["nonce"]), "not_mine")
    demand(found["vendor_id"] == root["vendor_id"], "wrong_vendor")
    if found["outcome"] == "done" and found["op"] in RESULTS:
        found["result"] = read(found["result"], RESULTS[found["op"]])
    return {"answer": found, "trusted_root": root["version"]}


# -- vectors.md -----------------------------------------------------------------------------------------------------


def contents(kind: str, file: bytes, given: Mapping[str, Any], root_file: bytes | None) -> Found:
    """What a golden file holds."""
    if kind == "root":
        return first_root(file)
    if kind == "tables":
        return {"answers": reader_rules.answers(strict_object(file, MIB))}
    if kind == "certificate-request":
        return certificate_request(file)
    if kind == "device-certificate":
        return device_certificate(file, given)
    if kind in reader_codes.TYPED:
        return reader_codes.TYPED[kind](file.decode(), given)
    if kind == "sync-request":
        return sync_request(file, given)
    if kind == "device-request":
        return device_request(file, given)
    root = first_root(root_file) if root_file is not None else None
    if kind in STATEMENTS:
        return statement(kind, file, given, root)
    assert root is not None
    if kind == "authorization-code":
        return reader_codes.authorization(file.decode(), root)
    if kind == "root-step":
        newest = walk(root, file.removesuffix(b"\n").split(b"\n"))
        return {"version": newest["version"], "steps": newest["version"] - root["version"]}
    if kind == "registration":
        return registration(file, given, root)
    if kind == "device-answer":
        return device_answer(file, given, root)
    return of_central(kind, file, given, root)


def answer(kind: str, file: bytes, given: Mapping[str, Any], root_file: bytes | None) -> tuple[str, Found | None]:
    """`ok` with the contents, or the code of the refusal."""
    try:
        return "ok", contents(kind, file, given, root_file)
    except Refused as refusal:
        return refusal.code, None

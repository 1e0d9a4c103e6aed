"""Root files and single statements."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import BinaryIO

from exchange import limits
from exchange.canonical import JsonObject, decode_object, encode, iso
from exchange.envelope import payload_unverified, signer_ids
from exchange.errors import (
    ExpiredError,
    MalformedError,
    NotYetValidError,
    UnknownIssuerError,
)
from exchange.fields import Fields
from exchange.inspect_report import Look, Report, report_on
from exchange.inspect_statements import STATEMENTS, StatementKind
from exchange.trust import ROOT_TYPE, Trust, load_root


def inspect_object(look: Look, stream: BinaryIO) -> Report:
    """What one JSON object is: a root file, or a signed statement that is carried by itself."""
    stream.seek(0)
    data = stream.read(limits.ROOT_FILE_BYTES + 2)
    text = data.removesuffix(b"\n")
    envelope = decode_object(text, max_bytes=limits.ROOT_FILE_BYTES)
    kind = Fields(envelope, "envelope").text("payloadType")
    if kind == ROOT_TYPE:
        return _root(look, data)
    if encode(envelope) != text:
        look.findings.add(MalformedError("the statement is not in its canonical form"))
    known = STATEMENTS.get(kind)
    if known is None:
        raise MalformedError("{kind!r} is nothing that is carried as a file", kind=kind[:80])
    return _statement(look, known, envelope)


def _root(look: Look, data: bytes) -> Report:
    mine = load_root(data)
    root = mine.root
    look.contents.update({**root.to_dict(), "root_keys": [key.short for key in root.root_keys]})
    look.contents["role_keys"] = [
        {**entry.to_dict(), "key": entry.key.short, "key_id": entry.key.key_id} for entry in root.role_keys
    ]
    if look.trust is None:
        look.unchecked.append("origin")
    else:
        look.findings.check(lambda: _follow(look.trust, mine))
    look.findings.check(lambda: _check_period(root.created, root.expires, look.now))
    return report_on(
        look, "root", issuer=root.vendor_name, sequence=root.version, created=root.created, roots=(mine.document,)
    )


def _follow(trust: Trust | None, offered: Trust) -> None:
    if trust is None or offered.document in trust.chain:
        return
    if offered.root.version <= trust.root.version:
        raise UnknownIssuerError("this is not the root of that version which is trusted here")
    trust.advance([offered.document])


def _check_period(start: datetime, end: datetime, now: datetime) -> None:
    if now + timedelta(seconds=limits.CLOCK_TOLERANCE_SECONDS) < start:
        raise NotYetValidError("valid from {start}", start=iso(start))
    if now >= end:
        raise ExpiredError("valid until {end}", end=iso(end))


def _statement(look: Look, known: StatementKind, envelope: JsonObject) -> Report:
    payload = decode_object(payload_unverified(envelope), max_bytes=limits.STATEMENT_BYTES)
    signers = ", ".join(signer_ids(envelope))
    device = known.open is None
    trust, opener = look.trust, known.open
    if opener is None or trust is None:
        look.without_signature()
        known.read(payload)
    else:
        look.findings.check(lambda: opener(envelope, trust))
    genuine = look.findings.first is None
    period = known.period(payload) if genuine else None
    if period is not None:
        look.findings.check(lambda: _check_period(*period, look.now))
    if genuine:
        look.contents.update(payload)
    return report_on(
        look,
        known.name,
        issuer=f"device key {signers}" if device else look.issuer(f"key {signers}"),
        satellite=known.satellite(payload) if genuine else None,
        epoch=payload.get("epoch") if genuine else None,
        created=known.created(payload) if genuine else None,
    )

"""A readable report and an offline check of any file: container, root file, single statement or code.

`valid` is true only when nothing found is wrong **and** the signature was checked. Whatever could not be checked with
what was given stands in `contents.unchecked`; a signature among it also stands as `signature_not_checked` in
`problems`, because a file that anyone may have written is not called valid.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import BinaryIO

from exchange import limits
from exchange.canonical import JsonObject, decode, decode_object, encode, iso
from exchange.carried import reading
from exchange.certificates import certificate_times, verify_satellite_identity
from exchange.container import OpenedFile, SealedFile, open_container, split_container
from exchange.envelope import payload_unverified, signer_ids
from exchange.errors import (
    ExchangeError,
    ExpiredError,
    MalformedError,
    NotYetValidError,
    TruncatedError,
    UnknownIssuerError,
    WrongSatelliteError,
)
from exchange.fields import Fields
from exchange.files import rows as kinds
from exchange.files.authorization import Authorization, check_created, read_authorization
from exchange.files.registration import read_registration
from exchange.files.sync_request import SyncRequest, read_sync_request
from exchange.files.sync_response import SyncResponse, read_sync_response
from exchange.findings import AnyKeys, Findings
from exchange.inspect_codes import MOST_CHARS, read_code
from exchange.inspect_statements import STATEMENTS, StatementKind
from exchange.keys import PublicKey
from exchange.statements import (
    open_allotment,
    open_central_head,
    open_export_request,
    open_export_return,
    open_grant,
    open_grant_release,
)
from exchange.trust import ROOT_TYPE, Trust, load_root
from exchange.vocabulary import FileKind

SIGNATURE_NOT_CHECKED = "signature_not_checked"
_KEYS = ("key", "device_ca_key", "next_key", "next_device_ca_key")


@dataclass(frozen=True, slots=True)
class Report:
    """What was found; `roots` are the newer signed root documents that the file brings, verified where they could be."""

    kind: str
    issuer: str | None
    satellite: str | None
    epoch: int | None
    sequence: int | None
    created: datetime | None
    valid: bool
    problems: tuple[str, ...]
    contents: JsonObject
    refusal: ExchangeError | None = None
    roots: tuple[bytes, ...] = ()

    def to_dict(self) -> JsonObject:
        """The report as the command prints it."""
        return {
            "kind": self.kind,
            "issuer": self.issuer,
            "satellite": self.satellite,
            "epoch": self.epoch,
            "sequence": self.sequence,
            "created": iso(self.created) if self.created else None,
            "valid": self.valid,
            "problems": list(self.problems),
            "contents": self.contents,
        }


@dataclass(slots=True)
class _Look:
    """One inspection: what is given, what is found."""

    trust: Trust | None
    now: datetime
    authorization: BinaryIO | bytes | None
    findings: Findings = field(default_factory=Findings)
    contents: JsonObject = field(default_factory=dict)
    unchecked: list[str] = field(default_factory=list)

    def without_signature(self) -> None:
        """Note that the issuer could not be determined."""
        self.unchecked.append("signature")
        self.findings.note(SIGNATURE_NOT_CHECKED)

    def issuer(self, vendor: str) -> str:
        """The name of the vendor, where a root gives it."""
        return self.trust.root.vendor_name if self.trust else vendor


def inspect(
    data: bytes | BinaryIO,
    *,
    trust: Trust | None,
    now: datetime,
    satellite: str | None = None,
    authorization: bytes | BinaryIO | None = None,
) -> Report:
    """Describe a file and check all that can be checked.

    `trust` is the reader's root; `satellite` the one for which the file has to be; `authorization` an authorization
    file, whose certificate vouches for the identity key of a request. Raises an ExchangeError for what is not a file at
    all; what is wrong inside a file stands in the report.
    """
    stream: BinaryIO = io.BytesIO(data) if isinstance(data, bytes | bytearray) else data
    stream.seek(0)
    first = stream.read(1)
    if not first:
        raise TruncatedError("the file is empty")
    look = _Look(trust, now, authorization)
    report = reading(stream, lambda: _inspected(look, stream, first))
    if satellite is None or (report.kind == "root" and report.satellite is None) or report.satellite == satellite:
        return report
    wrong = WrongSatelliteError(
        "the file is for satellite {satellite}, not for {wanted}",
        satellite=report.satellite,
        wanted=satellite,
    )
    return Report(
        report.kind,
        report.issuer,
        report.satellite,
        report.epoch,
        report.sequence,
        report.created,
        valid=False,
        problems=(*(code for code in report.problems if code != wrong.code), wrong.code),
        contents=report.contents,
        refusal=report.refusal or wrong,
        roots=report.roots,
    )


def _inspected(look: _Look, stream: BinaryIO, first: bytes) -> Report:
    report = _inspect_code(look, stream) if first != b"{" else _inspect_object(look, stream)
    return report or _inspect_container(look, stream)


def _inspect_code(look: _Look, stream: BinaryIO) -> Report | None:
    """A code that people carry; None where it is none."""
    stream.seek(0)
    found = read_code(stream.read(4 * MOST_CHARS + 1), look.trust, look.findings)
    stream.seek(0)
    if found is None:
        return None
    look.contents.update(found.contents)
    look.unchecked.extend(found.unchecked)
    if "signature" in found.unchecked:
        look.findings.note(SIGNATURE_NOT_CHECKED)
    return _report(look, found.kind, issuer=found.issuer, created=found.created)


def _inspect_container(look: _Look, stream: BinaryIO) -> Report:
    sealed = split_container(stream, None)
    header = sealed.header
    roots = _newer_roots(look, sealed)
    look.findings.check(lambda: _READERS[header.kind](look, stream, sealed))
    if look.findings.codes in ([], [SIGNATURE_NOT_CHECKED]):
        look.findings.check(lambda: check_created(header.created, look.now))
    if header.kind in {FileKind.REGISTRATION, FileKind.SYNC_REQUEST}:
        issuer = f"satellite {header.satellite}"
    else:
        issuer = look.issuer(f"key {', '.join(signer_ids(sealed.envelope)) or 'none'}")
    return _report(
        look,
        header.kind.value,
        issuer=issuer,
        satellite=header.satellite,
        epoch=header.epoch,
        sequence=header.number,
        created=header.created,
        roots=roots,
    )


def _newer_roots(look: _Look, sealed: SealedFile) -> tuple[bytes, ...]:
    if look.trust is None:
        return sealed.root_documents
    try:
        return sealed.walk_roots(look.trust).newer_than(look.trust.root.version)
    except ExchangeError as error:
        look.findings.add(error)
        return ()


def _report(
    look: _Look,
    kind: str,
    *,
    issuer: str | None,
    satellite: str | None = None,
    epoch: int | None = None,
    sequence: int | None = None,
    created: datetime | None = None,
    roots: tuple[bytes, ...] = (),
) -> Report:
    look.contents["unchecked"] = look.unchecked
    return Report(
        kind,
        issuer,
        satellite,
        epoch,
        sequence,
        created,
        valid=not look.findings.codes,
        problems=tuple(look.findings.codes),
        contents=look.contents,
        refusal=look.findings.first,
        roots=roots,
    )


def _describe(look: _Look, opened: OpenedFile, manifest: JsonObject) -> None:
    look.contents["digest"] = opened.digest
    for name, value in manifest.items():
        if name in _KEYS and isinstance(value, dict):
            look.contents[name] = PublicKey.from_dict(value).short
        elif isinstance(value, str | int | bool) or value is None:
            look.contents[name] = value
    for name in ("identity_certificate", "device_ca_certificate"):
        if name in look.contents:
            look.contents[name] = [iso(at) for at in certificate_times(opened.manifest.data(name, most=16 * 1024))]
    if opened.body is not None:
        look.contents["counts"] = opened.body.counts


def _registration(look: _Look, stream: BinaryIO, sealed: SealedFile) -> None:
    registration, digest = read_registration(stream, trust=look.trust)
    look.unchecked.append("origin")
    look.contents.update(
        {
            "digest": digest,
            "name": registration.name,
            "host": registration.host,
            "software_version": registration.software_version,
            "vendor_id": registration.vendor_id,
            "root_version": registration.root_version,
            "lab": registration.lab,
            "nonce": registration.nonce,
            "key": registration.key.short,
            "device_ca_key": registration.device_ca_key.short,
        }
    )
    check_created(sealed.header.created, look.now)


def _authorization(look: _Look, stream: BinaryIO, sealed: SealedFile) -> None:
    look.unchecked.append("registration")
    if look.trust is None:
        look.without_signature()
        opened = open_container(sealed, AnyKeys())
        _describe(look, opened, Authorization.read(opened.manifest).to_dict())
        _walk(look, map(kinds.read_response_row, opened.rows()), None)
        return
    read = read_authorization(
        stream,
        trust=look.trust,
        satellite=sealed.header.satellite,
        pending=_named_registration(sealed),
        lab=look.trust.root.lab,
        now=look.now,
    )
    _describe(look, read.opened, read.authorization.to_dict())
    look.findings.check(lambda: open_central_head(read.authorization.head, read.trust))
    _walk(look, read.rows(), read.trust)


def _named_registration(sealed: SealedFile) -> dict[str, str]:
    # Only the satellite knows which of its registrations wait; here the file is taken at its own word.
    try:
        manifest = Fields(decode(payload_unverified(sealed.envelope), max_bytes=limits.ENVELOPE_LINE_BYTES), "manifest")
        return {manifest.digest("registration_digest"): manifest.identifier("registration_nonce")}
    except ExchangeError:
        return {}


def _sync_request(look: _Look, stream: BinaryIO, sealed: SealedFile) -> None:
    look.unchecked.append("order")
    keys: Mapping[str, PublicKey] = AnyKeys()
    if look.trust is not None and look.authorization is not None:
        keys = _identity_keys(look.trust, look.authorization, sealed.header.satellite, look.now)
    else:
        look.without_signature()
    hint = Fields(decode(payload_unverified(sealed.envelope), max_bytes=limits.ENVELOPE_LINE_BYTES), "manifest")
    vendor = look.trust.root.vendor_id if look.trust else hint.identifier("vendor_id")
    read = read_sync_request(stream, keys=keys, vendor_id=vendor, satellite=sealed.header.satellite, now=look.now)
    request: SyncRequest = read.request
    _describe(look, read.opened, {**request.to_dict(), "applied": None, "head": None})
    look.contents["applied"] = request.applied.to_dict()
    look.contents["requests_since_acknowledged"] = len(request.chain)
    trust = look.trust
    if request.head is not None and trust is not None:
        look.findings.check(lambda: open_central_head(request.head, trust))
    _walk(look, read.rows(), trust)


def _identity_keys(trust: Trust, file: bytes | BinaryIO, satellite: str, now: datetime) -> dict[str, PublicKey]:
    sealed = split_container(file, FileKind.AUTHORIZATION)
    read = read_authorization(
        file, trust=trust, satellite=satellite, pending=_named_registration(sealed), lab=trust.root.lab, now=now
    )
    key = verify_satellite_identity(read.authorization.identity_certificate, read.trust, satellite)
    return {key.key_id: key}


def _sync_response(look: _Look, stream: BinaryIO, sealed: SealedFile) -> None:
    look.unchecked.append("order")
    if look.trust is None:
        look.without_signature()
        opened = open_container(sealed, AnyKeys())
        _describe(look, opened, SyncResponse.read(opened.manifest).to_dict())
        _walk(look, map(kinds.read_response_row, opened.rows()), None)
        return
    read = read_sync_response(
        stream, trust=look.trust, satellite=sealed.header.satellite, lab=look.trust.root.lab, now=look.now
    )
    _describe(look, read.opened, read.response.to_dict())
    look.contents["base"] = read.response.base.to_dict()
    look.findings.check(lambda: open_central_head(read.response.head, read.trust))
    _walk(look, read.rows(), read.trust)


_READERS: Mapping[FileKind, Callable[[_Look, BinaryIO, SealedFile], None]] = {
    FileKind.REGISTRATION: _registration,
    FileKind.AUTHORIZATION: _authorization,
    FileKind.SYNC_REQUEST: _sync_request,
    FileKind.SYNC_RESPONSE: _sync_response,
}


def _walk(look: _Look, found: Iterator[kinds.RequestRow | kinds.ResponseRow], trust: Trust | None) -> None:
    """Read every row, and verify what is signed inside it."""
    for row in found:
        try:
            _check_row(row, trust)
        except ExchangeError as error:
            look.findings.add(error)


def _check_row(row: kinds.RequestRow | kinds.ResponseRow, trust: Trust | None) -> None:
    if isinstance(row, kinds.ExportRequestRow):
        open_export_request(row.statement, row.device_key)
    elif isinstance(row, kinds.ExportReturnRow):
        open_export_return(row.statement, row.device_key)
    elif trust is None:
        return
    elif isinstance(row, kinds.AllotmentRow):
        open_allotment(row.envelope, trust)
    elif isinstance(row, kinds.GrantRow) or (isinstance(row, kinds.GrantStateRow) and row.envelope is not None):
        open_grant(row.envelope, trust)
    elif isinstance(row, kinds.GrantReleaseRow):
        open_grant_release(row.envelope, trust)


def _inspect_object(look: _Look, stream: BinaryIO) -> Report:
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


def _root(look: _Look, data: bytes) -> Report:
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
    return _report(
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


def _statement(look: _Look, known: StatementKind, envelope: JsonObject) -> Report:
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
    return _report(
        look,
        known.name,
        issuer=f"device key {signers}" if device else look.issuer(f"key {signers}"),
        satellite=known.satellite(payload) if genuine else None,
        epoch=payload.get("epoch") if genuine else None,
        created=known.created(payload) if genuine else None,
    )

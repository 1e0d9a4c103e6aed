"""What each kind of container says, with every row read and every signed statement in it verified."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import BinaryIO

from exchange import limits
from exchange.canonical import JsonObject, decode, iso
from exchange.certificates import certificate_times, verify_satellite_identity
from exchange.container import OpenedFile, SealedFile, open_container, split_container
from exchange.envelope import payload_unverified
from exchange.errors import (
    ExchangeError,
)
from exchange.fields import Fields
from exchange.files import rows as kinds
from exchange.files.authorization import Authorization, check_created, read_authorization
from exchange.files.registration import read_registration
from exchange.files.sync_request import SyncRequest, read_sync_request
from exchange.files.sync_response import SyncResponse, read_sync_response
from exchange.findings import AnyKeys
from exchange.inspect_report import Look
from exchange.keys import PublicKey
from exchange.statements import (
    open_allotment,
    open_central_head,
    open_conversion_request,
    open_export_request,
    open_export_return,
    open_grant,
    open_grant_release,
)
from exchange.trust import Trust
from exchange.vocabulary import FileKind

_KEYS = ("key", "device_ca_key", "next_key", "next_device_ca_key")


def _describe(look: Look, opened: OpenedFile, manifest: JsonObject) -> None:
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


def _registration(look: Look, stream: BinaryIO, sealed: SealedFile) -> None:
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


def _authorization(look: Look, stream: BinaryIO, sealed: SealedFile) -> None:
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


def _sync_request(look: Look, stream: BinaryIO, sealed: SealedFile) -> None:
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


def _sync_response(look: Look, stream: BinaryIO, sealed: SealedFile) -> None:
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


READERS: Mapping[FileKind, Callable[[Look, BinaryIO, SealedFile], None]] = {
    FileKind.REGISTRATION: _registration,
    FileKind.AUTHORIZATION: _authorization,
    FileKind.SYNC_REQUEST: _sync_request,
    FileKind.SYNC_RESPONSE: _sync_response,
}


def _walk(look: Look, found: Iterator[kinds.RequestRow | kinds.ResponseRow], trust: Trust | None) -> None:
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
    elif isinstance(row, kinds.ConversionRequestRow):
        open_conversion_request(row.statement, row.device_key)
    elif trust is None:
        return
    elif isinstance(row, kinds.AllotmentRow):
        open_allotment(row.envelope, trust)
    elif isinstance(row, kinds.GrantRow) or (isinstance(row, kinds.GrantStateRow) and row.envelope is not None):
        open_grant(row.envelope, trust)
    elif isinstance(row, kinds.GrantReleaseRow):
        open_grant_release(row.envelope, trust)

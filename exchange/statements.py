"""Small signed statements: what central says of rights, and what a device says of restricted ones.

Each opens in the same order: size and form, signature by a key for its role, payload, vendor, time of its key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Protocol, TypeVar

from exchange import limits
from exchange.canonical import JsonObject, decode_object, encode
from exchange.central_statements import Allotment, CentralHead, Grant, GrantRelease
from exchange.conversion import ConversionRequest
from exchange.device_statements import RESERVATION, ExportRequest, ExportReturn, GivenUpReservation, given_up_id
from exchange.envelope import payload_type, seal, signer_ids, unseal
from exchange.errors import ExpiredError, MalformedError, WrongVendorError
from exchange.keys import PrivateKey, PublicKey
from exchange.trust import Trust
from exchange.usage import UsageReport
from exchange.vocabulary import Role

__all__ = [
    "ALLOTMENT_TYPE",
    "CENTRAL_HEAD_TYPE",
    "CONVERSION_REQUEST_TYPE",
    "EXPORT_REQUEST_TYPE",
    "EXPORT_RETURN_TYPE",
    "GRANT_RELEASE_TYPE",
    "GRANT_TYPE",
    "LONGEST_RIGHT",
    "RESERVATION",
    "USAGE_REPORT_TYPE",
    "Allotment",
    "CentralHead",
    "ConversionRequest",
    "ExportRequest",
    "ExportReturn",
    "GivenUpReservation",
    "Grant",
    "GrantRelease",
    "UsageReport",
    "given_up_id",
    "open_allotment",
    "open_central_head",
    "open_conversion_request",
    "open_export_request",
    "open_export_return",
    "open_grant",
    "open_grant_release",
    "open_usage_report",
    "seal_allotment",
    "seal_central_head",
    "seal_conversion_request",
    "seal_export_request",
    "seal_export_return",
    "seal_grant",
    "seal_grant_release",
    "seal_usage_report",
]

LONGEST_RIGHT = timedelta(days=366)

ALLOTMENT_TYPE = payload_type("allotment")
GRANT_TYPE = payload_type("grant")
GRANT_RELEASE_TYPE = payload_type("grant-release")
CENTRAL_HEAD_TYPE = payload_type("central-head")
EXPORT_REQUEST_TYPE = payload_type("export-request")
EXPORT_RETURN_TYPE = payload_type("export-return")
USAGE_REPORT_TYPE = payload_type("usage-report")
CONVERSION_REQUEST_TYPE = payload_type("conversion-request")


class _Payload(Protocol):
    def to_dict(self) -> JsonObject: ...


S = TypeVar("S")


def _seal(kind: str, statement: _Payload, key: PrivateKey) -> JsonObject:
    return seal(kind, encode(statement.to_dict()), [key])


def _open(kind: str, envelope: object, keys: Mapping[str, PublicKey], read: Callable[[object], S]) -> S:
    if not isinstance(envelope, dict):
        raise MalformedError("a statement is an object")
    payload = unseal(envelope, kind, keys)
    return read(decode_object(payload, max_bytes=limits.STATEMENT_BYTES))


def _check_vendor(vendor_id: str, trust: Trust) -> None:
    if vendor_id != trust.root.vendor_id:
        raise WrongVendorError("the statement belongs to another vendor")


def seal_allotment(allotment: Allotment, key: PrivateKey) -> JsonObject:
    """Sign an allotment line with the response key."""
    return _seal(ALLOTMENT_TYPE, allotment, key)


def open_allotment(envelope: object, trust: Trust) -> Allotment:
    """Verify an allotment line against the root."""
    line = _open(ALLOTMENT_TYPE, envelope, trust.keys(Role.RESPONSE), Allotment.from_dict)
    _check_vendor(line.vendor_id, trust)
    trust.check_issued(Role.RESPONSE, signer_ids(envelope), line.issued)
    if line.valid_until - line.issued > LONGEST_RIGHT:
        raise ExpiredError("an allotment line ends at most 365 days after it was issued")
    return line


def seal_grant(grant: Grant, key: PrivateKey) -> JsonObject:
    """Sign a grant with the grant key."""
    return _seal(GRANT_TYPE, grant, key)


def open_grant(envelope: object, trust: Trust) -> Grant:
    """Verify a grant against the root; nothing but the grant key makes one."""
    grant = _open(GRANT_TYPE, envelope, trust.keys(Role.GRANT), Grant.from_dict)
    _check_vendor(grant.vendor_id, trust)
    trust.check_issued(Role.GRANT, signer_ids(envelope), grant.issued)
    if grant.not_after - grant.issued > LONGEST_RIGHT or grant.not_after <= grant.not_before:
        raise ExpiredError("a grant ends at most 365 days after it was issued")
    return grant


def seal_grant_release(release: GrantRelease, key: PrivateKey) -> JsonObject:
    """Sign the release of a grant with the response key."""
    return _seal(GRANT_RELEASE_TYPE, release, key)


def open_grant_release(envelope: object, trust: Trust) -> GrantRelease:
    """Verify the release of a grant."""
    release = _open(GRANT_RELEASE_TYPE, envelope, trust.keys(Role.RESPONSE), GrantRelease.from_dict)
    _check_vendor(release.vendor_id, trust)
    trust.check_issued(Role.RESPONSE, signer_ids(envelope), release.released_at)
    return release


def seal_central_head(head: CentralHead, key: PrivateKey) -> JsonObject:
    """Sign central's head with the response key."""
    return _seal(CENTRAL_HEAD_TYPE, head, key)


def open_central_head(envelope: object, trust: Trust) -> CentralHead:
    """Verify a head that a request carries back."""
    head = _open(CENTRAL_HEAD_TYPE, envelope, trust.keys(Role.RESPONSE), CentralHead.from_dict)
    _check_vendor(head.vendor_id, trust)
    return head


def seal_export_request(request: ExportRequest, key: PrivateKey) -> JsonObject:
    """Sign a request with the device's key."""
    return _seal(EXPORT_REQUEST_TYPE, request, key)


def open_export_request(envelope: object, key: PublicKey) -> ExportRequest:
    """Verify a device's request against the device's key."""
    request = _open(EXPORT_REQUEST_TYPE, envelope, {key.key_id: key}, ExportRequest.from_dict)
    if request.key_hash != key.key_hash:
        raise MalformedError("the request names another key than the one that signed it")
    return request


def seal_export_return(statement: ExportReturn, key: PrivateKey) -> JsonObject:
    """Sign a return with the device's key."""
    return _seal(EXPORT_RETURN_TYPE, statement, key)


def open_export_return(envelope: object, key: PublicKey) -> ExportReturn:
    """Verify a device's return against the device's key."""
    statement = _open(EXPORT_RETURN_TYPE, envelope, {key.key_id: key}, ExportReturn.from_dict)
    if statement.key_hash != key.key_hash:
        raise MalformedError("the return names another key than the one that signed it")
    return statement


def seal_usage_report(report: UsageReport, key: PrivateKey) -> JsonObject:
    """Sign a usage report with the device's key."""
    return _seal(USAGE_REPORT_TYPE, report, key)


def open_usage_report(envelope: object, key: PublicKey) -> UsageReport:
    """Verify a device's usage report against the device's key."""
    report = _open(USAGE_REPORT_TYPE, envelope, {key.key_id: key}, UsageReport.from_dict)
    if report.key_hash != key.key_hash:
        raise MalformedError("the usage report names another key than the one that signed it")
    return report


def seal_conversion_request(request: ConversionRequest, key: PrivateKey) -> JsonObject:
    """Sign a device's request for conversion with the device's key."""
    return _seal(CONVERSION_REQUEST_TYPE, request, key)


def open_conversion_request(envelope: object, key: PublicKey) -> ConversionRequest:
    """Verify a device's request for conversion against the device's key."""
    request = _open(CONVERSION_REQUEST_TYPE, envelope, {key.key_id: key}, ConversionRequest.from_dict)
    if request.key_hash != key.key_hash:
        raise MalformedError("the request for conversion names another key than the one that signed it")
    return request

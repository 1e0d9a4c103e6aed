"""The fixed world of the golden files: keys from seeds, one vendor, one satellite, one device, one moment."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

from cryptography import x509

from exchange import certificate_issuing, statements
from exchange.canonical import JsonObject, digest
from exchange.conversion import ClassicLine, ConversionAnswer, ConvertedLine
from exchange.device.bodies import RegisterBody
from exchange.device.licence_bodies import AuthorizeBody, AuthorizeResult, EntitlementAnswer
from exchange.device.messages import DeviceAnswer, DeviceRequest, make_device_answer, make_device_request
from exchange.files import rows
from exchange.files.authorization import Authorization, make_authorization
from exchange.files.registration import Registration, make_registration, read_registration
from exchange.files.sync_request import Applied, ChainEntry, SyncRequest, make_sync_request
from exchange.files.sync_response import SyncResponse, make_sync_response
from exchange.identity import Udi
from exchange.keys import PrivateKey
from exchange.trust import RoleKey, Root, Trust, load_root, sign_root
from exchange.usage import Measurement
from exchange.vocabulary import (
    Billing,
    ClaimState,
    ConversionReason,
    ConversionState,
    DeliveryState,
    DeviceOp,
    ExportState,
    InstanceState,
    KeyState,
    LicenceType,
    Outcome,
    ReleaseReason,
    Role,
)


def key(name: str) -> PrivateKey:
    """The key of a name: its seed is the SHA-256 of `perigee vector <name>`."""
    return PrivateKey.from_seed(hashlib.sha256(f"perigee vector {name}".encode()).digest())


def ident(name: str) -> str:
    """The id of a name."""
    return hashlib.sha256(f"perigee vector id {name}".encode()).hexdigest()[:32]


NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
MADE = NOW - DAY
VENDOR = ident("vendor")
SATELLITE = ident("satellite")
OTHER_SATELLITE = ident("other satellite")
EPOCH_ID = ident("epoch")
ACCOUNT_ID, POOL, INSTANCE = ident("account"), ident("virtual account"), ident("instance")
TOKEN, GRANT, REQUEST, NONCE, SERIAL = (ident(name) for name in ("token", "grant", "request", "nonce", "serial"))
UDI = Udi(pid="PX-9000", serial="PX9K000001", uuid="3f0a1c52-6f0d-4f7e-9c0e-5a3b1a2c4d5e")
PLAIN_TAG, RESTRICTED_TAG = "regid.2026-01.test.perigee,BASE,1.0_1", "regid.2026-01.test.perigee,STRONG,1.0_1"

ROOT_KEYS = [key(f"root {number}") for number in (1, 2, 3)]
NEW_ROOT_KEY = key("root 4")
RESPONSE, GRANTER, STRANGER = key("response"), key("grant"), key("stranger")
ENDED, REVOKED, NEW_RESPONSE = key("response ended"), key("response revoked"), key("response new")
IDENTITY, DEVICE_CA, OTHER_IDENTITY, DEVICE = (
    key(name) for name in ("identity", "device ca", "other identity", "device")
)


def _role(
    role: Role, private: PrivateKey, start: datetime, end: datetime, state: KeyState = KeyState.ACTIVE
) -> RoleKey:
    return RoleKey(role, private.public, start, end, state)


def _year(year: int, month: int = 1) -> datetime:
    return datetime(year, month, 1, tzinfo=UTC)


ROOT = Root(
    version=1,
    vendor_id=VENDOR,
    vendor_name="Example Products",
    created=_year(2026),
    expires=_year(2036),
    lab=False,
    threshold=2,
    root_keys=tuple(private.public for private in ROOT_KEYS),
    role_keys=(
        _role(Role.RESPONSE, RESPONSE, _year(2026), _year(2028)),
        _role(Role.RESPONSE, ENDED, _year(2025), _year(2026, 6), KeyState.EXPIRED),
        _role(Role.RESPONSE, REVOKED, _year(2025), _year(2028), KeyState.REVOKED),
        _role(Role.GRANT, GRANTER, _year(2026), _year(2028)),
    ),
)
NEXT_ROOT = replace(
    ROOT,
    version=2,
    created=_year(2026, 9),
    root_keys=(ROOT_KEYS[0].public, ROOT_KEYS[1].public, NEW_ROOT_KEY.public),
    role_keys=(*ROOT.role_keys, _role(Role.RESPONSE, NEW_RESPONSE, _year(2026, 9), _year(2028))),
)
ROOT_DOCUMENT = sign_root(ROOT, ROOT_KEYS[:2])
NEXT_DOCUMENT = sign_root(NEXT_ROOT, ROOT_KEYS[:2])
TRUST: Trust = load_root(ROOT_DOCUMENT)


def _serial(*names: str) -> Any:
    """Let a certificate have the serial number of its names, which is no accident."""
    number = int(hashlib.sha256("perigee vector serial {}".format(" ".join(names)).encode()).hexdigest()[:15], 16)
    return patch.object(x509, "random_serial_number", lambda: number)


def satellite_identity(
    private: PrivateKey = IDENTITY, *, satellite: str = SATELLITE, by: PrivateKey = RESPONSE
) -> bytes:
    """An identity certificate with a serial number that is no accident."""
    with _serial("identity", private.public.key_id, satellite, by.public.key_id):
        return certificate_issuing.issue_satellite_identity(private.public, satellite, 1, by, MADE)


def device_ca(*, satellite: str | None = SATELLITE, by: PrivateKey = RESPONSE) -> bytes:
    """A device CA's certificate."""
    with _serial("ca", satellite or "central", by.public.key_id):
        return certificate_issuing.issue_device_ca(DEVICE_CA.public, satellite, by, MADE)


IDENTITY_DER = satellite_identity()
DEVICE_CA_DER = device_ca()


def device_certificate(*, by: PrivateKey = DEVICE_CA, instance: str = INSTANCE) -> bytes:
    """A device's certificate."""
    with _serial("device", by.public.key_id, instance):
        return certificate_issuing.issue_device_certificate(
            DEVICE.public, instance, UDI, by, DEVICE_CA_DER, MADE, epoch=1, issue=1
        )


ALLOTMENT = statements.Allotment(
    vendor_id=VENDOR,
    satellite=SATELLITE,
    account="customer.example",
    virtual_account_id=POOL,
    virtual_account_name="Default",
    tag=PLAIN_TAG,
    licence_type=LicenceType.TERM,
    start=_year(2026, 11),
    end=_year(2027, 11),
    quantity=25,
    billing=Billing.PREPAID,
    restricted=False,
    serial=SERIAL,
    issued=MADE,
    valid_until=MADE + 365 * DAY,
)
GRANT_STATEMENT = statements.Grant(
    vendor_id=VENDOR,
    grant=GRANT,
    generation=1,
    request=REQUEST,
    satellite=SATELLITE,
    epoch=1,
    virtual_account_id=POOL,
    tag=RESTRICTED_TAG,
    quantity=1,
    instance=INSTANCE,
    udi=UDI,
    key_hash=DEVICE.public.key_hash,
    not_before=MADE,
    not_after=MADE + 365 * DAY,
    deliver_until=MADE + 30 * DAY,
    issued=MADE,
)
RELEASE = statements.GrantRelease(VENDOR, GRANT, SATELLITE, DEVICE.public.key_hash, ReleaseReason.RETURNED, MADE)
HEAD = statements.CentralHead(VENDOR, SATELLITE, 1, EPOCH_ID, 0, 0, MADE)
EXPORT_REQUEST = statements.ExportRequest(REQUEST, INSTANCE, UDI, DEVICE.public.key_hash, RESTRICTED_TAG, 1, MADE)
USAGE_REPORT = statements.UsageReport(
    1,
    INSTANCE,
    UDI,
    DEVICE.public.key_hash,
    MADE,
    (Measurement(PLAIN_TAG, 2, MADE - 30 * DAY, MADE - DAY), Measurement(PLAIN_TAG, 3, MADE - DAY, MADE)),
)
EXPORT_RETURN = statements.ExportReturn(GRANT, INSTANCE, UDI, DEVICE.public.key_hash, RESTRICTED_TAG, 1, MADE)
CONVERSION_REQUEST = statements.ConversionRequest(
    REQUEST, INSTANCE, UDI, DEVICE.public.key_hash, (ClassicLine("L-ADV-K9", 3), ClassicLine("L-SÉC-K9", 1)), MADE
)
CONVERTED = ConversionAnswer(
    REQUEST,
    ConversionState.PARTLY_CONVERTED,
    (
        ConvertedLine("L-ADV-K9", 3, 3, PLAIN_TAG, None),
        ConvertedLine("L-SÉC-K9", 1, 0, None, ConversionReason.NOT_LISTED),
    ),
    MADE,
)
CONVERSION_RESULT = rows.ConversionResultRow(REQUEST, INSTANCE, CONVERTED.state, CONVERTED.lines, MADE)
CONVERSION_ROW = rows.ConversionRequestRow(
    REQUEST, INSTANCE, statements.seal_conversion_request(CONVERSION_REQUEST, DEVICE), DEVICE.public
)

REGISTRATION = Registration(
    satellite=SATELLITE,
    name="site-1",
    vendor_id=VENDOR,
    root_version=1,
    created=MADE,
    software_version="0.1.0",
    host="site-1.example",
    key=IDENTITY.public,
    device_ca_key=DEVICE_CA.public,
    nonce=NONCE,
    lab=False,
)
REGISTRATION_FILE = make_registration(REGISTRATION, IDENTITY, DEVICE_CA)
REGISTRATION_DIGEST = read_registration(REGISTRATION_FILE, trust=TRUST)[1]

AUTHORIZATION = Authorization(
    vendor_id=VENDOR,
    satellite=SATELLITE,
    satellite_name="site-1",
    account_id=ACCOUNT_ID,
    account_domain="customer.example",
    account_name="Customer",
    export_allowed=True,
    epoch=1,
    epoch_id=EPOCH_ID,
    created=MADE,
    registration_digest=REGISTRATION_DIGEST,
    registration_nonce=NONCE,
    identity_certificate=IDENTITY_DER,
    device_ca_certificate=DEVICE_CA_DER,
    root_version=1,
    head=statements.seal_central_head(HEAD, RESPONSE),
)
RESPONSE_ROWS: tuple[rows.ResponseRow, ...] = (
    rows.PolicyRow({"sync_reminder_days": 30, "sync_overdue_days": 66, "sync_removal_days": 90}),
    rows.VirtualAccountRow(POOL, "Default", "", removed=False),
    rows.EntitlementRow(PLAIN_TAG, "Base", "Base licence – größer", restricted=False, products=("*",)),
    rows.EntitlementRow(RESTRICTED_TAG, "Strong", "", restricted=True, products=()),
    rows.ProductRow("regid.2026-01.test.perigee,PX9000,1.0_1", "PX-9000", "PX 9000", "PX"),
    rows.AllotmentRow(statements.seal_allotment(ALLOTMENT, RESPONSE)),
    rows.GrantRow(REQUEST, statements.seal_grant(GRANT_STATEMENT, GRANTER)),
    rows.ExportDecisionRow(
        REQUEST, INSTANCE, RESTRICTED_TAG, 1, ExportState.GRANTED, None, "Granted.", GRANT, decided_at=MADE
    ),
    rows.GrantReleaseRow(statements.seal_grant_release(RELEASE, RESPONSE)),
    rows.CertificatesRow(IDENTITY_DER, DEVICE_CA_DER),
)
REQUEST_ROWS: tuple[rows.RequestRow, ...] = (
    rows.TokenRow(
        TOKEN, POOL, None, digest(b"token"), MADE, "admin", MADE + 30 * DAY, 5, 1, export_controlled=True,
        revoked=False, removed=False,
    ),
    rows.InstanceRow(
        INSTANCE, "router-1", UDI, "regid.2026-01.test.perigee,PX9000,1.0_1", "17.9", None, None, POOL, MADE, MADE,
        MADE + 365 * DAY, InstanceState.ACTIVE, export_allowed=True, key_hash=DEVICE.public.key_hash, device_key=DEVICE.public, token=TOKEN,
        standbys=(Udi("PX-9000", "PX9K000002"),), marks=(), removed=False,
    ),
    rows.ClaimRow(INSTANCE, PLAIN_TAG, 2, MADE),
    rows.ExportRequestRow(
        REQUEST, INSTANCE, RESTRICTED_TAG, 1, MADE, statements.seal_export_request(EXPORT_REQUEST, DEVICE),
        DEVICE.public,
    ),
    rows.ExportReturnRow(GRANT, INSTANCE, statements.seal_export_return(EXPORT_RETURN, DEVICE), DEVICE.public),
    rows.GrantStateRow(GRANT, 1, DeliveryState.DELIVERED, MADE, None, None),
    rows.EventRow(ident("event"), MADE, "instance:registered", "device", "Registered.", INSTANCE, {"count": 1}),
)  # fmt: skip


def authorization(
    what: Authorization = AUTHORIZATION, by: PrivateKey = RESPONSE, roots: tuple[bytes, ...] = ()
) -> bytes:
    """An authorization file."""
    out = io.BytesIO()
    make_authorization(what, RESPONSE_ROWS, by, roots, out, stored=True)
    return out.getvalue()


_first = io.BytesIO()
AUTHORIZATION_DIGEST = make_authorization(AUTHORIZATION, RESPONSE_ROWS, RESPONSE, (), _first, stored=True)[0]

SYNC_REQUEST = SyncRequest(
    vendor_id=VENDOR,
    satellite=SATELLITE,
    epoch=1,
    epoch_id=EPOCH_ID,
    seq=1,
    created=MADE,
    full=True,
    chain=(ChainEntry(1, 0, AUTHORIZATION_DIGEST),),
    applied=Applied(1, 0, AUTHORIZATION_DIGEST),
    head=statements.seal_central_head(HEAD, RESPONSE),
    root_version=1,
    software_version="0.1.0",
    next_key=None,
    next_device_ca_key=None,
)


USAGE_ROW = rows.UsageRow(INSTANCE, Udi("PX-9000", "PX9K000001"), POOL, PLAIN_TAG, "2026-11", 3, 7_257_600, MADE)


def sync_request(
    what: SyncRequest = SYNC_REQUEST, by: PrivateKey = IDENTITY, more: tuple[rows.RequestRow, ...] = ()
) -> bytes:
    """A synchronization request; with `more` rows than the usual ones."""
    out = io.BytesIO()
    make_sync_request(what, (*REQUEST_ROWS, *more), by, out, stored=True)
    return out.getvalue()


SYNC_RESPONSE = SyncResponse(
    vendor_id=VENDOR,
    satellite=SATELLITE,
    epoch=1,
    epoch_id=EPOCH_ID,
    rseq=1,
    created=MADE,
    answers_seq=1,
    answers_digest=make_sync_request(SYNC_REQUEST, REQUEST_ROWS, IDENTITY, io.BytesIO(), stored=True)[0],
    base=Applied(1, 0, AUTHORIZATION_DIGEST),
    full=False,
    head=statements.seal_central_head(replace(HEAD, seq=1, rseq=1), RESPONSE),
    root_version=1,
)


def sync_response(
    what: SyncResponse = SYNC_RESPONSE, by: PrivateKey = RESPONSE, roots: tuple[bytes, ...] = ()
) -> bytes:
    """A synchronization response."""
    out = io.BytesIO()
    make_sync_response(what, RESPONSE_ROWS[:7], by, roots, out, stored=True)
    return out.getvalue()


CSR = certificate_issuing.make_csr(DEVICE, "device")
DEVICE_REQUEST = DeviceRequest(
    op=DeviceOp.AUTHORIZE,
    udi=UDI,
    instance=INSTANCE,
    key_id=DEVICE.public.key_id,
    counter=2,
    nonce=ident("device nonce"),
    sent_at=MADE,
    root_version=1,
    held=(1, 0),
    body=AuthorizeBody(((PLAIN_TAG, 2),), ((GRANT, 1),), "router-1", "17.9").to_dict(),
)
DEVICE_REGISTER = replace(
    DEVICE_REQUEST,
    op=DeviceOp.REGISTER,
    instance=None,
    counter=1,
    held=(0, 0),
    body=RegisterBody("a-token-of-the-site", UDI, None, "router-1", "17.9", (), CSR).to_dict(),
)
DEVICE_MESSAGE = make_device_request(DEVICE_REQUEST, DEVICE)


def _request_digest() -> str:
    from exchange.device.messages import read_device_request

    return read_device_request(DEVICE_MESSAGE, DEVICE.public)[1]


DEVICE_REQUEST_DIGEST = _request_digest()
RESULT: JsonObject = AuthorizeResult(
    issued=MADE,
    valid_until=MADE + 90 * DAY,
    renew_after=MADE + 30 * DAY,
    entitlements=(EntitlementAnswer(PLAIN_TAG, 2, ClaimState.AUTHORIZED, MADE + 90 * DAY),),
    allotments=(statements.seal_allotment(ALLOTMENT, RESPONSE),),
    grants=(statements.seal_grant(GRANT_STATEMENT, GRANTER),),
    exports=(),
    releases=(),
).to_dict()
DEVICE_ANSWER = DeviceAnswer(
    op=DeviceOp.AUTHORIZE,
    request_digest=DEVICE_REQUEST_DIGEST,
    nonce=DEVICE_REQUEST.nonce,
    counter=2,
    instance=INSTANCE,
    vendor_id=VENDOR,
    satellite=SATELLITE,
    created=MADE,
    epoch=1,
    rseq=0,
    outcome=Outcome.DONE,
    code=None,
    message="",
    remedy="",
    result=RESULT,
)


def device_answer(
    what: DeviceAnswer = DEVICE_ANSWER,
    by: PrivateKey = IDENTITY,
    der: bytes | None = IDENTITY_DER,
    roots: tuple[bytes, ...] = (),
) -> bytes:
    """A server's answer."""
    beside = {"satellite": der, "device_ca": DEVICE_CA_DER} if der is not None else {}
    return make_device_answer(what, by, roots, beside)

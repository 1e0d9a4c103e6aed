"""Messages of devices and the answers to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from exchange import statements
from exchange.canonical import JsonObject, b64decode, decode, encode, iso
from exchange.conversion import ConversionAnswer
from exchange.device.bodies import (
    CertificateResult,
    DeregisterBody,
    RegisterResult,
    RenewIdentityBody,
    TransferActiveBody,
)
from exchange.device.licence_bodies import ExportAnswer, ExportReturnResult, StatementBody
from exchange.device.messages import (
    ANSWER_TYPE,
    DeviceAnswer,
    make_device_request,
)
from exchange.envelope import seal
from exchange.identity import Udi
from exchange.keys import PrivateKey
from exchange.trust import sign_root
from exchange.usage import UsageResult
from exchange.vocabulary import ConversionState, DeviceOp, ExportState, Outcome
from tools.vectors import surgery, world
from tools.vectors.make_roots import FIRST
from tools.vectors.model import Shelf, Vector

KEY = world.DEVICE
REQUEST_STATEMENT = statements.seal_export_request(world.EXPORT_REQUEST, KEY)
RETURN_STATEMENT = statements.seal_export_return(world.EXPORT_RETURN, KEY)
USAGE_STATEMENT = statements.seal_usage_report(world.USAGE_REPORT, KEY)
CONVERSION_STATEMENT = statements.seal_conversion_request(world.CONVERSION_REQUEST, KEY)
_CERTIFICATE = world.device_certificate()


def _object(data: bytes) -> JsonObject:
    value: JsonObject = decode(data, max_bytes=1 << 23)
    return value


_TERM = world.ident("term")


def _request(op: DeviceOp, body: JsonObject) -> bytes:
    return make_device_request(replace(world.DEVICE_REQUEST, op=op, body=body), KEY)


def requests() -> list[Vector]:
    """Every message of a device."""
    shelf = Shelf("device-request", "json", {"keys": [KEY.public.to_dict()], "op": "authorize"})
    good = world.DEVICE_MESSAGE
    shelf.good("authorize", good, "reports use")
    registration = make_device_request(world.DEVICE_REGISTER, KEY)
    shelf.good("register", registration, "registers with a token and brings its key", op="register", keys=[])
    standbys = {**world.DEVICE_REGISTER.body, "standbys": [{"pid": "PX-9000", "serial": "PX9K000002", "vid": "V01"}]}
    again = make_device_request(replace(world.DEVICE_REGISTER, body=standbys), KEY)
    shelf.good("register-again", again, "registers a set with a key that is known", op="register")
    member = Udi("PX-9000", "PX9K000002")
    for op, body in (
        (DeviceOp.RENEW_IDENTITY, RenewIdentityBody(world.CSR).to_dict()),
        (DeviceOp.TRANSFER_ACTIVE, TransferActiveBody(member).to_dict()),
        (DeviceOp.DEREGISTER, DeregisterBody((RETURN_STATEMENT,)).to_dict()),
        (DeviceOp.EXPORT_REQUEST, StatementBody(REQUEST_STATEMENT).to_dict()),
        (DeviceOp.EXPORT_RETURN, StatementBody(RETURN_STATEMENT).to_dict()),
        (DeviceOp.USAGE_REPORT, StatementBody(USAGE_STATEMENT).to_dict()),
        (DeviceOp.CONVERT, StatementBody(CONVERSION_STATEMENT).to_dict()),
        (DeviceOp.DETACH, {"days": 60, "use": world.DEVICE_REQUEST.body}),
        (DeviceOp.REATTACH, {"term": _TERM, "use": world.DEVICE_REQUEST.body}),
    ):
        shelf.good(op.value.replace("_", "-"), _request(op, body), f"operation {op.value}", op=op.value)
    spaced = surgery.put(good, b'{"envelope":', b'{ "envelope" : ')
    shelf.good("blanks", spaced, "blanks outside the signed bytes are borne in a message")
    _request_faults(shelf, good, registration)
    return shelf.vectors


def _request_faults(shelf: Shelf, good: bytes, registration: bytes) -> None:
    bad, envelope, req = shelf.bad, _object(good)["envelope"], world.DEVICE_REQUEST

    def signed(**members: object) -> bytes:
        return encode({"envelope": surgery.change(envelope, KEY, **members)})

    def body(**members: object) -> bytes:
        return signed(body={**req.body, **members})

    bad("unknown_issuer", "unknown-key", good, "read where the key is not known", keys=[])
    bad("unknown_issuer", "register-other-key", encode({**_object(registration), "key": world.STRANGER.public.to_dict()}),
        "a registration that brings another key than signed it", op="register", keys=[])  # fmt: skip
    bad("wrong_kind", "other-address", good, "sent to the address of another operation", op="deregister")
    changed = surgery.changed_payload(envelope, b'"counter":2', b'"counter":3')
    bad("altered", "changed", encode({"envelope": changed}), "the number changed under the signature")
    bare = surgery.signed_wrongly(envelope, KEY)
    bad("altered", "bare-signature", encode({"envelope": bare}), "signed over the bare payload")
    bad("altered", "member-beside", encode({"envelope": envelope, "token": "x"}), "an unsigned member of the message")
    bad(
        "altered",
        "member-in-envelope",
        encode({"envelope": {**envelope, "x": 1}}),
        "an unsigned member of the envelope",
    )
    bad("wrong_kind", "another-type", encode({"envelope": surgery.alien(envelope, KEY, "device-answer")}),
        "signed as an answer")  # fmt: skip
    two = {**envelope, "signatures": envelope["signatures"] * 2}
    bad("malformed", "two-signatures", encode({"envelope": two}), "two signatures")
    bad("malformed", "no-signature", encode({"envelope": {**envelope, "signatures": []}}), "no signature")
    bad("malformed", "key-id", signed(key_id=world.STRANGER.public.key_id), "names another key than signed it")
    keyed = encode({"envelope": envelope, "key": KEY.public.to_dict()})
    bad("malformed", "key-without-registration", keyed, "brings a key although it is no registration")
    plain = encode({"envelope": _object(registration)["envelope"]})
    bad("malformed", "register-without-key", plain, "a registration that brings no key", op="register")
    bad("unsupported_version", "newer-format", signed(format=2), "written in format 2")
    bad("unsupported_version", "unknown-suite", encode({**_object(registration), "key": {"suite": 2, "public": "AAAA"}}),
        "brings a key of an unknown suite", op="register", keys=[])  # fmt: skip
    levels = b"[" * 15 + b"]" * 15
    deep = surgery.raw(envelope, [KEY], lambda data: surgery.put(data, b'"router-1"', levels))
    for name, data, done in (
        ("unknown-op", signed(op="listen"), "an operation that does not exist"),
        ("counter-0", signed(counter=0), "number 0"),
        ("held-three", signed(held=[1, 0, 0]), "three numbers where two are needed"),
        ("held-negative", signed(held=[1, -1]), "a negative number"),
        ("no-udi", encode({"envelope": surgery.drop(envelope, KEY, "udi")}), "names no device"),
        ("body-list", signed(body=[]), "a list in place of the body"),
        ("count-million", body(entitlements=[{"tag": "A", "count": 1_000_001}]), "uses more than a million"),
        ("many-tags", body(entitlements=[{"tag": f"T{n}", "count": 1} for n in range(513)]), "513 licences"),
        ("long-tag", body(entitlements=[{"tag": "T" * 256, "count": 1}]), "a tag of 256 letters"),
        ("generation-0", body(installed=[{"grant": world.GRANT, "generation": 0}]), "generation 0"),
        ("no-json", b"hello", "no JSON at all"),
        ("too-deep", encode({"envelope": deep}), "nested in 17 levels"),
    ):
        bad("malformed", name, data, done)
    for days in (0, 366):
        away = _request(DeviceOp.DETACH, {"days": days, "use": req.body})
        bad("malformed", f"detach-{days}-days", away, f"detaches for {days} days", op="detach")
    nameless = _request(DeviceOp.REATTACH, {"use": req.body})
    bad("malformed", "reattach-without-term", nameless, "reattaches without naming a term", op="reattach")
    empty = _request(DeviceOp.EXPORT_REQUEST, {"statement": {}})
    bad("malformed", "empty-statement", empty, "an empty statement", op="export_request")
    long = encode({"envelope": surgery.change(envelope, KEY, future="x" * 200_000)})
    bad("too_large", "too-large", long, "more than 256 KiB")


_RENEWED = CertificateResult(
    _CERTIFICATE, world.DEVICE_CA_DER, world.MADE + timedelta(days=365), world.MADE + timedelta(days=180)
)
_REGISTERED = RegisterResult(
    world.INSTANCE,
    _CERTIFICATE,
    world.DEVICE_CA_DER,
    "customer.example",
    "Customer",
    world.POOL,
    "Default",
    _RENEWED.certificate_expires,
    _RENEWED.renew_from,
    export_allowed=True,
)


def answers() -> list[Vector]:
    """Every answer of a server."""
    context: JsonObject = {
        "root": FIRST,
        "request_digest": world.DEVICE_REQUEST_DIGEST,
        "nonce": world.DEVICE_REQUEST.nonce,
        "now": iso(world.NOW),
    }
    shelf = Shelf("device-answer", "json", context)
    answer, make = world.DEVICE_ANSWER, world.device_answer
    shelf.good("authorize", make(), "a satellite's answer")
    pending = ExportAnswer(world.REQUEST, world.RESTRICTED_TAG, 1, ExportState.PENDING, None, "Waits for central.")
    for op, result in (
        (DeviceOp.REGISTER, _REGISTERED.to_dict()),
        (DeviceOp.RENEW_IDENTITY, _RENEWED.to_dict()),
        (DeviceOp.EXPORT_REQUEST, pending.to_dict()),
        (DeviceOp.EXPORT_RETURN, ExportReturnResult(world.GRANT, ExportState.RETURNED).to_dict()),
        (DeviceOp.USAGE_REPORT, UsageResult(2, 1, ("regid.2026-01.test.perigee,OTHER,1.0_1",)).to_dict()),
        (DeviceOp.CONVERT, world.CONVERTED.to_dict()),
        (DeviceOp.TRANSFER_ACTIVE, {"active": {"pid": "PX-9000", "serial": "PX9K000002"}, "at": iso(world.MADE)}),
        (DeviceOp.DEREGISTER, {}),
        (
            DeviceOp.DETACH,
            {"term": _TERM, "until": iso(world.MADE + timedelta(days=60)), "authorization": answer.result},
        ),
        (DeviceOp.REATTACH, {"authorization": answer.result}),
    ):
        shelf.good(op.value.replace("_", "-"), make(replace(answer, op=op, result=result)), f"operation {op.value}")
    refused = replace(
        answer, outcome=Outcome.REFUSED, code="counter_too_low", message="The message's number was used before.",
        remedy="Continue above the highest number that the answer names.", result={"highest_counter": 9},
    )  # fmt: skip
    shelf.good("refused", make(refused), "a signed refusal")
    waits = ConversionAnswer(world.REQUEST, ConversionState.PENDING)
    waiting = replace(answer, op=DeviceOp.CONVERT, result=waits.to_dict())
    shelf.good("convert-waits", make(waiting), "a conversion that waits for central")
    central = replace(answer, satellite=None)
    shelf.good("of-central", make(central, world.RESPONSE, None), "central's own answer, signed by the response key")
    shelf.good("newer-root", make(central, world.NEW_RESPONSE, None, (world.NEXT_DOCUMENT,)),
               "central's answer by a key that only the newer root names")  # fmt: skip
    _answer_faults(shelf, answer, make)
    return shelf.vectors


def _answer_faults(shelf: Shelf, answer: DeviceAnswer, make: Callable[..., bytes]) -> None:
    bad, good = shelf.bad, _object(make())
    envelope, central = good["envelope"], replace(answer, satellite=None)

    def enveloped(changed: JsonObject) -> bytes:
        return encode({**good, "envelope": changed})

    def signed(**members: object) -> bytes:
        return enveloped(surgery.change(envelope, world.IDENTITY, **members))

    bad("not_mine", "other-message", make(), "answers another message", request_digest="0" * 64)
    bad("not_mine", "other-nonce", make(), "answers a message with another nonce", nonce="0" * 32)
    bad("wrong_vendor", "other-vendor", signed(vendor_id=world.ident("other vendor")), "names another vendor")
    bad("altered", "changed", enveloped(surgery.changed_payload(envelope, b'"counter":2', b'"counter":3')),
        "one digit changed under the signature")  # fmt: skip
    bad(
        "altered",
        "bare-signature",
        enveloped(surgery.signed_wrongly(envelope, world.IDENTITY)),
        "signed over the bare payload",
    )
    bad("altered", "member-beside", encode({**good, "note": 1}), "an unsigned member of the answer")
    bad("altered", "no-roots", encode({name: good[name] for name in ("envelope", "certificates")}), "no list of roots")
    bad(
        "wrong_kind",
        "another-type",
        enveloped(surgery.alien(envelope, world.IDENTITY, "device-request")),
        "signed as a message",
    )
    bad("unknown_issuer", "stranger", make(by=world.STRANGER), "signed by another key than the certificate names")
    strange = world.satellite_identity(world.STRANGER, by=world.STRANGER)
    bad("unknown_issuer", "stranger-certificate", make(by=world.STRANGER, der=strange), "a certificate by a stranger")
    by_grant = world.satellite_identity(world.STRANGER, by=world.GRANTER)
    bad(
        "unknown_issuer",
        "certificate-by-grant-key",
        make(by=world.STRANGER, der=by_grant),
        "a certificate by the grant key",
    )
    other = world.satellite_identity(world.OTHER_IDENTITY, satellite=world.OTHER_SATELLITE)
    bad(
        "wrong_satellite",
        "another-certificate",
        make(by=world.OTHER_IDENTITY, der=other),
        "the certificate of another satellite",
    )
    bad(
        "malformed",
        "a-ca",
        make(by=world.DEVICE_CA, der=world.DEVICE_CA_DER),
        "signed by the device CA, with its certificate",
    )
    device = world.device_certificate()
    bad("unknown_issuer", "a-device", make(by=world.DEVICE, der=device), "signed by a device, with its certificate")
    bad("unknown_issuer", "no-certificate", make(der=None), "signed by a satellite, without its certificate")
    bad("unknown_issuer", "grant-key", make(central, world.GRANTER, None), "signed by the grant key")
    bad("unknown_issuer", "ended-key", make(central, world.ENDED, None), "signed by a key that has ended")
    bad("unknown_issuer", "revoked-key", make(central, world.REVOKED, None), "signed by a key that was revoked")
    bad("wrong_satellite", "speaks-as-satellite", make(answer, world.RESPONSE, None),
        "names a satellite, signed by the response key")  # fmt: skip
    bad("expired", "certificate-ended", make(), "read after the end of the certificate", now="2029-01-01T00:00:00Z")
    bad(
        "not_yet_valid", "certificate-to-come", make(), "read before the certificate begins", now="2026-11-01T00:00:00Z"
    )
    third = sign_root(replace(world.NEXT_ROOT, version=3), world.ROOT_KEYS[:2])
    bad("trust_needs_newer_root", "root-gap", make(roots=(third,)), "brings root 3 without root 2")
    forged = sign_root(world.NEXT_ROOT, [world.RESPONSE, world.GRANTER])
    bad("unknown_issuer", "forged-root", make(roots=(forged,)), "brings a root that role keys signed")
    bad("unsupported_version", "newer-format", signed(format=2), "written in format 2")
    bad("malformed", "unknown-outcome", signed(outcome="maybe"), "an unknown outcome")
    bad("malformed", "no-satellite-named", signed(satellite=None), "names no satellite, with a satellite's certificate")
    bad("malformed", "result-state", signed(result={**answer.result, "entitlements": [
        {"tag": "A", "count": 1, "state": "fine", "valid_until": None}]}), "an unknown state of a licence")  # fmt: skip
    away = {"term": _TERM, "until": iso(world.MADE)}
    bad(
        "malformed",
        "detached-without-authorization",
        signed(op="detach", result=away),
        "a term without an authorization",
    )
    bad("malformed", "name-twice", enveloped(_twice(envelope, world.IDENTITY)), "a name stands twice in the payload")
    bad("malformed", "roots-number", encode({**good, "roots": [7]}), "a number among the roots")


def _twice(envelope: JsonObject, key: PrivateKey) -> JsonObject:
    payload = surgery.put(b64decode(envelope["payload"]), b'"format":1', b'"format":1,"format":1')
    return seal(ANSWER_TYPE, payload, [key])

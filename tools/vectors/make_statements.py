"""Statements of central and of devices, and certificates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from exchange import statements
from exchange.canonical import JsonObject, b64encode, encode, iso
from exchange.envelope import seal
from exchange.keys import PrivateKey
from tools.vectors import surgery, world
from tools.vectors.make_roots import FIRST
from tools.vectors.model import Shelf, Vector


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the faults of one kind of statement need: its key, and where it says its time."""

    kind: str
    good: JsonObject
    key: PrivateKey
    wrong_key: PrivateKey
    time: str
    context: Mapping[str, Any]
    under_root: bool = True


_ROOT: Mapping[str, Any] = {"root": FIRST}
_DEVICE: Mapping[str, Any] = {"key": world.DEVICE.public.to_dict()}
PLANS = (
    _Plan("allotment", statements.seal_allotment(world.ALLOTMENT, world.RESPONSE), world.RESPONSE, world.GRANTER,
          "issued", _ROOT),
    _Plan("grant", statements.seal_grant(world.GRANT_STATEMENT, world.GRANTER), world.GRANTER, world.RESPONSE,
          "issued", _ROOT),
    _Plan("grant-release", statements.seal_grant_release(world.RELEASE, world.RESPONSE), world.RESPONSE, world.GRANTER,
          "released_at", _ROOT),
    _Plan("central-head", statements.seal_central_head(world.HEAD, world.RESPONSE), world.RESPONSE, world.IDENTITY,
          "", _ROOT),
    _Plan("export-request", statements.seal_export_request(world.EXPORT_REQUEST, world.DEVICE), world.DEVICE,
          world.RESPONSE, "", _DEVICE, under_root=False),
    _Plan("export-return", statements.seal_export_return(world.EXPORT_RETURN, world.DEVICE), world.DEVICE,
          world.RESPONSE, "", _DEVICE, under_root=False),
    _Plan("usage-report", statements.seal_usage_report(world.USAGE_REPORT, world.DEVICE), world.DEVICE,
          world.RESPONSE, "", _DEVICE, under_root=False),
    _Plan("conversion-request", statements.seal_conversion_request(world.CONVERSION_REQUEST, world.DEVICE),
          world.DEVICE, world.RESPONSE, "", _DEVICE, under_root=False),
)  # fmt: skip
_DAYS_367 = iso(world.MADE + timedelta(days=367))


def _bytes(envelope: JsonObject) -> bytes:
    return encode(envelope) + b"\n"


def make() -> list[Vector]:
    """Every statement and certificate."""
    found: list[Vector] = []
    for plan in PLANS:
        shelf = Shelf(plan.kind, "json", dict(plan.context))
        _common(shelf, plan)
        if plan.under_root:
            _under_root(shelf, plan)
        else:
            _by_device(shelf, plan)
        _OWN[plan.kind](shelf, plan)
        found += shelf.vectors
    return [*found, *_certificate_requests(), *_device_certificates()]


def _common(shelf: Shelf, plan: _Plan) -> None:
    good, key = plan.good, plan.key
    shelf.good("plain", _bytes(good), "as it is made")
    shelf.good("unknown-member", _bytes(surgery.change(good, key, future={"x": 1})), "an unknown member is passed over")
    spaced = surgery.raw(good, [key], lambda data: data.replace(b'"format":1', b' "format" : 1'))
    shelf.good("blanks-in-payload", _bytes(spaced), "blanks inside the signed bytes are as they were signed")
    first = good["signatures"][0]
    changed = surgery.changed_payload(good, b'"format":1', b'"format":9')
    shelf.bad("altered", "changed", _bytes(changed), "one digit changed under the signature")
    bare = surgery.signed_wrongly(good, key)
    shelf.bad("altered", "bare-signature", _bytes(bare), "signed over the bare payload, without its type")
    shelf.bad("altered", "member-beside", _bytes({**good, "note": ""}), "an unsigned member in the envelope")
    noted = {**good, "signatures": [{**first, "note": ""}]}
    shelf.bad("altered", "member-in-signature", _bytes(noted), "an unsigned member in the signature")
    two = {**good, "signatures": [first, {**first, "keyid": world.STRANGER.public.key_id}]}
    shelf.bad("altered", "second-signature", _bytes(two), "a second signature, of a key that is not known")
    wrong = surgery.raw(good, [plan.wrong_key], lambda data: data)
    shelf.bad("unknown_issuer", "wrong-key", _bytes(wrong), "signed by a key that has another role")
    shelf.bad("unknown_issuer", "no-signature", _bytes({**good, "signatures": []}), "not signed")
    other = "export-return" if plan.kind != "export-return" else "export-request"
    shelf.bad("wrong_kind", "another-type", _bytes(surgery.alien(good, key, other)), "signed as another kind")
    newer = surgery.change(good, key, format=2)
    shelf.bad("unsupported_version", "newer-format", _bytes(newer), "written in format 2")
    shelf.bad("malformed", "no-format", _bytes(surgery.drop(good, key, "format")), "says no format")
    twice = surgery.raw(good, [key], lambda data: surgery.put(data, b'"format":1', b'"format":1,"format":1'))
    shelf.bad("malformed", "name-twice", _bytes(twice), "a name stands twice in the payload")
    fraction = surgery.raw(good, [key], lambda data: surgery.put(data, b'"format":1', b'"format":1.0'))
    shelf.bad("malformed", "fraction", _bytes(fraction), "1.0 in place of 1")
    shelf.bad("malformed", "no-list", _bytes({**good, "signatures": first}), "an object in place of the signatures")
    loose = {**good, "payload": good["payload"].rstrip("=") + "\n"}
    shelf.bad("malformed", "loose-base64", _bytes(loose), "Base64 with a line feed")
    listed = seal(good["payloadType"], b"[]", [key])
    shelf.bad("malformed", "payload-no-object", _bytes(listed), "a list in place of the payload's object")
    padded = surgery.change(good, key, future="x" * 16_384)
    shelf.bad("too_large", "too-large", _bytes(padded), "a payload of more than 16 KiB")


def _under_root(shelf: Shelf, plan: _Plan) -> None:
    good, key = plan.good, plan.key
    other = surgery.change(good, key, vendor_id=world.ident("other vendor"))
    shelf.bad("wrong_vendor", "other-vendor", _bytes(other), "names another vendor")
    shelf.bad("malformed", "upper-case-id", _bytes(surgery.change(good, key, vendor_id=world.VENDOR.upper())),
              "an id in capital letters")  # fmt: skip
    if plan.kind != "grant":
        revoked = surgery.raw(good, [world.REVOKED], lambda data: data)
        shelf.bad("unknown_issuer", "revoked-key", _bytes(revoked), "signed by a key that was revoked")
    if plan.time:
        early = surgery.change(good, key, **{plan.time: "2025-12-31T23:59:59Z"})
        shelf.bad("not_yet_valid", "before-its-key", _bytes(early), "signed before its key was valid")
        late = surgery.change(good, key, **{plan.time: "2028-01-01T00:00:01Z"})
        shelf.bad("expired", "after-its-key", _bytes(late), "signed after its key had ended")
    if plan.time and plan.kind != "grant":
        in_time = surgery.change(good, world.ENDED, **{plan.time: "2026-05-01T00:00:00Z"} | _short(plan))
        shelf.good("ended-key-in-time", _bytes(in_time), "signed by a key that has ended, while it was valid")
        after = surgery.raw(good, [world.ENDED], lambda data: data)
        shelf.bad("expired", "ended-key", _bytes(after), "signed by a key that had ended before")


def _short(plan: _Plan) -> dict[str, str]:
    return {"valid_until": "2027-05-01T00:00:00Z"} if plan.kind == "allotment" else {}


def _by_device(shelf: Shelf, plan: _Plan) -> None:
    good, key = plan.good, plan.key
    other = surgery.change(good, key, key_hash=world.STRANGER.public.key_hash)
    shelf.bad("malformed", "names-another-key", _bytes(other), "names another key than the one that signed it")
    unprinted = {"pid": "PX\u200b9000", "serial": "1"}
    shelf.bad("malformed", "unprintable-udi", _bytes(surgery.change(good, key, udi=unprinted)),
              "a UDI with a character that does not print")  # fmt: skip
    shelf.bad("malformed", "blank-serial", _bytes(surgery.change(good, key, udi={"pid": "P", "serial": " "})),
              "a UDI whose serial number is blank")  # fmt: skip


def _allotment(shelf: Shelf, plan: _Plan) -> None:
    good, key = plan.good, plan.key
    central = replace(world.ALLOTMENT, satellite=None, start=None, end=None)
    shelf.good("of-central", _bytes(statements.seal_allotment(central, key)), "for no satellite, without a term")
    edge = surgery.change(good, key, valid_until=iso(world.MADE + timedelta(days=366)))
    shelf.good("366-days", _bytes(edge), "valid for 366 days, the longest there is")
    long = surgery.change(good, key, valid_until=_DAYS_367)
    shelf.bad("expired", "too-long", _bytes(long), "valid for 367 days")
    shelf.bad("malformed", "unknown-type", _bytes(surgery.change(good, key, licence_type="rental")), "an unknown type")
    shelf.bad("malformed", "negative", _bytes(surgery.change(good, key, quantity=-1)), "a negative quantity")
    shelf.bad("malformed", "flag-as-number", _bytes(surgery.change(good, key, restricted=0)), "0 in place of false")
    shelf.bad("malformed", "true-as-number", _bytes(surgery.change(good, key, quantity=True)), "true in place of 1")
    shelf.bad("malformed", "empty-tag", _bytes(surgery.change(good, key, tag="")), "an empty tag")


def _grant(shelf: Shelf, plan: _Plan) -> None:
    good, key = plan.good, plan.key
    shelf.bad("expired", "too-long", _bytes(surgery.change(good, key, not_after=_DAYS_367)), "ends after 367 days")
    backwards = surgery.change(good, key, not_after=iso(world.MADE))
    shelf.bad("expired", "no-time", _bytes(backwards), "ends when it begins")
    shelf.bad("malformed", "nothing-granted", _bytes(surgery.change(good, key, quantity=0)), "grants nothing")
    shelf.bad("malformed", "short-hash", _bytes(surgery.change(good, key, key_hash="ab" * 31)), "a digest of 62 digits")
    shelf.bad("malformed", "no-udi", _bytes(surgery.drop(good, key, "udi")), "names no device")


def _grant_release(shelf: Shelf, plan: _Plan) -> None:
    bad = surgery.change(plan.good, plan.key, reason="forgotten")
    shelf.bad("malformed", "unknown-reason", _bytes(bad), "an unknown reason")


def _central_head(shelf: Shelf, plan: _Plan) -> None:
    ended = surgery.raw(plan.good, [world.ENDED], lambda data: data)
    shelf.good(
        "ended-key", _bytes(ended), "signed by a key that has ended: a head's time is not compared with its key's"
    )
    null = surgery.change(plan.good, plan.key, satellite=None)
    shelf.bad("malformed", "no-satellite", _bytes(null), "null in place of the satellite")


def _export_request(shelf: Shelf, plan: _Plan) -> None:
    shelf.good("cancel", _bytes(surgery.change(plan.good, plan.key, quantity=0)), "wants nothing any more")
    bad = surgery.change(plan.good, plan.key, quantity=1_000_000_001)
    shelf.bad("malformed", "too-many", _bytes(bad), "more than any quantity can be")


def _export_return(shelf: Shelf, plan: _Plan) -> None:
    shelf.bad(
        "malformed", "returns-nothing", _bytes(surgery.change(plan.good, plan.key, quantity=0)), "returns nothing"
    )


def _usage_report(shelf: Shelf, plan: _Plan) -> None:
    one = world.USAGE_REPORT.measurements[0].to_dict()
    empty = surgery.change(plan.good, plan.key, measurements=[])
    shelf.bad("malformed", "measures-nothing", _bytes(empty), "a report without a measurement")
    backwards = surgery.change(plan.good, plan.key, measurements=[{**one, "end": one["start"]}])
    shelf.bad("malformed", "no-time", _bytes(backwards), "a measurement that ends when it begins")
    unused = surgery.change(plan.good, plan.key, measurements=[{**one, "count": 0}])
    shelf.bad("malformed", "counts-nothing", _bytes(unused), "a measurement of nothing")
    many = surgery.change(plan.good, plan.key, measurements=[one] * 25)
    shelf.bad("malformed", "too-many", _bytes(many), "25 measurements")
    shelf.bad("malformed", "number-0", _bytes(surgery.change(plan.good, plan.key, number=0)), "the number 0")


def _conversion_request(shelf: Shelf, plan: _Plan) -> None:
    one = world.CONVERSION_REQUEST.lines[0].to_dict()
    for name, lines, done in (
        ("converts-nothing", [], "a request without a line"),
        ("sku-twice", [one, one], "a SKU that stands twice"),
        ("units-0", [{**one, "quantity": 0}], "no unit of a SKU"),
        ("no-sku", [{**one, "sku": ""}], "an empty SKU"),
        ("too-many", [{**one, "sku": f"S{n}"} for n in range(33)], "33 SKUs"),
    ):
        shelf.bad("malformed", name, _bytes(surgery.change(plan.good, plan.key, lines=lines)), done)


_OWN = {
    "allotment": _allotment,
    "grant": _grant,
    "grant-release": _grant_release,
    "central-head": _central_head,
    "export-request": _export_request,
    "export-return": _export_return,
    "usage-report": _usage_report,
    "conversion-request": _conversion_request,
}


def _p256_request() -> bytes:
    key = derive_private_key(12345, SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "device")])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    return builder.sign(key, SHA256(), ecdsa_deterministic=True).public_bytes(Encoding.DER)


def _certificate_requests() -> list[Vector]:
    shelf = Shelf("certificate-request", "der", {})
    shelf.good("plain", world.CSR, "as a device makes it")
    shelf.bad("altered", "changed", surgery.put(world.CSR, b"device", b"devicf"), "one letter of the name changed")
    shelf.bad("malformed", "cut-off", world.CSR[:-1], "the last byte is missing")
    shelf.bad("malformed", "other-suite", _p256_request(), "for a key of another algorithm")
    shelf.bad("too_large", "too-large", world.CSR + bytes(8192), "more than 8 KiB")
    return shelf.vectors


def _device_certificates() -> list[Vector]:
    context = {"device_ca": b64encode(world.DEVICE_CA_DER), "now": iso(world.NOW)}
    shelf = Shelf("device-certificate", "der", context)
    good = world.device_certificate()
    shelf.good("plain", good, "as a satellite makes it")
    shelf.bad("unknown_issuer", "other-ca", world.device_certificate(by=world.STRANGER), "signed by another key")
    shelf.bad("unknown_issuer", "changed", surgery.put(good, b"PX9K000001", b"PX9K000002"), "one digit changed")
    shelf.bad("malformed", "a-ca", world.DEVICE_CA_DER, "the CA itself in place of a device")
    shelf.bad("malformed", "no-instance", world.device_certificate(instance="router-1"), "names no instance")
    shelf.bad("malformed", "cut-off", good[:-1], "the last byte is missing")
    shelf.bad("expired", "ended", good, "read after its end", now="2028-01-01T00:00:00Z")
    shelf.bad("not_yet_valid", "too-early", good, "read before its beginning", now="2026-11-01T00:00:00Z")
    return shelf.vectors

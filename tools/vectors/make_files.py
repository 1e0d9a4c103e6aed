"""Files that people carry: faults that all four kinds share, and those of a registration and an authorization."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from exchange.canonical import JsonObject, b64encode, decode, encode, iso
from exchange.envelope import payload_type, seal
from exchange.files.registration import make_registration
from exchange.keys import PrivateKey
from exchange.trust import sign_root
from tools.vectors import surgery, world
from tools.vectors.make_roots import FIRST, TWO
from tools.vectors.model import Shelf, Vector
from tools.vectors.surgery import Cut

NOW = iso(world.NOW)
OTHER_ROOT = "root/v1/other-vendor.json"
LAB_ROOT = "root/v1/laboratory.json"


@dataclass(frozen=True, slots=True)
class Plan:
    """A good file, whose key signs it, and a key that may not."""

    good: bytes
    keys: list[PrivateKey]
    wrong: list[PrivateKey]
    other_kind: bytes


def header_with(cut: Cut, old: bytes, new: bytes) -> bytes:
    """The file with another first line."""
    return replace(cut, header=surgery.put(cut.header, old, new)).join()


def shared(shelf: Shelf, plan: Plan) -> None:
    """Faults of the lines and of the signature."""
    cut, keys = Cut.of(plan.good), plan.keys
    shelf.good("plain", plan.good, "as it is made")
    unknown = cut.with_members(keys, future={"x": [1]})
    shelf.good("unknown-member", unknown.join(), "an unknown member of the manifest is passed over")
    bad, put = shelf.bad, surgery.put
    good = cut.envelope
    # Lines.
    bad("truncated", "empty", b"", "no byte at all")
    bad("truncated", "cut-in-line-1", plan.good[:40], "ends in the middle of line 1")
    bad("truncated", "cut-in-line-3", plan.good[:200], "ends in the middle of line 3")
    bad("malformed", "no-such-file", b"\x7fELF" + bytes(400), "another program's file")
    bad("malformed", "long-line-1", b"PERIGEE1 " + b"x" * 300, "line 1 is longer than 256 bytes")
    bad("unsupported_version", "version-2", header_with(cut, b"PERIGEE1", b"PERIGEE2"), "line 1 names version 2")
    bad("unsupported_version", "version-10", header_with(cut, b"PERIGEE1", b"PERIGEE10"), "line 1 names version 10")
    bad(
        "malformed",
        "unknown-kind",
        header_with(cut, cut.header.split()[1], b"sync-rumour"),
        "line 1 names an unknown kind",
    )
    bad("malformed", "capital-satellite", header_with(cut, cut.header.split()[2], cut.header.split()[2].upper()),
        "line 1 names the satellite in capital letters")  # fmt: skip
    bad("malformed", "two-blanks", header_with(cut, b"PERIGEE1 ", b"PERIGEE1  "), "two blanks in line 1")
    bad("malformed", "line-1-ends-crlf", replace(cut, header=cut.header + b"\r").join(), "line 1 ends with CR and LF")
    bad(
        "malformed",
        "no-such-day",
        header_with(cut, b"2026-11-23", b"2026-11-31"),
        "line 1 names a day that does not exist",
    )
    bad("wrong_kind", "other-kind", plan.other_kind, "a good file of another kind")
    bad(
        "altered",
        "line-1-time",
        header_with(cut, b"2026-11-23", b"2026-11-22"),
        "line 1 names another time than was signed",
    )
    bad("malformed", "line-2-no-list", replace(cut, roots=b"{}").join(), "line 2 is an object")
    bad("malformed", "line-2-numbers", replace(cut, roots=b"[1]").join(), "line 2 lists a number")
    bad("altered", "line-2-blank", replace(cut, roots=b"[ ]").join(), "line 2 has a blank")
    line = encode(good)
    spaced = put(line, b'"payload":', b'"payload": ')
    bad("altered", "line-3-blank", _with_line(cut, spaced), "line 3 has a blank")
    bad("malformed", "line-3-no-object", _with_line(cut, b"[]"), "line 3 is a list")
    bad(
        "malformed",
        "line-3-name-twice",
        _with_line(cut, line[:-1] + b',"payload":""}'),
        "a name stands twice in line 3",
    )
    bad("altered", "member-beside", replace(cut, envelope={**good, "note": 1}).join(), "an unsigned member in line 3")
    # Signature.
    bad(
        "altered",
        "signature-over-another",
        _resigned(cut, keys),
        "signatures that the right keys made over something else",
    )
    changed = surgery.changed_payload(good, b'"format":1', b'"format":9')
    bad(
        "altered", "manifest-changed", _enveloped(cut, changed), "one digit of the manifest changed under the signature"
    )
    bare = [surgery.signed_wrongly(good, key)["signatures"][0] for key in keys]
    bad("altered", "bare-signature", _enveloped(cut, {**good, "signatures": bare}), "signed over the bare payload")
    bad("unknown_issuer", "no-signature", _enveloped(cut, {**good, "signatures": []}), "not signed")
    bad("unknown_issuer", "wrong-key", _enveloped(cut, seal(good["payloadType"], surgery.payload_of(good), plan.wrong)),
        "signed by keys that may not")  # fmt: skip
    alien = seal(payload_type("allotment"), surgery.payload_of(good), keys)
    bad("wrong_kind", "signed-as-another", _enveloped(cut, alien), "signed as another kind")
    # Manifest.
    bad("unsupported_version", "format-2", cut.with_members(keys, format=2).join(), "the manifest is of format 2")
    bad("altered", "other-satellite-signed", cut.with_members(keys, satellite=world.OTHER_SATELLITE).join(),
        "line 1 names another satellite than the manifest")  # fmt: skip
    bad("altered", "other-epoch-signed", cut.with_members(keys, epoch=7).join(), "line 1 names another epoch")
    bad("altered", "other-number-signed", cut.with_members(keys, number=7).join(), "line 1 names another number")
    bad("altered", "other-line-2-signed", cut.with_members(keys, roots="0" * 64).join(), "another line 2 was signed")
    bad("malformed", "no-vendor", cut.without(keys, "vendor_id").join(), "the manifest names no vendor")
    bad("malformed", "zero-root-version", cut.with_members(keys, root_version=0).join(), "root version 0")
    twice = cut.signed(keys, lambda data: put(data, b'"format":1', b'"format":1,"format":1'))
    bad("malformed", "name-twice", twice.join(), "a name stands twice in the manifest")
    bad("altered", "byte-after", plan.good + b"\n", "one byte after the end")


def _with_line(cut: Cut, line: bytes) -> bytes:
    return b"\n".join((cut.header, cut.roots, line, cut.body))


def _enveloped(cut: Cut, envelope: JsonObject) -> bytes:
    beside = {"keys": cut.envelope["keys"]} if "keys" in cut.envelope else {}
    return replace(cut, envelope={**envelope, **beside}).join()


def _resigned(cut: Cut, keys: list[PrivateKey]) -> bytes:
    other = seal(cut.envelope["payloadType"], b"{}", keys)["signatures"]
    return _enveloped(cut, {**cut.envelope, "signatures": other})


def bodies(shelf: Shelf, plan: Plan, row: tuple[bytes, bytes]) -> None:
    """Faults of the body; `row` is a piece of a row and what makes it wrong."""
    cut, keys, bad = Cut.of(plan.good), plan.keys, shelf.bad
    text, rows = cut.text, cut.manifest["body"]["rows"]
    lines = text.splitlines(keepends=True)
    empty = cut.with_rows(keys, b"", [])
    shelf.good("no-rows", empty.join(), "a body without rows")
    spaced = cut.with_rows(keys, surgery.put(text, b'"kind":', b' "kind" : '))
    shelf.good("blanks-in-rows", spaced.join(), "blanks in a row")
    bad("truncated", "cut-in-body", plan.good[:-1], "the last byte of the body is missing")
    bad("truncated", "no-body", b"\n".join(plan.good.split(b"\n", 3)[:3]) + b"\n", "the body is missing")
    bad("altered", "body-bit", surgery.flip(plan.good, len(plan.good) - 12), "one bit of the body changed")
    bad("malformed", "no-gzip", cut.with_body(keys, b"{}\n").join(), "the signed body is no gzip")
    bad("truncated", "gzip-unfinished", cut.with_body(keys, cut.body[:-9]).join(), "the signed gzip ends too early")
    bad("malformed", "gzip-check", cut.with_body(keys, surgery.flip(cut.body, len(cut.body) - 8)).join(),
        "the check sum of the signed gzip is wrong")  # fmt: skip
    bad(
        "malformed",
        "gzip-twice",
        cut.with_body(keys, cut.body + surgery.stored(b"")).join(),
        "a second gzip member follows",
    )
    bad("malformed", "last-row-open", cut.with_rows(keys, text[:-1]).join(), "the last row has no line feed")
    kinds = [decode(line, max_bytes=1 << 20)["kind"] for line in lines]
    bad("malformed", "one-row-more", cut.with_rows(keys, text + lines[0], kinds).join(), "one row more than is counted")
    bad(
        "malformed",
        "one-row-less",
        cut.with_rows(keys, b"".join(lines[1:]), kinds).join(),
        "one row less than is counted",
    )
    bad(
        "malformed",
        "empty-row",
        cut.with_rows(keys, text + b"\n", [*kinds, "event"]).join(),
        "an empty line among the rows",
    )
    bad(
        "malformed",
        "row-no-object",
        cut.with_rows(keys, text + b"[]\n", [*kinds, "event"]).join(),
        "a row that is a list",
    )
    bad(
        "malformed",
        "row-without-kind",
        cut.with_rows(keys, text + b"{}\n", [*kinds, "event"]).join(),
        "a row without a kind",
    )
    alien = text + b'{"kind":"rumour"}\n'
    bad("malformed", "row-unknown", cut.with_rows(keys, alien, [*kinds, "rumour"]).join(), "a row of an unknown kind")
    bad("malformed", "row-wrong", cut.with_rows(keys, surgery.put(text, *row)).join(), "a row with a wrong value")
    long = encode({"kind": kinds[0], "x": "y" * 65_536}) + b"\n"
    bad("too_large", "row-too-long", cut.with_rows(keys, long).join(), "a row of more than 64 KiB")
    reply = {**cut.manifest["body"], "rows": rows - 1}
    bad("malformed", "rows-fewer", cut.with_members(keys, body=reply).join(), "the manifest says one row less")
    bad("malformed", "body-no-object", cut.with_members(keys, body=[1]).join(), "the manifest's body is a list")


def registrations() -> list[Vector]:
    """Every registration file."""
    keys, good = [world.IDENTITY, world.DEVICE_CA], world.REGISTRATION_FILE
    shelf = Shelf("registration", "pgx", {"root": FIRST})
    shared(shelf, Plan(good, keys, [world.STRANGER, world.OTHER_IDENTITY], world.sync_request()))
    cut = Cut.of(good)
    bad = shelf.bad
    bad("wrong_vendor", "other-vendor", good, "read by the central of another vendor", root=OTHER_ROOT)
    bad("lab_mismatch", "read-in-laboratory", good, "read in a laboratory", root=LAB_ROOT)
    laboratory = make_registration(replace(world.REGISTRATION, lab=True), *keys)
    bad("lab_mismatch", "from-laboratory", laboratory, "a laboratory's file")
    bad("too_large", "too-large", good + bytes(65_536), "more than 64 KiB")
    one = seal(cut.envelope["payloadType"], surgery.payload_of(cut.envelope), keys[:1])
    bad("unknown_issuer", "one-signature", _enveloped(cut, one), "signed by one of its two keys")
    swapped = {**cut.envelope, "keys": list(reversed(cut.envelope["keys"]))}
    bad("altered", "keys-swapped", replace(cut, envelope=swapped).join(), "the keys beside the envelope change places")
    same = {**cut.envelope, "keys": [cut.envelope["keys"][0]] * 2}
    bad("malformed", "same-key", replace(cut, envelope=same).join(), "one key twice beside the envelope")
    without = {name: value for name, value in cut.envelope.items() if name != "keys"}
    bad("malformed", "no-keys", replace(cut, envelope=without).join(), "no keys beside the envelope")
    signed = cut.with_members(keys, key=world.STRANGER.public.to_dict())
    bad("altered", "other-key-signed", signed.join(), "the manifest names another key than signed it")
    bad("malformed", "epoch-1", header_with(cut, b" 0/0 ", b" 1/0 "), "line 1 names an epoch")
    brought = replace(cut, roots=b"[" + world.NEXT_DOCUMENT + b"]")
    bad("malformed", "brings-a-root", brought.join(), "line 2 brings a root")
    body = surgery.stored(b"")
    packed = cut.with_members(keys, body={"sha256": "", "size": 0, "rows": 0, "counts": {}}).with_body(keys, body)
    bad("malformed", "with-body", packed.join(), "a body, which a registration has not")
    bad("malformed", "no-name", cut.with_members(keys, name="").join(), "an empty name")
    return shelf.vectors


def authorizations() -> list[Vector]:
    """Every authorization file."""
    context: JsonObject = {
        "root": FIRST,
        "satellite": world.SATELLITE,
        "pending": {world.REGISTRATION_DIGEST: world.NONCE},
        "lab": False,
        "now": NOW,
    }
    shelf = Shelf("authorization", "pgx", context)
    good = world.authorization()
    plan = Plan(good, [world.RESPONSE], [world.GRANTER], world.sync_response())
    shared(shelf, plan)
    bodies(shelf, plan, (b'"restricted":false', b'"restricted":null'))
    under_root(shelf, good, world.authorization)
    cut, keys, bad = Cut.of(good), [world.RESPONSE], shelf.bad
    bad("not_mine", "not-asked-for", good, "read where no registration waits", pending={})
    bad("not_mine", "other-nonce", good, "answers a registration with another nonce",
        pending={world.REGISTRATION_DIGEST: world.ident("another nonce")})  # fmt: skip
    strange = b64encode(world.satellite_identity(by=world.STRANGER))
    bad("unknown_issuer", "identity-by-stranger", cut.with_members(keys, identity_certificate=strange).join(),
        "the identity certificate is signed by a stranger")  # fmt: skip
    other = b64encode(world.satellite_identity(satellite=world.OTHER_SATELLITE))
    bad("wrong_satellite", "identity-of-another", cut.with_members(keys, identity_certificate=other).join(),
        "the identity certificate is another satellite's")  # fmt: skip
    of_central = b64encode(world.device_ca(satellite=None))
    bad("wrong_satellite", "ca-of-central", cut.with_members(keys, device_ca_certificate=of_central).join(),
        "the device CA is central's own")  # fmt: skip
    ca = b64encode(world.DEVICE_CA_DER)
    bad("malformed", "ca-as-identity", cut.with_members(keys, identity_certificate=ca).join(),
        "a CA in place of the identity")  # fmt: skip
    identity = b64encode(world.IDENTITY_DER)
    bad("malformed", "identity-as-ca", cut.with_members(keys, device_ca_certificate=identity).join(),
        "an identity in place of the CA")  # fmt: skip
    bad("malformed", "no-certificate", cut.with_members(keys, identity_certificate="AAAA").join(),
        "bytes that are no certificate")  # fmt: skip
    return shelf.vectors


def under_root(shelf: Shelf, good: bytes, make: Callable[..., bytes]) -> None:
    """Faults that authorization and response share: newer roots, role keys, recipient, time."""
    cut, keys, bad, put = Cut.of(good), [world.RESPONSE], shelf.bad, surgery.put
    roots = (world.NEXT_DOCUMENT,)
    brought = make(by=world.NEW_RESPONSE, roots=roots)
    shelf.good("newer-root", brought, "brings root 2 and is signed by a key that only root 2 names")
    bad(
        "unknown_issuer", "newer-root-missing", make(by=world.NEW_RESPONSE), "signed by a key that root 1 does not name"
    )
    third = sign_root(replace(world.NEXT_ROOT, version=3), TWO)
    bad("trust_needs_newer_root", "root-gap", make(roots=(third,)), "brings root 3 without root 2")
    forged = sign_root(world.NEXT_ROOT, [world.RESPONSE, world.GRANTER])
    bad("unknown_issuer", "forged-root", make(roots=(forged,)), "brings a root that role keys signed")
    stripped = replace(Cut.of(make(roots=roots)), roots=b"[]")
    bad("altered", "root-left-out", stripped.join(), "the newer root was taken out")
    added = replace(cut, roots=b"[" + world.NEXT_DOCUMENT + b"]")
    bad("altered", "root-put-in", added.join(), "a newer root was put in")
    bad("unknown_issuer", "revoked-key", make(by=world.REVOKED), "signed by a key that was revoked")
    bad("expired", "ended-key", make(by=world.ENDED), "signed by a key that had ended before")
    early = replace(cut.with_members(keys, created="2025-12-31T00:00:00Z"),
                    header=put(cut.header, b"2026-11-23T12", b"2025-12-31T00"))  # fmt: skip
    bad("not_yet_valid", "before-its-key", early.join(), "made before its key was valid")
    bad("wrong_satellite", "another-satellite", good, "read by another satellite", satellite=world.OTHER_SATELLITE)
    bad("lab_mismatch", "read-in-laboratory", good, "read by a machine of a laboratory", lab=True)
    other = cut.with_members(keys, vendor_id=world.ident("other vendor"))
    bad("wrong_vendor", "other-vendor", other.join(), "names another vendor")
    shelf.good("clock-behind", good, "made a day ahead of the reader's clock, as much as is borne",
               now=iso(world.MADE - timedelta(days=1)))  # fmt: skip
    bad("not_yet_valid", "from-the-future", good, "made more than a day ahead of the reader's clock",
        now=iso(world.MADE - timedelta(days=1, seconds=1)))  # fmt: skip

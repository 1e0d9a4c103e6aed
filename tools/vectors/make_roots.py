"""Root documents and walks from one to the next."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from exchange.canonical import JsonObject, decode, encode
from exchange.envelope import payload_type, seal
from exchange.keys import PrivateKey
from exchange.trust import ROOT_TYPE, RoleKey, Root, sign_root
from exchange.vocabulary import Role
from tools.vectors import surgery, world
from tools.vectors.model import Shelf, Vector

FIRST = "root/v1/first.json"
KEYS = world.ROOT_KEYS
TWO = KEYS[:2]


def _line(document: bytes) -> bytes:
    return document + b"\n"


def envelope(document: bytes = world.ROOT_DOCUMENT) -> JsonObject:
    """A root document as an object."""
    value: JsonObject = decode(document, max_bytes=1 << 20)
    return value


def _edited(old: bytes, new: bytes, document: bytes = world.ROOT_DOCUMENT) -> bytes:
    return _line(encode(surgery.raw(envelope(document), TWO, lambda data: surgery.put(data, old, new))))


def other_vendor() -> Root:
    """The root of another vendor, with keys of its own."""
    keys = tuple(world.key(f"other root {number}").public for number in (1, 2, 3))
    return replace(world.ROOT, vendor_id=world.ident("other vendor"), vendor_name="Other", root_keys=keys)


def other_vendor_keys() -> list[PrivateKey]:
    """The keys that sign the other vendor's root."""
    return [world.key(f"other root {number}") for number in (1, 2)]


LAB = replace(world.ROOT, lab=True)
OTHER_DOCUMENT = sign_root(other_vendor(), other_vendor_keys())


def make() -> list[Vector]:
    """Every root file."""
    return [*_first(), *_steps()]


def _first() -> list[Vector]:
    shelf = Shelf("root", "json", {})
    good = envelope()
    shelf.good("first", _line(world.ROOT_DOCUMENT), "signed by two of three root keys, as many as are needed")
    shelf.good("all-keys", _line(sign_root(world.ROOT, KEYS)), "signed by all three root keys")
    shelf.good("no-line-feed", world.ROOT_DOCUMENT, "without the line feed at the end")
    shelf.good(
        "and-a-stranger", _line(sign_root(world.ROOT, [*TWO, world.STRANGER])), "one more signature, of an unknown key"
    )
    shelf.good("laboratory", _line(sign_root(LAB, TWO)), "the root of a laboratory")
    shelf.good("other-vendor", _line(OTHER_DOCUMENT), "the root of another vendor")
    shelf.good("second", _line(world.NEXT_DOCUMENT), "version 2, signed by keys that both versions name")
    shelf.good(
        "unknown-member",
        _edited(b'"format":1', b'"format":1,"future":[1]'),
        "a member that version 1 does not know is passed over",
    )
    bad = shelf.bad
    bad(
        "unknown_issuer",
        "one-signature",
        _line(sign_root(world.ROOT, KEYS[:1])),
        "signed by one key where two are needed",
    )
    bad("unknown_issuer", "same-key-twice", _line(sign_root(world.ROOT, [KEYS[0], KEYS[0]])), "signed twice by one key")
    bad("unknown_issuer", "no-signature", _line(sign_root(world.ROOT, [])), "not signed")
    bad(
        "unknown_issuer",
        "strangers",
        _line(sign_root(world.ROOT, [world.STRANGER, world.DEVICE])),
        "signed by strangers",
    )
    changed = surgery.changed_payload(good, b"Example Products", b"Example Product5")
    bad("altered", "changed", _line(encode(changed)), "one letter of the vendor's name changed under the signatures")
    bad("altered", "other-signature", _flipped(good), "a signature that the same key made over something else")
    bad(
        "altered",
        "reformatted",
        b'{"payload": ' + world.ROOT_DOCUMENT[len(b'{"payload":') :] + b"\n",
        "one blank added",
    )
    bad("altered", "member-beside", _line(encode({**good, "note": 1})), "an unsigned member beside the envelope")
    bad("altered", "bare-signature", _line(encode(_bare(good))), "signatures over the bare payload, without its type")
    bad("wrong_kind", "another-type", _line(encode(_alien(good))), "signed as a grant")
    bad("unsupported_version", "newer-format", _edited(b'"format":1', b'"format":2'), "written in format 2")
    bad("unsupported_version", "demands-newer", _edited(b'"min_format":1', b'"min_format":2'), "demands format 2")
    bad("unsupported_version", "unknown-suite", _edited(b'"suite":1', b'"suite":2'), "a key of an unknown suite")
    bad(
        "malformed",
        "threshold-out-of-reach",
        _line(sign_root(replace(world.ROOT, threshold=4), KEYS)),
        "needs four of three",
    )
    bad("malformed", "threshold-zero", _edited(b'"threshold":2', b'"threshold":0'), "needs no signature at all")
    same = replace(world.ROOT, root_keys=(KEYS[0].public, KEYS[0].public, KEYS[1].public))
    bad("malformed", "same-root-key", _line(sign_root(same, TWO)), "names a root key twice")
    bad(
        "malformed",
        "name-twice",
        _edited(b'"lab":false', b'"lab":false,"lab":false'),
        "a name stands twice in the payload",
    )
    bad("malformed", "unknown-role", _edited(b'"role":"grant"', b'"role":"grunt"'), "a role that does not exist")
    bad(
        "malformed",
        "time-with-fraction",
        _edited(b"2036-01-01T00:00:00Z", b"2036-01-01T00:00:00.0Z"),
        "a time with a fraction",
    )
    bad(
        "malformed",
        "signatures-no-list",
        _line(encode({**good, "signatures": 5})),
        "a number in place of the signatures",
    )
    bad(
        "malformed",
        "too-many-signatures",
        _line(encode({**good, "signatures": good["signatures"] * 9})),
        "18 signatures",
    )
    bad("malformed", "no-json", b"root\n", "no JSON at all")
    bad(
        "too_large",
        "too-large",
        _line(encode({**good, "payload": good["payload"] + "A" * 262_144})),
        "longer than 256 KiB",
    )
    return shelf.vectors


def _flipped(good: JsonObject) -> bytes:
    first, second = good["signatures"]
    other = seal(ROOT_TYPE, b"{}", [KEYS[0]])["signatures"][0]
    return _line(encode({**good, "signatures": [{**first, "sig": other["sig"]}, second]}))


def _bare(good: JsonObject) -> JsonObject:
    return {**good, "signatures": [surgery.signed_wrongly(good, key)["signatures"][0] for key in TWO]}


def _alien(good: JsonObject) -> JsonObject:
    return seal(payload_type("grant"), surgery.payload_of(good), TWO)


def _steps() -> list[Vector]:
    shelf = Shelf("root-step", "json", {"root": FIRST})
    nxt, two = world.NEXT_ROOT, TWO
    third = replace(nxt, version=3)
    third_document = sign_root(third, [KEYS[0], KEYS[1]])
    shelf.good("next", _line(world.NEXT_DOCUMENT), "version 2 after version 1")
    both = _line(world.NEXT_DOCUMENT) + _line(third_document)
    shelf.good("two-steps", both, "versions 2 and 3 after version 1")
    shelf.good(
        "known-before", _line(world.ROOT_DOCUMENT) + _line(world.NEXT_DOCUMENT), "version 1 again, then version 2"
    )
    strangers = replace(world.ROOT, version=1, vendor_name="Elsewhere")
    old = sign_root(strangers, [world.STRANGER])
    shelf.good("known-number", _line(old), "a document of a version that is known changes nothing, whoever signed it")
    fresh = replace(nxt, root_keys=tuple(world.key(f"fresh {number}").public for number in (1, 2, 3)))
    fresh_keys = [world.key(f"fresh {number}") for number in (1, 2)]
    shelf.good("all-keys-change", _line(sign_root(fresh, [*TWO, *fresh_keys])), "both versions' thresholds have signed")
    bad = shelf.bad
    bad("trust_needs_newer_root", "gap", _line(third_document), "version 3 where version 2 is the next")
    bad(
        "trust_needs_newer_root",
        "backwards",
        _line(third_document) + _line(world.NEXT_DOCUMENT),
        "version 3 before version 2",
    )
    bad("unknown_issuer", "old-keys-missing", _line(sign_root(fresh, fresh_keys)), "signed by the new keys only")
    bad("unknown_issuer", "new-keys-missing", _line(sign_root(fresh, two)), "signed by the old keys only")
    bad(
        "unknown_issuer",
        "one-old-key",
        _line(sign_root(nxt, [KEYS[0], world.NEW_ROOT_KEY])),
        "one key of the old version only",
    )
    role = _line(sign_root(nxt, [world.RESPONSE, world.GRANTER]))
    bad("unknown_issuer", "role-keys", role, "signed by role keys, which may sign no root")
    lowered = replace(nxt, threshold=1)
    bad(
        "unknown_issuer",
        "lowered-by-one",
        _line(sign_root(lowered, KEYS[:1])),
        "a lower threshold, signed by that many",
    )
    other = replace(nxt, vendor_id=world.ident("other vendor"))
    bad("wrong_vendor", "other-vendor", _line(sign_root(other, two)), "names another vendor")
    bad("altered", "becomes-laboratory", _line(sign_root(replace(nxt, lab=True), two)), "becomes a laboratory's")
    stolen = RoleKey(Role.GRANT, world.STRANGER.public, world.MADE, world.MADE + timedelta(days=300))
    forged = seal(ROOT_TYPE, encode(replace(nxt, role_keys=(*nxt.role_keys, stolen)).to_dict()), [])
    taken = {**forged, "signatures": envelope(world.NEXT_DOCUMENT)["signatures"]}
    bad("altered", "added-role-key", _line(encode(taken)), "a role key added under the signatures")
    bad("malformed", "no-object", b"[]\n", "a list in place of a document")
    return shelf.vectors

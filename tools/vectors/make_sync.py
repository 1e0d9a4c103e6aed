"""Synchronization requests and responses."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from exchange.canonical import JsonObject, encode, iso
from tools.vectors import surgery, world
from tools.vectors.make_files import NOW, Plan, bodies, header_with, shared, under_root
from tools.vectors.make_roots import FIRST
from tools.vectors.make_tables_of_rows import tables
from tools.vectors.model import Shelf, Vector
from tools.vectors.surgery import Cut


def requests() -> list[Vector]:
    """Every synchronization request."""
    context: JsonObject = {
        "keys": [world.IDENTITY.public.to_dict()],
        "vendor_id": world.VENDOR,
        "satellite": world.SATELLITE,
        "now": NOW,
    }
    shelf = Shelf("sync-request", "pgx", context)
    good, keys = world.sync_request(), [world.IDENTITY]
    plan = Plan(good, keys, [world.OTHER_IDENTITY], world.sync_response())
    shared(shelf, plan)
    bodies(shelf, plan, (b'"count":2', b'"count":-2'))
    cut, bad = Cut.of(good), shelf.bad
    renewed = replace(
        world.SYNC_REQUEST, next_key=world.OTHER_IDENTITY.public, next_device_ca_key=world.STRANGER.public, head=None
    )
    shelf.good("next-keys", world.sync_request(renewed), "offers new keys and carries no head")
    _row_faults(shelf, cut)
    _usage(shelf)
    _conversion(shelf)
    tables(shelf, cut)
    bad("wrong_satellite", "another-satellite", good, "read as another satellite's", satellite=world.OTHER_SATELLITE)
    renamed = header_with(cut, world.SATELLITE.encode(), world.OTHER_SATELLITE.encode())
    bad("wrong_satellite", "line-1-satellite", renamed, "line 1 names another satellite")
    bad("unknown_issuer", "unknown-satellite", good, "read where no key of the satellite is known", keys=[])
    bad("wrong_vendor", "other-vendor", good, "read by the central of another vendor", vendor_id=world.ident("x"))
    brought = replace(cut, roots=b"[" + world.NEXT_DOCUMENT + b"]")
    bad("malformed", "brings-a-root", brought.join(), "line 2 brings a root")
    bad("altered", "line-1-number", header_with(cut, b" 1/1 ", b" 1/2 "), "line 1 names another number than was signed")
    shelf.good("clock-ahead", good, "a day ahead of the reader's clock", now=iso(world.MADE - timedelta(days=1)))
    late = iso(world.MADE - timedelta(days=1, seconds=1))
    bad("not_yet_valid", "from-the-future", good, "more than a day ahead of the reader's clock", now=late)
    bad("malformed", "empty-chain", cut.with_members(keys, chain=[]).join(), "names nothing that it follows")
    bad("malformed", "bad-digest", cut.with_members(keys, applied={"epoch": 1, "rseq": 0, "digest": "x"}).join(),
        "a digest that is none")  # fmt: skip
    bad("unsupported_version", "unknown-suite", cut.with_members(keys, next_key={"suite": 2, "public": "AAAA"}).join(),
        "offers a key of an unknown suite")  # fmt: skip
    return shelf.vectors


def _usage(shelf: Shelf) -> None:
    good, keys = world.sync_request(more=(world.USAGE_ROW,)), [world.IDENTITY]
    shelf.good("usage", good, "measured use of a month")
    cut = Cut.of(good)
    for name, old, new, done in (
        ("usage-month", b'"month":"2026-11"', b'"month":"2026-13"', "a month that there is not"),
        ("usage-time", b'"unit_seconds":7257600', b'"unit_seconds":8035201', "more unit seconds than a month has"),
        ("usage-count", b'"count":3', b'"count":0', "a month without use"),
    ):
        changed = cut.with_rows(keys, surgery.put(cut.text, old, new)).join()
        shelf.bad("malformed", f"row-{name}", changed, done)


def _conversion(shelf: Shelf) -> None:
    good, keys = world.sync_request(more=(world.CONVERSION_ROW,)), [world.IDENTITY]
    shelf.good("conversion", good, "a device's request to convert its classic licences")
    cut = Cut.of(good)
    nothing = surgery.put(cut.text, encode(world.CONVERSION_ROW.statement), b"null")
    bad = cut.with_rows(keys, nothing).join()
    shelf.bad("malformed", "row-conversion", bad, "a request for conversion without what the device signed")


def _row_faults(shelf: Shelf, cut: Cut) -> None:
    keys, bad, put = [world.IDENTITY], shelf.bad, surgery.put
    foreign = put(cut.text, b'{"at":', b'{"name":"x","pid":"y","family":"z","tag":"t","kind":"product"}\n{"at":')
    bad("malformed", "row-of-a-response", cut.with_rows(keys, foreign).join(), "a row that only a response holds")
    lacking = put(cut.text, f'"key_hash":"{world.DEVICE.public.key_hash}",'.encode(), b"")
    shelf.good("key-without-hash", cut.with_rows(keys, lacking).join(), "an instance whose hash follows from its key")
    neither = put(lacking, encode(world.DEVICE.public.to_dict()), b"null")
    bad("malformed", "no-key-no-hash", cut.with_rows(keys, neither).join(), "an instance without key and hash")
    other = put(cut.text, f'"key_hash":"{world.DEVICE.public.key_hash}"'.encode(), b'"key_hash":"' + b"0" * 64 + b'"')
    bad("malformed", "key-and-hash", cut.with_rows(keys, other).join(), "an instance whose key is not that of its hash")
    for name, old, new, done in (
        ("instance-state", b'"state":"active"', b'"state":"asleep"', "an unknown state"),
        ("token-hash", b'"max_uses":5', b'"max_uses":0', "a token that may be used at most 0 times"),
        ("event-time", b'"removed":false', b'"removed":"no"', "a text in place of false"),
        ("delivery-state", b'"delivered"', b'"lost"', "an unknown state of a grant"),
        ("empty-tag", b'"kind":"claim","since":"2026-11-23T12:00:00Z","tag":"', b'"kind":"claim","since":"2026-11-23T12:00:00Z","tag":"","x":"', "a claim without a tag"),
    ):  # fmt: skip
        bad("malformed", f"row-{name}", cut.with_rows(keys, put(cut.text, old, new)).join(), done)
    twice = put(cut.text, b'"count":2', b'"count":2,"count":3')
    kinds = [name for name, number in cut.manifest["body"]["counts"].items() for _ in range(number)]
    bad("malformed", "row-name-twice", cut.with_rows(keys, twice, kinds).join(), "a name stands twice in a row")


def responses() -> list[Vector]:
    """Every synchronization response."""
    context: JsonObject = {"root": FIRST, "satellite": world.SATELLITE, "lab": False, "now": NOW}
    shelf = Shelf("sync-response", "pgx", context)
    good, keys = world.sync_response(), [world.RESPONSE]
    plan = Plan(good, keys, [world.GRANTER], world.sync_request())
    shared(shelf, plan)
    bodies(shelf, plan, (b'"restricted":false', b'"restricted":0'))
    under_root(shelf, good, world.sync_response)
    cut, bad = Cut.of(good), shelf.bad
    long = replace(cut, roots=b"[" + b" " * 524_288 + b"]")
    bad("too_large", "line-2-too-long", long.join(), "line 2 is longer than 512 KiB")
    many = replace(cut, roots=b"[" + b",".join([b"{}"] * 65) + b"]")
    bad("too_large", "too-many-roots", many.join(), "line 2 brings 65 documents")
    deep = replace(cut, roots=b"[" + b'{"a":' * 16 + b"1" + b"}" * 16 + b"]")
    bad("malformed", "line-2-too-deep", deep.join(), "line 2 is nested in 17 levels")
    foreign = cut.text + b'{"kind":"grant_state"}\n'
    bad("malformed", "row-of-a-request", cut.with_rows(keys, foreign).join(), "a row that only a request holds")
    bad("malformed", "answers-none", cut.with_members(keys, answers_seq=0).join(), "answers request number 0")
    bad("malformed", "no-head", cut.with_members(keys, head=None).join(), "carries no head")
    zero = replace(world.SYNC_RESPONSE, rseq=0)
    bad("malformed", "number-0", world.sync_response(zero), "has number 0, which is the authorization's")
    decided = surgery.put(surgery.Cut.of(world.authorization()).text, b'"state":"granted"', b'"state":"perhaps"')
    line = next(each for each in decided.splitlines(keepends=True) if b'"kind":"export_decision"' in each)
    result = encode(world.CONVERSION_RESULT.to_dict()) + b"\n"
    shelf.good("conversion", cut.with_rows(keys, cut.text + result).join(), "what became of a device's conversion")
    for name, old, new, done in (
        ("conversion-state", b'"state":"partly_converted"', b'"state":"pending"', "a result that still waits"),
        ("conversion-reason", b'"reason":"not_listed"', b'"reason":"mood"', "an unknown reason"),
        ("conversion-count", b'"converted":0', b'"converted":4', "more converted than there were"),
        ("conversion-full", b'"reason":"not_listed"', b'"reason":null', "units that are left without a reason"),
    ):
        changed = cut.text + surgery.put(result, old, new)
        bad("malformed", f"row-{name}", cut.with_rows(keys, changed).join(), done)
    bad("malformed", "row-decision", cut.with_rows(keys, cut.text + line).join(), "a decision of an unknown state")
    return shelf.vectors

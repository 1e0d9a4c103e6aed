"""The cases of the tables."""

from __future__ import annotations

from itertools import product

from exchange.canonical import JsonObject, b64encode, encode
from tools.vectors import world
from tools.vectors.model import Shelf, Vector

E1, E2 = world.ident("epoch"), world.ident("second epoch")
_READS: tuple[tuple[str, bytes], ...] = (
    ("canonical", b'{"a":[1,-7,true,false,null],"b":"x"}'),
    ("blanks between values are read", b' {"a" : 1}\n'),
    ("order of names is free when reading", b'{"b":1,"a":2}'),
    ("escaped tab and line feed", b'"a\\tb\\nc"'),
    ("letters outside ASCII", '"größer – 漢字 😀"'.encode()),
    ("escaped pair of surrogates", b'"\\ud83d\\ude00"'),
    ("largest integers", b"[9007199254740991,-9007199254740991]"),
    ("sixteen levels", b"[" * 16 + b"]" * 16),
    ("brackets in a string are no levels", b'["' + b"[" * 40 + b'"]'),
    ("escaped quotation mark before brackets", b'["\\"' + b"[" * 40 + b'"]'),
    ("a value that is no object", b"null"),
    ("nothing", b""),
    ("name twice", b'{"a":1,"a":1}'),
    ("name twice deep inside", b'[{"x":{"a":1,"a":2}}]'),
    ("fraction", b"[1.0]"),
    ("exponent", b"[1e3]"),
    ("not a number", b"[NaN]"),
    ("infinity", b"[Infinity]"),
    ("minus infinity", b"[-Infinity]"),
    ("minus zero", b"[-0]"),
    ("leading zero", b"[01]"),
    ("integer one too large", b"[9007199254740992]"),
    ("integer one too small", b"[-9007199254740992]"),
    ("integer of many digits", b"[" + b"9" * 400 + b"]"),
    ("seventeen levels", b"[" * 17 + b"]" * 17),
    ("byte order mark", b"\xef\xbb\xbf[]"),
    ("another encoding", "[]".encode("utf-16-le")),
    ("bytes that are no UTF-8", b'["\xff"]'),
    ("overlong UTF-8", b'["\xc0\xaf"]'),
    ("surrogate in UTF-8", b'["\xed\xa0\x80"]'),
    ("lone surrogate, escaped", b'["\\ud800"]'),
    ("null character, escaped", b'["\\u0000"]'),
    ("carriage return, escaped", b'["a\\rb"]'),
    ("delete character", b'["\x7f"]'),
    ("raw line feed in a string", b'["a\nb"]'),
    ("decomposed letter", '["u\u0308"]'.encode()),
    ("decomposed letter in a name", '{"u\u0308":1}'.encode()),
    ("comma at the end", b"[1,]"),
    ("single quotation marks", b"['a']"),
    ("comment", b"[1/*2*/]"),
    ("two values", b"[] []"),
    ("unfinished", b'{"a":'),
    ("control character in a name", b'{"a\\u0007":1}'),
)
_WRITES: tuple[object, ...] = (
    {},
    [],
    None,
    {"b": 1, "a": [True, False, None, -1], "ä": "ö", "Z": {"😀": 1, "\uffee": 2}},
    'quotation " and backslash \\ and / slash',
    "tab\tand line\nfeed",
    "größer – 漢字 😀",
)


def make() -> list[Vector]:
    """Every table."""
    shelf = Shelf("tables", "json", {})
    for name, done, cases in (
        ("canonical-read", "which bytes are JSON of this format", _reads()),
        ("canonical-write", "SHA-256 of the canonical bytes of a value", [{"value": value} for value in _WRITES]),
        ("signed-bytes", "SHA-256 of the bytes that are signed; lengths count bytes, not letters", _signed()),
        ("request-order", "what a request is to central", _requests()),
        ("response-order", "what a response is to a satellite", _responses()),
        ("pool", "balance and compliance of a pool", _pools()),
        ("lots", "what counts as purchased, and which lots are taken first", _lot_cases()),
        ("expiry", "the warning step of a term", _expiries()),
        ("counter", "what the number of a device's message means", _counters()),
    ):
        shelf.good(name, encode({"table": name, "cases": cases}) + b"\n", done)
    return shelf.vectors


def _reads() -> list[JsonObject]:
    cases: list[JsonObject] = [{"name": name, "bytes": b64encode(data)} for name, data in _READS]
    over: JsonObject = {"name": "one byte over the limit", "bytes": b64encode(b'["abcdefgh"]'), "max_bytes": 11}
    return [*cases, over]


def _signed() -> list[JsonObject]:
    kinds = ("application/vnd.perigee.grant.v1+json", "", "größe")
    return [{"type": kind, "payload": b64encode(data)} for kind in kinds for data in (b"", b"{}", "ä".encode())]


def _digest(name: str) -> str:
    return world.ident(name) * 2


def _requests() -> list[JsonObject]:
    known: JsonObject = {
        "epoch": 2,
        "epoch_id": E2,
        "last_seq": 3,
        "last_rseq": 3,
        "answered": [[2, 0, _digest("zero")], [2, 1, _digest("one")], [2, 3, _digest("three")], [1, 9, _digest("old")]],
        "named": [[2, 2, _digest("two")]],
    }
    new: JsonObject = {
        "known": known,
        "epoch": 2,
        "epoch_id": E2,
        "seq": 4,
        "digest": _digest("four"),
        "chain": [{"epoch": 2, "seq": 3, "digest": _digest("three")}],
        "head": {"epoch": 2, "epoch_id": E2, "seq": 3, "rseq": 3},
    }
    head = new["head"]
    return [
        {**new, "name": "the next"},
        {**new, "name": "the next without a head", "head": None},
        {**new, "name": "one later that names the one between", "seq": 5,
         "chain": [*new["chain"], {"epoch": 2, "seq": 4, "digest": _digest("four")}], "digest": _digest("five")},
        {**new, "name": "the last again", "seq": 3, "digest": _digest("three")},
        {**new, "name": "an earlier one again", "seq": 1, "digest": _digest("one")},
        {**new, "name": "one that only a later one named", "seq": 2, "digest": _digest("two")},
        {**new, "name": "another with a number that was used", "seq": 3, "digest": _digest("other three")},
        {**new, "name": "another with a number that was named", "seq": 2, "digest": _digest("other two")},
        {**new, "name": "one that follows another last", "chain": [{"epoch": 2, "seq": 3, "digest": _digest("x")}]},
        {**new, "name": "one that does not name the last", "chain": [{"epoch": 2, "seq": 2, "digest": _digest("two")}]},
        {**new, "name": "one of the epoch before", "epoch": 1, "epoch_id": E1},
        {**new, "name": "an answered one of the epoch before", "epoch": 1, "epoch_id": E1, "seq": 9,
         "digest": _digest("old")},
        {**new, "name": "one of another epoch of the same number", "epoch_id": E1},
        {**new, "name": "one of an epoch to come", "epoch": 3, "epoch_id": E1},
        {**new, "name": "a head beyond what central knows", "head": {**head, "seq": 9, "rseq": 9}},
        {**new, "name": "a head of an epoch to come", "head": {**head, "epoch": 3, "epoch_id": E1}},
        {**new, "name": "a head of an epoch before", "head": {**head, "epoch": 1, "epoch_id": E1, "rseq": 90}},
        {**new, "name": "a head with more requests but no more responses", "head": {**head, "seq": 9}},
    ]  # fmt: skip


def _responses() -> list[JsonObject]:
    new: JsonObject = {
        "applied": {"epoch": 2, "rseq": 3, "digest": _digest("three")},
        "own_requests": {_digest("request four"): 4, _digest("request two"): 2},
        "own_epoch_id": E2,
        "epoch": 2,
        "epoch_id": E2,
        "rseq": 4,
        "answers_seq": 4,
        "answers_digest": _digest("request four"),
        "base": {"epoch": 2, "rseq": 3, "digest": _digest("three")},
        "digest": _digest("four"),
    }
    return [
        {**new, "name": "the next"},
        {**new, "name": "one that leaves some out", "rseq": 7},
        {**new, "name": "one with an older base", "base": {"epoch": 2, "rseq": 1, "digest": _digest("one")}},
        {**new, "name": "one whose base is of the epoch before", "base": {"epoch": 1, "rseq": 9, "digest": _digest("z")}},
        {**new, "name": "one whose base was not applied", "base": {"epoch": 2, "rseq": 4, "digest": _digest("x")}},
        {**new, "name": "the applied one again", "rseq": 3, "digest": _digest("three")},
        {**new, "name": "another with the number of the applied one", "rseq": 3, "digest": _digest("other three")},
        {**new, "name": "an older one", "rseq": 2, "answers_seq": 2, "answers_digest": _digest("request two")},
        {**new, "name": "one that answers nothing of this machine", "answers_digest": _digest("request five")},
        {**new, "name": "one that answers by a wrong number", "answers_seq": 2},
        {**new, "name": "one of the epoch before", "epoch": 1, "epoch_id": E1},
        {**new, "name": "one of an epoch to come", "epoch": 3, "epoch_id": E1},
        {**new, "name": "one of another epoch of the same number", "epoch_id": E1},
    ]  # fmt: skip


def _pools() -> list[JsonObject]:
    flags = product((False, True), repeat=2)
    figures = ((10, 4), (10, 10), (10, 11), (0, 0), (0, 3))
    cases: list[JsonObject] = []
    for reporting, usage in flags:
        for bought, used in figures:
            cases.append({"purchased": bought, "in_use": used, "reporting_only": reporting, "by_usage": usage})
    return [*cases, {"purchased": 5, "in_use": 5, "reserved": 3, "pending": 2}]


def _lot(name: str, kind: str, quantity: int, start: str | None, end: str | None) -> JsonObject:
    return {"id": name, "licence_type": kind, "quantity": quantity, "start": start, "end": end}


def _lot_cases() -> list[JsonObject]:
    now = "2026-11-24T12:00:00Z"
    lots = [
        _lot("a", "term", 5, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        _lot("b", "term", 5, "2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z"),
        _lot("c", "perpetual", 2, None, None),
        _lot("d", "term", 5, "2025-01-01T00:00:00Z", now),
        _lot("e", "term", 5, "2026-11-24T12:00:01Z", "2027-11-24T12:00:01Z"),
        _lot("f", "term", 5, now, "2027-01-01T00:00:00Z"),
        _lot("g", "demo", 1, "2026-11-01T00:00:00Z", "2026-12-31T00:00:00Z"),
        _lot("h", "reporting_only", 9, None, None),
        _lot("i", "term", 0, None, "2030-01-01T00:00:00Z"),
    ]
    return [{"lots": lots, "wanted": wanted, "now": now} for wanted in (0, 1, 3, 14, 20, 100)]


def _expiries() -> list[JsonObject]:
    now = "2026-11-24T12:00:00Z"
    ends = ("2027-02-22T12:00:01Z", "2027-02-22T12:00:00Z", "2026-12-24T12:00:00Z", "2026-12-24T12:00:01Z",
            "2026-11-26T00:00:00Z", "2026-11-24T12:00:01Z", now, "2026-11-24T11:00:00Z")  # fmt: skip
    return [{"end": end, "now": now} for end in ends]


def _counters() -> list[JsonObject]:
    one, two = _digest("message one"), _digest("message two")
    return [
        {"last": last, "last_digest": last_digest, "counter": counter, "digest": digest}
        for last, last_digest, counter, digest in (
            (0, None, 1, one), (7, one, 8, two), (7, one, 90, two), (7, one, 7, one), (7, one, 7, two), (7, one, 6, one),
            (7, None, 7, one),
        )
    ]  # fmt: skip

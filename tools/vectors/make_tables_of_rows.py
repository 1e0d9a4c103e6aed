"""Requests whose rows stand in tables: every form of a column, and what is no table."""

from __future__ import annotations

from datetime import timedelta

from exchange.canonical import JsonObject, decode, encode, iso
from exchange.container_writing import Lines
from exchange.files.packing import ClaimText, EventText, InstanceText, claim_lines, event_lines, instance_lines
from exchange.identity import Udi
from tools.vectors import surgery, world
from tools.vectors.model import Shelf
from tools.vectors.surgery import Cut

COUNT = 9
KEYS = [world.IDENTITY]
FIRST = iso(world.MADE)


def tables(shelf: Shelf, cut: Cut) -> None:
    """Good and faulty bodies with tables."""
    usual = b"".join(lines.data for lines in _usual())
    shelf.good("tables", cut.with_rows(KEYS, usual).join(), f"{COUNT} devices, their claims and events in tables")
    shelf.good("table-forms", cut.with_rows(KEYS, _all_forms()).join(), "every form of a column")
    shelf.good("tables-and-rows", cut.with_rows(KEYS, usual + cut.text).join(), "rows after tables")
    shelf.good("events-elsewhere", cut.with_rows(KEYS, _elsewhere()).join(), "events that say where they happened")
    shelf.good("sets", cut.with_rows(KEYS, _sets([1, None])).join(), "a set whose standbys have keys of their own")
    shelf.bad("malformed", "sets-short", cut.with_rows(KEYS, _sets([1])).join(), "fewer keys than standbys")
    shelf.good(
        "detached", cut.with_rows(KEYS, _detached(world.ident("term"))).join(), "a device whose term runs, among others"
    )
    shelf.bad("malformed", "detached-without-id", cut.with_rows(KEYS, _detached(None)).join(), "a term without an id")
    _faults(shelf, cut)


def _detached(term: str | None) -> bytes:
    """Devices of which one is detached."""
    device, *others = _devices()
    away = device._replace(detached_until=world.MADE + timedelta(days=60), detached_term=term)
    ((_, lines),) = instance_lines([away, *others])
    return lines.data


def _sets(keys: list[int | None]) -> bytes:
    """Devices of which one is a set; `keys` says which of its two standbys have the key of another device."""
    device, *others = _devices()
    standbys = encode([{"pid": "PX-0", "serial": "B1"}, {"pid": "PX-0", "serial": "B2"}]).decode()
    beside = encode([world.STRANGER.public.to_dict() if key else None for key in keys]).decode()
    ((_, lines),) = instance_lines([device._replace(standbys=standbys, standby_keys=beside), *others])
    return lines.data


def _elsewhere() -> bytes:
    """Events of a device that moved: in another virtual account, where it is now, and one with a value that says nothing."""
    subjects: list[JsonObject] = [
        {"virtual_account": world.ident("virtual account before")},
        {},
        {"virtual_account": 7},
    ]
    (device, *_) = _usual()
    columns: JsonObject = {
        "id": [world.ident(f"event elsewhere {number}") for number in range(3)],
        "instance": {"as": "instance.id"},
        "message": ["before", "since", "somewhere"],
        "subject": list(subjects),
    }
    return device.data + _event(columns, 3, about=[0, 0, 0])


def _usual() -> list[Lines]:
    """What a satellite writes of some devices."""
    devices, happened = _devices(), []
    for number, row in enumerate(devices):
        subject = encode(
            {
                "instance": row.id,
                **{name: decode(row.udi.encode(), max_bytes=1 << 10)[name] for name in ("pid", "serial")},
            }
        ).decode()
        message = f"product instance gerät-{number} added"
        happened.append(EventText(world.ident(f"event {number}"), 10 + 3 * number, row.registered_at, "instance:added", "device", message, row.id, subject))  # fmt: skip
    ((about, lines),) = instance_lines(devices)
    claimed = [ClaimText(row.id, world.PLAIN_TAG, 1, world.MADE) for row in devices[1:]]
    return [lines, *claim_lines(claimed, about), *event_lines(happened, about)]


def _devices() -> list[InstanceText]:
    devices = []
    for number in range(COUNT):
        of, udi = world.ident(f"device {number}"), Udi(f"PX-{number % 2}", f"S{number}", vid="V01")
        at = world.MADE - timedelta(minutes=7 * number)
        key = world.DEVICE.public if number else world.STRANGER.public
        stored = {"udi": encode(udi.to_dict()).decode(), "device_key": encode(key.to_dict()).decode()}
        expires = at + timedelta(days=365)
        row = InstanceText(
            of, f"gerät-{number}", stored["udi"], udi.pid, "17.9", f"10.0.0.{number}", None, world.POOL, at, world.MADE,
            expires, "active", export_allowed=False, key_hash=key.key_hash, device_key=stored["device_key"], token=None,
            standbys="[]", marks="[]", removed=False,
        )  # fmt: skip
        devices.append(row)
    return devices


def _event(columns: JsonObject, count: int = 2, **more: object) -> bytes:
    beside: JsonObject = {"id": {"hex": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}} if count == 2 else {}
    rest = {
        "at": {"all": FIRST},
        "event": {"all": "e"},
        "actor": {"all": "a"},
        "message": ["m", "n"],
        "subject": {"all": {}},
    }
    return encode({"kind": "event", "table": count, "columns": {**beside, **rest, **columns}, **more}) + b"\n"


def _all_forms() -> bytes:
    instances, *_ = _usual()
    first = _event(
        {
            "message": {"of": ["gone", "come"], "at": [1, 0]},
            "number": {"steps": [7, -3]},
            "at": {"since": FIRST, "plus": [0, -61]},
            "instance": [None, world.INSTANCE],
            "subject": {"members": {"deep": {"members": {"b": {"base64": "AAEC/w=="}}}, "at": {"as": "at", "plus": 1}}},
            "passed_over": {"as": "at", "plus": [1, 2]},
        }
    )
    second = _event(
        {
            "instance": {"as": "instance.id"},
            "actor": {"as": "instance.udi.serial", "before": "<", "after": "> ü"},
            "event": {"as": "subject.word"},
            "subject": {"members": {"word": ["x", "y"], "none": {"members": {}}}},
        },
        about=[4, 4],
        passed_over=1,
    )
    return first + instances.data + second


def _faults(shelf: Shelf, cut: Cut) -> None:
    instances, claims, _ = _usual()
    udi = {"members": {"pid": {"all": "P"}, "serial": ["a", "b"]}}
    wrong: dict[str, tuple[bytes, str]] = {
        "no-rows": (_event({}, 0), "a table of no rows"),
        "many-rows": (_event({"message": {"all": "m"}, "id": {"all": "0" * 32}}, 1001), "a table of 1001 rows"),
        "no-columns": (b'{"kind":"event","table":2}\n', "a table without columns"),
        "kind": (_event({"kind": {"all": "event"}}), "a column named kind"),
        "columns": (_event({f"c{n}": {"all": 0} for n in range(59)}), "65 columns"),
        "short": (_event({"message": ["m"]}), "a value too few"),
        "form": (_event({"message": {"all": "m", "of": []}}), "a form that nobody knows"),
        "plain": (_event({"message": "m"}), "a column that is a text"),
        "unknown-member": (_event({"passed_over": {}}), "no form in a column that no row needs"),
        "place": (_event({"message": {"of": ["m"], "at": [0, 1]}}), "a place that is not there"),
        "place-below": (_event({"message": {"of": ["m"], "at": [0, -1]}}), "a place before the first"),
        "place-flag": (_event({"message": {"of": ["m", "n"], "at": [0, True]}}), "a flag in place of a place"),
        "shares": (_event({"id": {"hex": "AAEC"}}), "three bytes for two rows"),
        "no-bytes": (_event({"message": {"base64": ""}}), "no bytes"),
        "base64": (_event({"message": {"base64": "AAEC/x=="}}), "unused bits that are not zero"),
        "year": (_event({"at": {"since": "9999-12-31T23:59:59Z", "plus": [0, 1]}}), "a time of the year 10000"),
        "chain": (_event({"event": {"as": "actor"}, "actor": {"as": "message"}}), "a path to a column with a path"),
        "itself": (_event({"event": {"as": "event"}}), "a path to itself"),
        "nowhere": (_event({"event": {"as": "nothing"}}), "a path to nothing"),
        "into": (_event({"event": {"as": "subject.a"}, "subject": {"all": {"a": "x"}}}), "a path into a value"),
        "members": (_event({"event": {"as": "subject"}, "subject": udi}), "a path to members"),
        "no-text": (_event({"event": {"as": "number", "before": "", "after": ""}, "number": [1, 2]}), "a number in a text"),
        "not-nfc": (_event({"event": {"as": "message", "before": "", "after": "\u0301"}}).replace(b'"m"', b'"e"'), "a text that is put together and not in NFC"),
        "about-none": (_event({}, about=[0, 0]), "about instances that are not there"),
        "about-more": (instances.data + _event({}, about=True), "about all instances, which are more"),
        "about-place": (instances.data + _event({}, about=[0, COUNT]), "about an instance that is not there"),
        "instance-path": (instances.data + _event({"event": {"as": "instance.name"}}, about=[0, 1]), "a path to nothing of an instance"),
        "without-about": (instances.data + _event({"instance": {"as": "instance.id"}}), "a path to an instance without about"),
        "row": (instances.data + surgery.put(claims.data, b'"all":1', b'"all":-1'), "a claim of less than nothing in a table"),
    }  # fmt: skip
    for name, (text, done) in wrong.items():
        found = [decode(line, max_bytes=1 << 24) for line in text.splitlines()]
        kinds = [row["kind"] for row in found for _ in range(row["table"])]
        shelf.bad("malformed", f"table-{name}", cut.with_rows(KEYS, text, kinds or ["event"]).join(), done)
    past = _event({"message": {"all": "m"}, "id": {"all": "0" * 32}, "more": {"all": "x" * 50_000}}, 1000)
    shelf.bad(
        "too_large",
        "tables-too-large",
        cut.with_rows(KEYS, past, ["event"] * 1000).join(),
        "tables that unroll to more than the body may",
    )
    text = instances.data + claims.data
    shelf.bad(
        "malformed",
        "table-counted-once",
        cut.with_rows(KEYS, text, ["instance", "claim"]).join(),
        "tables counted as one row each",
    )

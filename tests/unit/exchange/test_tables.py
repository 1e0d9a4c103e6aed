"""Tables say exactly what their rows would say, whichever way they are written and read."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange import limits
from exchange.canonical import JsonObject, encode, iso
from exchange.container import OpenedFile
from exchange.container_parts import Body
from exchange.container_writing import Lines
from exchange.errors import ExchangeError, MalformedError, TooLargeError
from exchange.files.fast_rows import _QUICK, read_rows
from exchange.files.packing import (
    FEW,
    ClaimText,
    EventText,
    InstanceText,
    claim_lines,
    event_lines,
    instance_lines,
)
from exchange.files.rows import ClaimRow, EventRow, InstanceRow, RequestRow, read_request_row
from exchange.identity import Udi
from exchange.keys import PublicKey
from exchange.tables import Block, TableReader
from exchange.vocabulary import InstanceState
from tests.format.reader_tables import unrolled
from tests.format.reader_values import Refused

ids = st.binary(min_size=16, max_size=16).map(bytes.hex)
times = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)).map(  # noqa: DTZ001 - the zone comes next
    lambda at: at.replace(microsecond=0, tzinfo=UTC)
)
plain = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
# Quotation marks, backslashes, line feeds, letters with marks: what no way may stumble over.
texts = st.one_of(
    plain, st.sampled_from(["", 'a "b"', "c\\d", "tab\tand\nline", "Zürich", "名前", "a" * 1024, "/\u2028"])
)
names = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
keys = st.binary(min_size=32, max_size=32).map(PublicKey)
udis = st.builds(Udi, names, names, *([st.none() | names | st.just("Gerät 1")] * 5))
flags = st.booleans()
members = st.dictionaries(
    texts, st.none() | flags | st.integers(-(10**9), 10**12) | texts | st.lists(plain), max_size=4
)


@st.composite
def instances(draw: Any) -> InstanceRow:
    """Any instance."""
    key = draw(keys)
    standbys = tuple(draw(st.lists(udis, max_size=2)))
    beside = tuple(draw(st.sampled_from([None, key])) for _ in standbys)
    return InstanceRow(
        draw(ids),
        draw(st.none() | texts),
        draw(udis),
        draw(st.none() | texts),
        draw(st.none() | texts),
        draw(st.none() | texts),
        draw(st.none() | texts),
        draw(ids),
        draw(times),
        draw(times),
        draw(times),
        draw(st.sampled_from(InstanceState)),
        draw(flags),
        key.key_hash,
        draw(st.sampled_from([None, key])),
        draw(st.none() | ids),
        standbys,
        tuple(draw(st.lists(plain, max_size=2))),
        draw(flags),
        beside if any(beside) else (),
    )


claims = st.builds(ClaimRow, ids, texts.filter(bool), st.integers(0, 10**9), times)
events = st.builds(
    EventRow, ids, times, texts, texts, texts, st.none() | ids, members, st.none() | st.integers(0, limits.JSON_INTEGER)
)

MADE = datetime(2026, 1, 31, 12, tzinfo=UTC)


def usual_instance(number: int) -> InstanceRow:
    """A device as it registers."""
    dice = random.Random(number)
    key = PublicKey(dice.randbytes(32))
    at = MADE + timedelta(seconds=dice.randrange(10**6))
    return InstanceRow(
        dice.randbytes(16).hex(),
        f"sw-{number}.example",
        Udi("SW-48", f"F{number}", vid="V02"),
        "SW-48",
        dice.choice(["17.9", "17.12"]),
        f"10.0.0.{number}",
        None,
        "b" * 32,
        at,
        at + timedelta(seconds=dice.randrange(10**6)),
        at + timedelta(days=365),
        InstanceState.ACTIVE,
        export_allowed=False,
        key_hash=key.key_hash,
        device_key=key,
        token=None,
        standbys=(),
        marks=(),
        removed=False,
    )


def usual_event(row: InstanceRow, number: int) -> EventRow:
    """The event of its registration."""
    subject = {"instance": row.id, "pid": row.udi.pid, "serial": row.udi.serial}
    message = f"product instance {row.hostname} added"
    of = random.Random(row.id).randbytes(16).hex()
    return EventRow(of, row.registered_at, "instance:added", "device", message, row.id, subject, number)


def usual_file(count: int) -> tuple[list[InstanceRow], list[ClaimRow], list[EventRow]]:
    """A site of so many devices, each with two claims and an event."""
    devices = [usual_instance(number) for number in range(count)]
    claimed = [ClaimRow(row.id, tag, 1, row.registered_at) for tag in ("ADVANTAGE", "ESSENTIALS") for row in devices]
    return devices, claimed, [usual_event(row, 4 * place) for place, row in enumerate(devices)]


def instance_text(row: InstanceRow) -> InstanceText:
    """An instance as a database holds it."""
    stored = {name: encode(value).decode() for name, value in row.to_dict().items()}
    return InstanceText(
        row.id,
        row.hostname,
        stored["udi"],
        row.product_tag,
        row.software_version,
        row.ip_address,
        row.notes,
        row.virtual_account,
        row.registered_at,
        iso(row.last_contact).replace("T", " ").replace("Z", ".000000"),
        row.certificate_expires,
        row.state.value,
        row.export_allowed,
        row.key_hash,
        stored["device_key"] if row.device_key else None,
        row.token,
        stored["standbys"],
        stored["marks"],
        row.removed,
        stored.get("standby_keys"),
        row.detached_until,
        row.detached_term,
    )


def event_text(row: EventRow) -> EventText:
    """An event as a database holds it."""
    subject = encode(row.subject).decode()
    return EventText(row.id, row.number or 0, row.at, row.event, row.actor, row.message, row.instance, subject)


def write(
    devices: Sequence[InstanceRow], claimed: Sequence[ClaimRow] = (), happened: Sequence[EventRow] = ()
) -> Iterator[Lines]:
    """The lines of a body: devices, and what is about them."""
    pairs = list(instance_lines([instance_text(row) for row in devices])) if devices else []
    yield from (lines for _, lines in pairs)
    about = pairs[-1][0] if pairs else None
    for at in range(0, len(claimed), limits.TABLE_ROWS):
        piece = claimed[at : at + limits.TABLE_ROWS]
        yield from claim_lines([ClaimText(row.instance, row.tag, row.count, row.since) for row in piece], about)
    if happened:
        yield from event_lines([event_text(row) for row in happened], about)


def split(lines: Iterable[Lines]) -> list[bytes]:
    """Each line without its line feed."""
    return [line for each in lines for line in each.data.removesuffix(b"\n").split(b"\n")]


def read(lines: Iterable[bytes]) -> list[RequestRow]:
    """The rows by the way that is taken, which says the same as the long one."""
    tables = TableReader()
    found: list[RequestRow] = []
    for line in lines:
        block = tables.read(line)
        rows = read_rows(block)
        assert rows == [read_request_row(row) for row in block.rows()]
        assert len(rows) == block.count
        found += rows
    return found


def both_ways(lines: Sequence[bytes]) -> tuple[list[RequestRow] | str, list[RequestRow] | str]:
    """What both ways read, or the code of the refusal."""

    def way(one: Any) -> list[RequestRow] | str:
        tables = TableReader()
        try:
            return [row for line in lines for row in one(tables.read(line))]
        except ExchangeError as error:
            return error.code

    return way(read_rows), way(lambda block: [read_request_row(row) for row in block.rows()])


@pytest.mark.row("E3")
@settings(deadline=None, max_examples=60)
@given(st.lists(instances(), min_size=1, max_size=12), st.lists(claims, max_size=12), st.lists(events, max_size=12))
def test_any_rows_come_back(devices: list[InstanceRow], claimed: list[ClaimRow], happened: list[EventRow]) -> None:
    """Whatever rows hold, few or many: what is written is read again, and both ways of reading agree."""
    happened = [replace(row, number=row.number or 0) for row in happened]
    for rows, lines in (
        (devices, write(devices)),
        (claimed, write([], claimed)),
        (happened, write([], [], happened)),
    ):
        assert read(split(lines)) == list(rows)


@pytest.mark.row("E3")
@pytest.mark.parametrize("count", [1, FEW - 1, FEW, 300])
def test_what_is_about_an_instance_comes_back(count: int) -> None:
    """Claims and events that point at the table of their instances say what they would say by themselves."""
    devices, claimed, happened = usual_file(count)
    backwards = sorted(claimed, key=lambda row: (row.tag, row.instance))

    assert read(split(write(devices, claimed, happened))) == [*devices, *claimed, *happened]
    assert read(split(write(devices, backwards, happened[::2]))) == [*devices, *backwards, *happened[::2]]


@pytest.mark.row("E3")
def test_usual_tables_take_the_fast_path() -> None:
    """Devices as they register, their claims and their events are read without the full path."""
    tables = TableReader()
    for line in split(write(*usual_file(20))):
        block = tables.read(line)
        assert block.row is None
        assert _QUICK[block.kind](block.columns, block.count) == read_rows(block)


@pytest.mark.row("E3")
def test_a_device_costs_little() -> None:
    """A line of a thousand devices says per device its id, its key, and hardly more; its claims cost nothing."""
    instance, *claimed, event = write(*usual_file(1000))

    assert len(instance.data) < 1000 * 120
    assert sum(len(lines.data) for lines in claimed) < 600
    assert len(event.data) < 1000 * 26


@pytest.mark.row("E2")
def test_long_texts_are_cut_into_several_lines() -> None:
    """No line is longer than a reader takes."""
    _, _, happened = usual_file(1000)
    long = [EventRow(row.id, row.at, "e", "a", row.id * 128, None, {}, row.number) for row in happened]

    lines = split(write([], [], long))

    assert len(lines) > 1
    assert max(map(len, lines)) <= limits.LINE_BYTES
    assert read(lines) == long


@pytest.mark.row("E3")
@settings(deadline=None, max_examples=120)
@given(st.data())
def test_a_changed_table_never_means_more_on_the_fast_path(data: st.DataObject) -> None:
    """Whatever is done to a table: both ways refuse it with one code, or read the same rows."""
    lines = split(write(*usual_file(FEW)))
    place = data.draw(st.integers(0, len(lines) - 1))
    line = bytearray(lines[place])
    for _ in range(data.draw(st.integers(1, 2))):
        start = data.draw(st.integers(0, len(line) - 1))
        end = data.draw(st.integers(start, min(len(line), start + 40)))
        piece = data.draw(
            st.sampled_from([b"", b'"', b"0", b"00", b"1.5", b"null", b"-1", b"\\u0041", b" ", b"\xc3\xa9", b"true"])
        )
        line[start:end] = data.draw(st.sampled_from([piece, bytes(line[end : end + 30])]))
    lines[place] = bytes(line)

    short, long = both_ways(lines)

    assert short == long


@pytest.mark.row("E3")
@settings(deadline=None, max_examples=300)
@given(st.data())
def test_a_changed_value_never_means_more_on_the_fast_path(data: st.DataObject) -> None:
    """Another value anywhere in a table's columns, of any type: both ways refuse it with one code, or agree."""
    tables = TableReader()
    blocks = [tables.read(line) for line in split(write(*usual_file(FEW)))]
    block = copy.deepcopy(data.draw(st.sampled_from(blocks)))
    columns: Any = block.columns
    while isinstance(columns, dict):
        name = data.draw(st.sampled_from(sorted(columns)))
        holder, columns = columns, columns[name]
    odd: st.SearchStrategy[Any] = st.sampled_from(
        [
            None,
            True,
            0,
            -1,
            1,
            10**9 + 1,
            2**53,
            "",
            "x",
            "A" * 32,
            "a" * 32,
            "a" * 64,
            "a" * 1025,
            "Zürich",
            [],
            {},
            "2026-02-30T00:00:00Z",
            "2026-01-30T24:00:00Z",
            "٢٠٢٦-01-30T00:00:00Z",
            "\u2028",
            " ",
            "AAAA",
            [[]],
            {"a": 1},
        ]
    )
    if data.draw(flags):
        columns[data.draw(st.integers(0, block.count - 1))] = data.draw(odd)
    else:
        holder[name] = [data.draw(odd)] * block.count

    def way(one: Any) -> list[RequestRow] | str:
        try:
            return list(one(block))
        except ExchangeError as error:
            return error.code

    assert way(read_rows) == way(lambda block: [read_request_row(row) for row in block.rows()])


def table(columns: JsonObject, count: object = 2, **more: object) -> bytes:
    """A table of events, whatever it holds."""
    return encode({"kind": "event", "table": count, "columns": columns, **more})


@pytest.mark.row("E3")
@pytest.mark.parametrize(
    ("form", "values"),
    [
        (["a", "b"], ["a", "b"]),
        ({"all": "a"}, ["a", "a"]),
        ({"of": ["a", None], "at": [1, 0]}, [None, "a"]),
        ({"hex": "AAEC/w=="}, ["0001", "02ff"]),
        ({"base64": "AAEC/w=="}, ["AAE=", "Av8="]),
        ({"steps": [7, -3]}, [7, 4]),
        ({"since": "2026-01-31T12:00:00Z", "plus": [0, -1]}, ["2026-01-31T12:00:00Z", "2026-01-31T11:59:59Z"]),
        ({"members": {"a": {"all": 1}, "b": [2, 3]}}, [{"a": 1, "b": 2}, {"a": 1, "b": 3}]),
        ({"members": {}}, [{}, {}]),
        ({"as": "t"}, ["2026-01-31T12:00:00Z", "2026-01-31T12:00:01Z"]),
        ({"as": "t", "plus": 60}, ["2026-01-31T12:01:00Z", "2026-01-31T12:01:01Z"]),
        ({"as": "t", "plus": [60, 0]}, ["2026-01-31T12:01:00Z", "2026-01-31T12:00:01Z"]),
        ({"as": "o.n", "before": "<", "after": ">"}, ["<x>", "<y>"]),
    ],
)
def test_each_form_of_a_column(form: object, values: list[object]) -> None:
    """A column stands for one value of each row."""
    beside = {"t": {"since": "2026-01-31T12:00:00Z", "plus": [0, 1]}, "o": {"members": {"n": ["x", "y"]}}}

    rows = TableReader().read(table({**beside, "c": form})).rows()

    assert [row["c"] for row in rows] == values
    assert {row["kind"] for row in rows} == {"event"}


@pytest.mark.row("E2")
@pytest.mark.parametrize(
    "form",
    [
        [],
        ["a"],
        ["a", "b", "c"],
        "a",
        None,
        {},
        {"all": 1, "of": []},
        {"every": 1},
        {"of": ["a"], "at": [0, 1]},
        {"of": ["a"], "at": [0, -1]},
        {"of": ["a"], "at": [0, True]},
        {"of": "ab", "at": [0, 1]},
        {"of": [], "at": []},
        {"hex": ""},
        {"hex": "AAEC"},
        {"hex": "AAE"},
        {"hex": 7},
        {"base64": "AAEC/x=="},
        {"steps": [1, None]},
        {"steps": [1]},
        {"since": "yesterday", "plus": [0, 1]},
        {"since": "9999-12-31T23:59:59Z", "plus": [0, 1]},
        {"since": "2026-01-31T12:00:00Z", "plus": [0, "1"]},
        {"members": []},
        {"members": {"a": [1]}},
        {"as": "nothing"},
        {"as": "c"},
        {"as": "d"},
        {"as": "o"},
        {"as": "o.m"},
        {"as": "instance.id"},
        {"as": 1},
        {"as": "n", "plus": 1},
        {"as": "t", "plus": True},
        {"as": "t", "plus": 2**53 - 1},
        {"as": "n", "before": "", "after": ""},
        {"as": "t", "before": "", "after": 1},
        {"as": "t", "before": "a" * 1025, "after": ""},
        {"as": "long", "before": "", "after": ""},
        {"as": "t", "before": ""},
        {"as": "t", "before": "", "after": "\u0301", "x": 1},
        {"as": "e", "before": "", "after": "\u0301"},
    ],
)
def test_what_is_no_column_is_refused(form: object) -> None:
    """Too few values, bytes that cannot be shared out, a form that no one knows, a text without an end: malformed."""
    beside = {
        "t": {"all": "2026-01-31T12:00:00Z"},
        "d": {"as": "t"},
        "n": {"all": None},
        "e": {"all": "e"},
        "o": {"members": {"n": ["x", "y"]}},
        "long": {"all": "a" * 1025},
    }
    with pytest.raises(MalformedError):
        TableReader().read(table({**beside, "c": form}))


@pytest.mark.row("E2")
@pytest.mark.parametrize(
    "line",
    [
        table({}, 0),
        table({}, 1001),
        table({}, True),
        table({}, "2"),
        table({"kind": ["event", "event"]}),
        encode({"kind": "event", "table": 2}),
        encode({"kind": 1, "table": 2, "columns": {}}),
        table({}, about=True),
        table({}, about=[0, 0]),
        table({f"c{number}": {"all": 1} for number in range(65)}),
        table({"c": {"members": {f"c{number}": {"all": 1} for number in range(64)}}}),
    ],
)
def test_what_is_no_table_is_refused(line: bytes) -> None:
    """No rows or too many, no columns or too many, instances that are not there: malformed."""
    with pytest.raises(MalformedError):
        TableReader().read(line)


@pytest.mark.row("E2")
@pytest.mark.parametrize(
    "columns",
    [
        {"subject": {"all": {f"a{n}": "x" * 65_000 for n in range(15)}}},
        {"subject": {"of": [["x" * 65_000] * 15], "at": [0] * 1000}},
        {"subject": {"members": {f"{n}" + "x" * 60_000: {"all": 1} for n in range(15)}}},
        {"a": {"all": "x" * 65_000}, "subject": {"members": {f"m{n}": {"as": "a"} for n in range(15)}}},
        {f"{n}": {"all": "x" * 65_000} for n in range(15)},
    ],
)
def test_a_table_stands_for_no_more_than_its_rows_could_say(columns: JsonObject) -> None:
    """A line of some kilobytes, packed, that would become a gigabyte of rows is refused before a row is made of it."""
    line = table(columns, 1000)

    assert len(line) < limits.LINE_BYTES
    with pytest.raises(TooLargeError):
        TableReader().read(line)
    with pytest.raises(Refused, match="too_large"):
        unrolled(json.loads(line), [])


@pytest.mark.row("E2")
def test_the_tables_of_a_file_together_stand_for_no_more_than_a_body_may_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each table is within its bound; their sum is bounded like what a body inflates to."""
    line = table({"a": {"all": "x" * 50_000}}, 10)
    body = Body("", 0, 20, {"event": 20})
    kept = OpenedFile(None, None, b"", "", body, lambda: iter([line, line]))  # type: ignore[arg-type]  # no header is asked for

    assert len(list(kept.rows())) == 20
    monkeypatch.setattr(limits, "BODY_BYTES", 600_000)
    with pytest.raises(TooLargeError):
        list(kept.rows())


@pytest.mark.row("E2")
def test_only_tables_have_long_lines() -> None:
    """A row of more than 64 KiB is refused, a table takes up to 1 MiB."""
    reader = TableReader()
    with pytest.raises(TooLargeError):
        reader.read(encode({"kind": "event", "x": "y" * limits.ROW_BYTES}))
    with pytest.raises(TooLargeError):
        reader.read(table({"x": {"all": "y" * limits.LINE_BYTES}}))
    long = table({"x": ["y" * 60_000, "z" * 60_000]})
    assert len(long) > limits.ROW_BYTES
    assert reader.read(long).count == 2


@pytest.mark.row("E3")
@pytest.mark.parametrize("text", ["bell\x07", "e\u0301", "\x7f", "page\x0c"])
def test_a_text_that_may_not_leave_is_not_written(text: str) -> None:
    """Control characters and texts that are not in NFC are our own fault, in rows and in tables."""
    for count in (1, FEW):
        with pytest.raises(ValueError, match="string"):
            list(claim_lines([ClaimText("a" * 32, text, 1, MADE)] * count, None))


@pytest.mark.row("E3")
def test_a_block_of_a_row_is_that_row() -> None:
    """A line that is not a table stands for itself."""
    row = {"kind": "event", "x": 1}
    assert TableReader().read(encode(row)) == Block("event", 1, row)

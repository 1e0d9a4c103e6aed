"""The short way for great numbers of rows says exactly what the long way says."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.canonical import encode, iso
from exchange.container import read_line
from exchange.errors import ExchangeError
from exchange.files.lines import EventText, InstanceText, claim_line, event_line, instance_line, quick_row, together
from exchange.files.rows import ClaimRow, EventRow, InstanceRow, RequestRow, read_request_row
from exchange.identity import Udi
from exchange.keys import PublicKey
from exchange.vocabulary import InstanceState

ids = st.binary(min_size=16, max_size=16).map(bytes.hex)
times = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)).map(  # noqa: DTZ001 - the zone comes next
    lambda at: at.replace(microsecond=0, tzinfo=UTC)
)
plain = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
# Quotation marks, backslashes, line feeds, letters with marks: what the short way must not stumble over.
texts = st.one_of(
    plain, st.sampled_from(["", 'a "b"', "c\\d", "tab\tand\nline", "Zürich", "名前", "a" * 1024, "/\u2028"])
)
names = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
keys = st.binary(min_size=32, max_size=32).map(PublicKey)
udis = st.builds(Udi, names, names, *([st.none() | names | st.just("Gerät 1")] * 5))
flags = st.booleans()


@st.composite
def instances(draw: Any) -> InstanceRow:
    key = draw(keys)
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
        tuple(draw(st.lists(udis, max_size=2))),
        tuple(draw(st.lists(plain, max_size=2))),
        draw(flags),
    )


claims = st.builds(ClaimRow, ids, texts.filter(bool), st.integers(0, 10**9), times)
members = st.dictionaries(
    texts, st.none() | flags | st.integers(-(10**9), 10**12) | texts | st.lists(plain), max_size=4
)
events = st.builds(EventRow, ids, times, texts, texts, texts, st.none() | ids, members)
rows = st.one_of(instances(), claims, events)


def line_of(row: RequestRow) -> bytes:
    """The line that the short way writes for a row."""
    if isinstance(row, ClaimRow):
        line = claim_line(row.instance, row.tag, row.count, iso(row.since))
    elif isinstance(row, EventRow):
        subject = encode(row.subject).decode()
        line = event_line(EventText(row.id, iso(row.at), row.event, row.actor, row.message, row.instance, subject))
    else:
        assert isinstance(row, InstanceRow)
        stored = {name: encode(value).decode() for name, value in row.to_dict().items() if not isinstance(value, str)}
        line = instance_line(
            InstanceText(
                row.id,
                row.hostname,
                stored["udi"],
                row.product_tag,
                row.software_version,
                row.ip_address,
                row.notes,
                row.virtual_account,
                iso(row.registered_at),
                iso(row.last_contact),
                iso(row.certificate_expires),
                row.state.value,
                row.export_allowed,
                row.key_hash,
                stored["device_key"] if row.device_key else None,
                row.token,
                stored["standbys"],
                stored["marks"],
                row.removed,
            )
        )
    return together(row.kind, [line]).data


def long_way(line: bytes) -> RequestRow | None:
    """What the long way reads; None where it refuses."""
    try:
        return read_request_row(read_line(line))
    except ExchangeError:
        return None


@pytest.mark.row("E3")
@settings(deadline=None, max_examples=150)
@given(rows)
def test_a_line_is_written_and_read_alike_both_ways(row: RequestRow) -> None:
    """The short way writes the canonical bytes of every row, and reads them as the long way does or leaves them to it."""
    line = encode(row.to_dict())

    assert line_of(row) == line + b"\n"
    assert quick_row(line) in (None, row)
    assert long_way(line) == row


@pytest.mark.row("E3")
def test_usual_rows_take_the_short_way() -> None:
    """A device as it registers, its claims and its events are read without the long way."""
    key, at = PublicKey(bytes(range(32))), datetime(2026, 1, 31, 12, tzinfo=UTC)
    udi = Udi("SW-48", "F1", vid="V02")
    usual = [
        InstanceRow(
            "a" * 32,
            "sw.example",
            udi,
            None,
            "17.9",
            "10.0.0.1",
            None,
            "b" * 32,
            at,
            at,
            at,
            InstanceState.ACTIVE,
            False,
            key.key_hash,
            key,
            None,
            (),
            (),
            False,
        ),
        ClaimRow("a" * 32, "ADVANTAGE", 1, at),
        EventRow(
            "c" * 32, at, "instance:added", "device", "product instance sw.example added", "a" * 32, {"pid": "SW-48"}
        ),
    ]

    assert [quick_row(encode(row.to_dict())) for row in usual] == usual


@pytest.mark.row("E3")
@settings(deadline=None, max_examples=300)
@given(rows, st.data())
def test_a_changed_line_never_means_more_the_short_way(row: RequestRow, data: st.DataObject) -> None:
    """Whatever is done to a line: the short way refuses to read it, or reads what the long way reads."""
    line = bytearray(encode(row.to_dict()))
    for _ in range(data.draw(st.integers(1, 2))):
        start = data.draw(st.integers(0, len(line) - 1))
        end = data.draw(st.integers(start, min(len(line), start + 40)))
        piece = data.draw(
            st.sampled_from([b"", b'"', b"0", b"00", b"1.5", b"null", b"-1", b"\\u0041", b" ", b"\xc3\xa9", b"Z"])
        )
        line[start:end] = data.draw(st.sampled_from([piece, bytes(line[end : end + 30])]))

    found = quick_row(bytes(line))

    assert found is None or found == long_way(bytes(line))


@pytest.mark.row("E3")
@pytest.mark.parametrize(
    "line",
    [
        '{"count":1,"instance":"%s","kind":"claim","since":"2026-02-30T00:00:00Z","tag":"T"}' % ("a" * 32),
        '{"count":01,"instance":"%s","kind":"claim","since":"2026-01-30T00:00:00Z","tag":"T"}' % ("a" * 32),
        '{"count":1,"count":1,"instance":"%s","kind":"claim","since":"2026-01-30T00:00:00Z","tag":"T"}' % ("a" * 32),
        '{"actor":"a","at":"2026-01-30T00:00:00Z","event":"e","id":"%s","instance":null,"kind":"event","message":"m","subject":{"a":1,"a":2}}' % ("a" * 32),
    ],
)  # fmt: skip
def test_what_is_no_row_is_refused_both_ways(line: str) -> None:
    """A day that is none, a leading zero, a name twice: neither way takes them."""
    assert quick_row(line.encode()) is None
    assert long_way(line.encode()) is None


@pytest.mark.row("E3")
@pytest.mark.parametrize("text", ["bell\x07", "e\u0301", "\x7f", "page\x0c"])
def test_a_text_that_may_not_leave_is_not_written(text: str) -> None:
    """Control characters and texts that are not in NFC are our own fault both ways."""
    line = claim_line("a" * 32, text, 1, "2026-01-30T00:00:00Z")

    with pytest.raises(ValueError, match="string"):
        together("claim", [line])
    with pytest.raises(ValueError, match="string"):
        encode(json.loads(line))

"""One encoding of JSON: the same value has the same bytes, and what can be read in two ways is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from exchange.canonical import b64decode, decode, decode_object, digest, encode, is_hex, iso, parse_time
from exchange.errors import MalformedError, TooLargeError


@pytest.mark.row("E1")
def test_what_is_written_is_read_again_and_written_alike() -> None:
    """Members are sorted, blanks are none, letters of all alphabets stand as they are."""
    value = {"b": [1, -2, True, None], "a": "Zürich", "c": {"": ""}}

    assert encode(value) == '{"a":"Zürich","b":[1,-2,true,null],"c":{"":""}}'.encode()
    assert decode_object(encode(value), max_bytes=1000) == value


@pytest.mark.row("E1")
@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1,"a":2}',
        b'{"a":1.0}',
        b'{"a":NaN}',
        b'{"a":-0}',
        b'{"a":99999999999999999999}',
        b'{"a":"\\ud800"}',
        b'{"a":"\\u0000"}',
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":1',
        b"\xff",
        b"[" * 200 + b"]" * 200,
    ],
)
def test_what_two_programs_could_read_in_two_ways_is_malformed(text: bytes) -> None:
    """A name twice, floats, huge integers, lone surrogates, control characters, depth, other encodings."""
    with pytest.raises(MalformedError):
        decode(text, max_bytes=10_000)


@pytest.mark.row("E1")
def test_a_value_without_a_place_in_a_message_is_never_written() -> None:
    """Floats and texts outside NFC are faults of the program, not of a file."""
    for wrong in (1.5, "e\u0301", {1: "a"}, 2**60):
        with pytest.raises((TypeError, ValueError)):
            encode(wrong)


@pytest.mark.row("E1", "E3")
def test_size_is_looked_at_before_anything_is_read() -> None:
    """Even of what is no JSON at all."""
    with pytest.raises(TooLargeError):
        decode(b"x" * 11, max_bytes=10)


@pytest.mark.row("E1")
def test_times_digests_and_bytes_have_one_form_each() -> None:
    """Whole seconds in UTC; lower-case digits; Base64 as it is written."""
    at = datetime(2027, 3, 1, 12, tzinfo=UTC)

    assert parse_time(iso(at)) == at
    for wrong in ("2027-03-01T12:00:00+00:00", "2027-02-30T00:00:00Z", "2027-03-01T24:00:00Z", "2027-03-01"):
        with pytest.raises(MalformedError):
            parse_time(wrong)
    assert is_hex(digest(b""), 64)
    assert not is_hex(digest(b"").upper(), 64)
    for wrong in ("YQ", "YR==", "YQ==\n"):
        with pytest.raises(MalformedError):
            b64decode(wrong)

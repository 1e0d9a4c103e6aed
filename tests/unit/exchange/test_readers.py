"""The fast reader of plain messages and the careful one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange import canonical
from exchange.canonical import decode, encode
from exchange.errors import ExchangeError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=8) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
TEXTS = VALUES.map(lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False)) | st.text(max_size=40)


def _read(data: bytes) -> object:
    try:
        return "read", decode(data, max_bytes=10_000)
    except ExchangeError as error:
        return "refused", error.code


@pytest.mark.row("E1")
@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4).map(json.dumps) | TEXTS)
def test_both_readers_read_alike(text: str) -> None:
    """Whatever comes, the answer is the one that the careful reader alone gives."""
    data = text.encode("utf-8", "surrogatepass")
    quick = _read(data)
    plain = canonical._is_plain
    canonical._is_plain = lambda _: False  # type: ignore[assignment]
    try:
        careful = _read(data)
    finally:
        canonical._is_plain = plain

    assert quick == careful


@pytest.mark.row("E1")
@pytest.mark.parametrize(
    "text",
    ['{"a":1,"a":2}', '{"a":1.5}', '{"a":-0}', '{"a":NaN}', '{"a":99999999999999999999}', '{"a":1e3}', '{"a":01}'],
)
def test_the_fast_reader_lets_nothing_ambiguous_pass(text: str) -> None:
    """Two names alike, fractions and numbers out of range are refused by it as by the careful one."""
    with pytest.raises(ExchangeError):
        decode(text.encode(), max_bytes=100)


@pytest.mark.row("E1")
def test_what_is_written_is_read_by_the_fast_reader() -> None:
    """A canonical message takes the fast path, so that the cost is what was measured."""
    data = encode({"name": "B00000001", "list": [1, 2, {"deep": None}], "flag": True})

    assert canonical._is_plain(data)
    assert canonical._decode_plain(data.decode()) == json.loads(data)

"""Any bytes whatsoever yield a payload or an error of the tree, never another exception (rows S2.5, E1)."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.canonical import b64decode, decode, encode
from exchange.container import open_container, split_container
from exchange.container_parts import Header
from exchange.container_writing import write_container
from exchange.device.messages import peek_device
from exchange.errors import ExchangeError, MalformedError
from exchange.files.rows import read_request_row, read_response_row
from exchange.files.sync_request import read_sync_request
from exchange.keys import PrivateKey
from exchange.trust import load_root
from exchange.vocabulary import FileKind

VECTORS = Path(__file__).resolve().parents[1] / "vectors"
FILES = sorted(path for path in VECTORS.rglob("*") if path.is_file() and path.suffix not in {".json", ".md", ".toml"})
NOW = datetime(2030, 1, 1, tzinfo=UTC)
KEY = PrivateKey.generate()
ID = "a" * 32


def walk_container(data: bytes) -> None:
    """Read a file as far as it goes without a key."""
    sealed = split_container(data, None)
    open_container(sealed, {})


def walk_json(data: bytes) -> None:
    """Read strict JSON."""
    encode(decode(data, max_bytes=1 << 20))


def walk_rows(data: bytes) -> None:
    """Read rows."""
    row = decode(data, max_bytes=1 << 20)
    if isinstance(row, dict):
        for reader in (read_request_row, read_response_row):
            with suppress(ExchangeError):
                reader(row)


READERS: list[Callable[[bytes], object]] = [walk_container, walk_json, walk_rows, load_root, peek_device]


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1), st.text('abcäß "', max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text("abc", max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)
MANIFEST = {
    "vendor_id": ID, "epoch_id": ID, "full": True, "chain": [{"epoch": 1, "seq": 0, "digest": "d" * 64}],
    "applied": {"epoch": 1, "rseq": 0, "digest": "d" * 64}, "head": None, "root_version": 1, "software_version": "1",
    "next_key": None, "next_device_ca_key": None,
}  # fmt: skip
ROW = {"kind": "claim", "instance": ID, "tag": "T", "count": 1, "since": "2029-01-01T00:00:00Z"}


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A golden file with pieces changed, cut, doubled or put in."""
    data = bytearray(draw(st.sampled_from(FILES)).read_bytes()[:200_000])
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        how = draw(st.sampled_from(["flip", "cut", "insert", "double", "swap"]))
        if how == "flip" and data:
            data[at] ^= draw(st.integers(1, 255))
        elif how == "cut":
            del data[at : at + draw(st.integers(1, 300))]
        elif how == "insert":
            data[at:at] = draw(st.binary(max_size=40)) + draw(
                st.sampled_from([b"", b'"a":1,', b"\n", b"[[[[", b"1e9", b"\xff"])
            )
        elif how == "double":
            data[at:at] = data[at : at + draw(st.integers(1, 200))]
        else:
            data[at : at + 8] = data[at : at + 8][::-1]
    return bytes(data)


@pytest.mark.row("S2.5", "E1")
@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
@given(st.one_of(mutated(), st.binary(max_size=300)))
def test_a_reader_refuses_by_a_code_or_reads(reader: Callable[[bytes], object], data: bytes) -> None:
    """Files and messages that were damaged in any way, and bytes that never were one."""
    with suppress(ExchangeError):
        reader(data)


@pytest.mark.row("S2.5", "E1")
@given(
    st.dictionaries(st.sampled_from(sorted(MANIFEST)), JSON, max_size=2),
    st.lists(st.dictionaries(st.sampled_from(sorted(ROW)), JSON, max_size=2), max_size=3),
)
def test_a_key_that_is_trusted_may_sign_nonsense(members: dict[str, object], rows: list[dict[str, object]]) -> None:
    """A genuine satellite that went mad: its file is refused by a code or read, whatever it holds."""
    out = io.BytesIO()
    spoiled = [{**ROW, **row, "kind": row.get("kind") if isinstance(row.get("kind"), str) else "claim"} for row in rows]
    write_container(out, Header(FileKind.SYNC_REQUEST, ID, 1, 1, NOW), {**MANIFEST, **members}, [KEY], rows=spoiled)
    with suppress(ExchangeError):
        opened = read_sync_request(
            out.getvalue(), keys={KEY.public.key_id: KEY.public}, vendor_id=ID, satellite=ID, now=NOW
        )
        list(opened.rows())


@pytest.mark.row("E1")
@given(JSON)
def test_what_is_written_is_read_back_the_same(value: object) -> None:
    """The codec is its own inverse, and there is one way to write a value."""
    data = encode(value)  # type: ignore[arg-type]  # any JSON value

    assert decode(data, max_bytes=1 << 20) == value
    assert encode(decode(data, max_bytes=1 << 20)) == data


@pytest.mark.row("E1")
@pytest.mark.parametrize("text", ["QR==", "QQ=", "QQ", "Q Q==", "QQ==\n", "QQ==QQ==", "Q-_="])
def test_one_base64_for_the_same_bytes(text: str) -> None:
    """Spare bits, blanks, missing or further padding, other alphabets: only what is written is read."""
    assert b64decode("QQ==") == b"A"
    with pytest.raises(MalformedError):
        b64decode(text)

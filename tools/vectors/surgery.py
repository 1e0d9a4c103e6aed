"""Cuts into good files: each makes one fault, and signs again where the fault is to lie behind the signature."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from exchange.canonical import JsonObject, b64decode, b64encode, decode, encode
from exchange.envelope import pae, payload_type, seal
from exchange.keys import PrivateKey

_MOST = 64 * 1024 * 1024


def flip(data: bytes, at: int) -> bytes:
    """Change one bit of the byte at a place."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def put(data: bytes, old: bytes, new: bytes) -> bytes:
    """Replace the one place where `old` stands."""
    if data.count(old) < 1:
        raise ValueError(f"{old!r} stands nowhere")
    return data.replace(old, new, 1)


def payload_of(envelope: JsonObject) -> bytes:
    """The payload of an envelope."""
    return b64decode(envelope["payload"])


def change(envelope: JsonObject, key: PrivateKey, **members: object) -> JsonObject:
    """The statement with other members, signed again; a member None stays, use `drop` to leave one out."""
    value = decode(payload_of(envelope), max_bytes=_MOST)
    return seal(envelope["payloadType"], encode({**value, **members}), [key])


def drop(envelope: JsonObject, key: PrivateKey, name: str) -> JsonObject:
    """The statement without a member, signed again."""
    value = decode(payload_of(envelope), max_bytes=_MOST)
    del value[name]
    return seal(envelope["payloadType"], encode(value), [key])


def raw(envelope: JsonObject, keys: Sequence[PrivateKey], edit: Callable[[bytes], bytes]) -> JsonObject:
    """The payload's bytes edited and signed again, however odd they are."""
    return seal(envelope["payloadType"], edit(payload_of(envelope)), keys)


def alien(envelope: JsonObject, key: PrivateKey, name: str) -> JsonObject:
    """The same payload, signed as another kind."""
    return seal(payload_type(name), payload_of(envelope), [key])


def changed_payload(envelope: JsonObject, old: bytes, new: bytes) -> JsonObject:
    """The payload edited under its old signature."""
    value = seal(envelope["payloadType"], put(payload_of(envelope), old, new), [])
    return {**value, "signatures": envelope["signatures"]}


def signed_wrongly(envelope: JsonObject, key: PrivateKey) -> JsonObject:
    """A signature over the bare payload instead of the bytes that name type and lengths."""
    payload = payload_of(envelope)
    if pae(envelope["payloadType"], payload) == payload:
        raise ValueError("nothing is wrong")
    signature = seal(envelope["payloadType"], payload, [key])
    bare = b64encode(key.sign(payload))
    return {**signature, "signatures": [{"keyid": key.public.key_id, "sig": bare}]}


def _row(line: bytes) -> JsonObject:
    found: JsonObject = decode(line, max_bytes=_MOST)
    return found


def stored(data: bytes) -> bytes:
    """Gzip of stored blocks."""
    pieces = [data[at : at + 65_535] for at in range(0, len(data), 65_535)] or [b""]
    blocks = b"".join(
        struct.pack("<BHH", index == len(pieces) - 1, len(piece), len(piece) ^ 0xFFFF) + piece
        for index, piece in enumerate(pieces)
    )
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + blocks + struct.pack("<II", zlib.crc32(data), len(data))


@dataclass(frozen=True)
class Cut:
    """A container taken apart."""

    header: bytes
    roots: bytes
    envelope: JsonObject
    body: bytes

    @classmethod
    def of(cls, data: bytes) -> Cut:
        """Take a file apart."""
        header, roots, envelope, body = data.split(b"\n", 3)
        return cls(header, roots, decode(envelope, max_bytes=_MOST), body)

    def join(self) -> bytes:
        """Put the file together."""
        return b"\n".join((self.header, self.roots, encode(self.envelope), self.body))

    @property
    def manifest(self) -> JsonObject:
        """The manifest."""
        value: JsonObject = decode(payload_of(self.envelope), max_bytes=_MOST)
        return value

    @property
    def text(self) -> bytes:
        """The rows."""
        return zlib.decompress(self.body, wbits=31)

    def signed(self, keys: Sequence[PrivateKey], edit: Callable[[bytes], bytes]) -> Cut:
        """The manifest's bytes edited and signed again."""
        beside = {name: value for name, value in self.envelope.items() if name == "keys"}
        return replace(self, envelope={**raw(self.envelope, keys, edit), **beside})

    def with_members(self, keys: Sequence[PrivateKey], **members: object) -> Cut:
        """Other members of the manifest, signed again."""
        return self.signed(keys, lambda _: encode({**self.manifest, **members}))

    def without(self, keys: Sequence[PrivateKey], name: str) -> Cut:
        """A manifest that lacks a member, signed again."""
        return self.signed(keys, lambda _: encode({k: v for k, v in self.manifest.items() if k != name}))

    def with_body(self, keys: Sequence[PrivateKey], body: bytes, **members: object) -> Cut:
        """Another body whose digest and size are signed; counts stay as they were unless given."""
        reply = {**self.manifest["body"], "sha256": hashlib.sha256(body).hexdigest(), "size": len(body), **members}
        return replace(self.with_members(keys, body=reply), body=body)

    def with_rows(self, keys: Sequence[PrivateKey], text: bytes, kinds: Sequence[str] | None = None) -> Cut:
        """Other rows, counted as they are, or as `kinds` says."""
        if kinds is None:
            lines = text.removesuffix(b"\n").split(b"\n")
            kinds = [found["kind"] for found in map(_row, lines) for _ in range(found.get("table", 1))]
        counts = dict(sorted(Counter(kinds).items()))
        return self.with_body(keys, stored(text), rows=len(kinds), counts=counts)

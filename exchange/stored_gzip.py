"""gzip without compression: the same bytes from every version of the library, for golden files."""

from __future__ import annotations

import struct
import zlib

_BLOCK = 65_535


def stored_gzip(data: bytes) -> bytes:
    """`data` as a gzip stream of stored blocks."""
    out = bytearray(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff")
    pieces = [data[at : at + _BLOCK] for at in range(0, len(data), _BLOCK)] or [b""]
    for index, piece in enumerate(pieces):
        out += struct.pack("<BHH", index == len(pieces) - 1, len(piece), len(piece) ^ 0xFFFF) + piece
    return bytes(out) + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)

"""Packs the bytes of a body and hashes them while they are written."""

from __future__ import annotations

import gzip
import hashlib
import io
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor


class HashingFile(io.RawIOBase):
    """Counts and hashes what passes through to a file."""

    def __init__(self, target: tempfile.SpooledTemporaryFile[bytes]) -> None:
        """Write to `target`."""
        self._target = target
        self.sha256 = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: object) -> int:
        """Pass some bytes on."""
        piece = bytes(memoryview(data))  # type: ignore[arg-type]  # any buffer, as RawIOBase promises
        self.sha256.update(piece)
        self.size += len(piece)
        self._target.write(piece)
        return len(piece)


def write_beside(packed: gzip.GzipFile, pieces: Iterator[bytes]) -> None:
    """Pack each piece while the next one is made: one thread, so that the order stays."""
    with ThreadPoolExecutor(1) as aside:
        written: Future[int] | None = None
        for piece in pieces:
            if written is not None:
                written.result()
            written = aside.submit(packed.write, piece)
        if written is not None:
            written.result()

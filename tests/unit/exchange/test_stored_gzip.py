"""gzip without compression."""

from __future__ import annotations

import gzip

import pytest

from exchange.stored_gzip import stored_gzip


@pytest.mark.row("E1")
@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 200_000])
def test_stored_blocks_are_read_by_every_library_and_have_the_same_bytes_everywhere(size: int) -> None:
    """Nothing, one block to its last byte, and several."""
    data = bytes(index % 251 for index in range(size))

    assert gzip.decompress(stored_gzip(data)) == data
    assert len(stored_gzip(data)) == size + 18 + 5 * max(1, -(-size // 65_535))

"""The ids of a list in a file."""

from __future__ import annotations

import tracemalloc

import pytest

from serverkit.db.named import PIECE, Named


@pytest.mark.row("C3.9", "S3.2")
def test_any_number_of_ids_takes_no_memory_and_is_read_in_parts() -> None:
    """Forty thousand ids are read from any place, in order, in less than a tenth of the memory of a list."""
    count = 40_000
    tracemalloc.start()
    found = Named(f"{number:032x}" for number in range(count))
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()

    assert held < 350_000
    assert len(found) == count
    for start in (0, PIECE - 3, 12_345, count - 2):
        assert list(found.ids[start : start + PIECE]) == [
            f"{number:032x}" for number in range(start, min(start + PIECE, count))
        ]
    assert found[count - 1] == {"id": f"{count - 1:032x}"}
    assert found[5:5] == []
    assert sum(1 for _ in found) == count
    with pytest.raises(IndexError):
        _ = found[count]
    joined = Named.joined(([{"id": "a"}], Named(iter(())), [{"id": "b|c"}]))
    assert list(joined.ids) == ["a", "b|c"]

"""The size of the rows that a table unrolls to."""

from __future__ import annotations

import pytest

from exchange.weight import json_bytes, weigh


@pytest.mark.row("E3")
def test_what_stands_once_in_a_table_counts_in_every_row() -> None:
    """Names of members, and a value that all rows share; numbers weigh nothing."""
    shared = {"a": "xx"}

    assert weigh([1, 2, None, True], 4) == 0
    assert weigh(["ab", "c"], 2) == 3
    assert weigh([shared] * 1000, 1000) == 1000 * json_bytes(shared)
    assert weigh({"name": ["ab", "c"]}, 2) == 2 * len("name") + 3

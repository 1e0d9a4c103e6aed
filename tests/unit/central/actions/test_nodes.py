"""Nodes of one central as they are listed."""

from __future__ import annotations

import pytest

from central.actions.nodes import list_nodes
from central.domain.operations.nodes import note_node
from central.domain.operations.rules import Place
from tests.unit.central.factories import unit_of


@pytest.mark.row("B8")
def test_each_node_is_listed_with_where_it_is_and_whether_it_is_this_one() -> None:
    """A node that was noted just now counts as running."""
    with unit_of() as unit:
        for node, host in (("1" * 32, "one"), ("2" * 32, "two")):
            note_node(unit, node, Place(host, "/home"), "1.0")
        unit.session.flush()

        assert {(one["host"], one["here"], one["running"]) for one in list_nodes(unit, "2" * 32).items} == {
            ("one", False, True),
            ("two", True, True),
        }

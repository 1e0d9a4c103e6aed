"""The second reader and the golden files: the pages are enough to read, and to refuse, what the programs do."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from tests.format.golden import Golden, load, root_file
from tests.format.reader import answer, places_of_events

HERE = Path(__file__).resolve().parent
ALLOWED = {"cryptography", "tests", "__future__"}


@pytest.mark.row("E1", "E2")
@pytest.mark.parametrize("golden", load(), ids=str)
def test_a_reader_written_from_the_pages_reads_and_refuses_the_same(golden: Golden) -> None:
    """It finds exactly the contents of each good file, and refuses each faulty one with the same code."""
    root = root_file(golden.context) if "root" in golden.context else None

    assert answer(golden.kind, golden.data, golden.context, root) == (golden.expected, golden.contents), golden.done


@pytest.mark.row("E1")
@pytest.mark.parametrize("path", sorted(HERE.glob("reader*.py")), ids=lambda path: path.name)
def test_the_second_reader_knows_nothing_of_the_programs(path: Path) -> None:
    """It imports the standard library, one library for keys and certificates, and its own modules."""
    named = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            named.add(node.module or "")
    foreign = {name for name in named if name.partition(".")[0] not in ALLOWED | sys.stdlib_module_names}
    mine = {name for name in named if name.startswith("tests")}

    assert not foreign
    assert all(name.startswith("tests.format") for name in mine)


@pytest.mark.row("E1", "S2.3")
def test_a_relayed_event_says_where_it_happened() -> None:
    """In the satellite's own virtual account that it names; else, and for what it does not know, where the device is."""
    golden = next(one for one in load() if one.name == "events-elsewhere")
    _, contents = answer(golden.kind, golden.data, golden.context, None)
    assert contents is not None
    rows = contents["rows"]
    home = next(row["virtual_account"] for row in rows if row["kind"] == "instance")
    before = next(row["subject"]["virtual_account"] for row in rows if row["kind"] == "event")

    assert home != before
    assert [*places_of_events(rows, {home, before}).values()] == [before, home, home]
    assert [*places_of_events(rows, {home}).values()] == [home, home, home]

"""The second reader and the golden files: the pages are enough to read, and to refuse, what the programs do."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from tests.format.golden import Golden, load, root_file
from tests.format.reader import answer

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

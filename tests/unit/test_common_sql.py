"""The statements of the migrations stay within what distributed databases that speak PostgreSQL offer."""

from __future__ import annotations

import importlib.util
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations

ROOT = Path(__file__).resolve().parents[2]
ELSEWHERE_MISSING = {
    "trigger": r"\bTRIGGER\b",
    "function or procedure": r"\bCREATE (OR REPLACE )?(FUNCTION|PROCEDURE)\b",
    "rule": r"\bCREATE (OR REPLACE )?RULE\b",
    "inheritance": r"\bINHERITS\b",
    "exclusion constraint": r"\bEXCLUDE\b",
    "type of its own": r"\b(CREATE|ALTER) (TYPE|DOMAIN)\b",
    "index of another kind": r"\bUSING (gin|gist|brin|spgist)\b",
    "table lock": r"\bLOCK TABLE\b|^LOCK\b",
    "advisory lock": r"\bpg_(try_)?advisory",
    "notification": r"\b(LISTEN|NOTIFY)\b",
    "table without a log": r"\bUNLOGGED\b",
    "deferred constraint that is no foreign key": r"(?<!NOT )(UNIQUE|PRIMARY KEY) ?\([^)]*\) DEFERRABLE",
}


def statements(program: str) -> Iterator[str]:
    """Every statement that brings an empty PostgreSQL database of a program into its newest form."""
    for path in sorted((ROOT / program / "migrations" / "versions").glob("*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        step = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(step)
        out = io.StringIO()
        options = {"as_sql": True, "output_buffer": out}
        with Operations.context(MigrationContext.configure(dialect_name="postgresql", opts=options)):
            step.upgrade()
        yield from (one.strip() for one in out.getvalue().split(";\n") if one.strip())


def foreign_to_others(statement: str) -> list[str]:
    """What a statement asks for that is not everywhere."""
    return [name for name, pattern in ELSEWHERE_MISSING.items() if re.search(pattern, statement, re.IGNORECASE)]


@pytest.mark.row("B8")
@pytest.mark.parametrize("program", ["central", "satellite"])
def test_no_migration_asks_for_what_distributed_databases_lack(program: str) -> None:
    """Triggers, inheritance, exclusion, own types, other indexes, locks, deferred unique keys."""
    made = list(statements(program))
    assert sum("CREATE TABLE" in one for one in made) > 20
    assert [(found, one[:200]) for one in made if (found := foreign_to_others(one))] == []


@pytest.mark.repository_rule
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE a (b INT, EXCLUDE USING gist (b WITH &&))",
        "CREATE TABLE a (b INT) INHERITS (c)",
        "CREATE TABLE a (b INT, CONSTRAINT u UNIQUE (b) DEFERRABLE INITIALLY DEFERRED)",
        "CREATE TYPE colour AS ENUM ('red')",
        "CREATE INDEX i ON a USING gin (b)",
    ],
)
def test_the_list_finds_what_it_names(statement: str) -> None:
    """Each is found; a deferred foreign key is not."""
    assert foreign_to_others(statement)
    assert not foreign_to_others(
        "CREATE TABLE a (b INT, FOREIGN KEY(b) REFERENCES c (b) DEFERRABLE INITIALLY DEFERRED)"
    )

"""What the databases refuse by themselves, whatever a program does: each guard is broken once, on both databases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    insert,
)

from central.domain.schema import metadata as of_central
from central.runtime import open_central
from satellite.core.schema import metadata as of_satellite
from satellite.runtime import open_satellite
from serverkit.actor import Actor, ActorKind
from serverkit.db.base import JsonText, UtcDateTime
from serverkit.db.unit import Database
from serverkit.errors import DatabaseGuardError
from tests.world import World

TESTER = Actor(ActorKind.SYSTEM, "tester", "tester")
NOW = datetime(2030, 1, 1, tzinfo=UTC)
BOUNDS = re.compile(r'"(\w+)" BETWEEN (-?\d+) AND (\d+)')
WORDS = re.compile(r"\"(\w+)\" IN \('(\w[\w-]*)'")
ORDER = re.compile(r'"(\w+)" <= "(\w+)"')
Row = dict[str, Any]


def sample(table: Table, mark: str = "a") -> Row:
    """A row that no check refuses."""
    row: Row = {}
    for column in (each for each in table.columns if each.computed is None):
        kind = column.type
        if isinstance(kind, Boolean):
            row[column.name] = True
        elif isinstance(kind, (Integer, BigInteger)):
            row[column.name] = 1
        elif isinstance(kind, UtcDateTime):
            row[column.name] = NOW
        elif isinstance(kind, Date):
            row[column.name] = NOW.date()
        elif isinstance(kind, JsonText):
            row[column.name] = {}
        elif isinstance(kind, LargeBinary):
            row[column.name] = b""
        else:
            row[column.name] = mark
        if column.nullable:
            row[column.name] = None
    for check in checks_of(table):
        text = str(check.sqltext)
        if (words := WORDS.match(text)) and not table.columns[words[1]].nullable:
            row[words[1]] = words[2]
        if (bounds := BOUNDS.match(text)) and not table.columns[bounds[1]].nullable:
            row[bounds[1]] = max(int(bounds[2]), 1)
    return row


def checks_of(table: Table) -> list[CheckConstraint]:
    """The checks of a table, in the order of their names."""
    return sorted((one for one in table.constraints if isinstance(one, CheckConstraint)), key=lambda one: str(one.name))


def broken_checks(table: Table) -> Iterator[tuple[str, Row]]:
    """Each check's name with a row that breaks it and nothing else."""
    for check in checks_of(table):
        text, name = str(check.sqltext), str(check.name)
        row = sample(table)
        if words := WORDS.match(text):
            yield name, row | {words[1]: "nonsense"}
        elif bounds := BOUNDS.match(text):
            yield name, row | {bounds[1]: int(bounds[2]) - 1}
            if isinstance(table.columns[bounds[1]].type, BigInteger) or int(bounds[3]) < 2**31 - 1:
                yield name, row | {bounds[1]: int(bounds[3]) + 1}
        elif order := ORDER.match(text):
            later = isinstance(table.columns[order[1]].type, UtcDateTime)
            yield name, row | ({order[1]: NOW + timedelta(1), order[2]: NOW} if later else {order[1]: 2, order[2]: 1})
        else:
            assert name.endswith("only_row"), f"{name} is broken by no test"
            yield name, row | {"id": 2}


def pairs_with(table: Table, name: str, said: str) -> bool:
    """Whether the guard that was named instead orders the same number with another one."""
    column = name.removeprefix(f"ck_{table.name}_").removesuffix("_bounds")
    return said.endswith("_order") and f"_{column}_" in said


def broken_unique(table: Table) -> Iterator[tuple[str, Row, Row]]:
    """Each unique rule's name with two rows that are different but for it."""
    rules = [one for one in table.constraints if isinstance(one, UniqueConstraint)]
    indexes: list[Index | UniqueConstraint] = [*rules, *(one for one in table.indexes if one.unique)]
    for rule in indexes:
        names = [column.name for column in rule.columns]
        first, second = sample(table, "a"), sample(table, "b")
        shared = {name: "same" if first[name] is None else first[name] for name in names}
        if isinstance(table.columns[names[-1]].type, (Integer, BigInteger)):
            shared[names[-1]] = 7
        told_apart = [*table.primary_key.columns, *(one for other in indexes for one in other.columns)]
        numbers = {one.name: 9 for one in told_apart if isinstance(one.type, (Integer, BigInteger))}
        yield str(rule.name), first | shared, second | numbers | shared


def refused(database: Database, *rows: tuple[Table, Row]) -> str | None:
    """How the database names the guard that refuses these rows; None where it takes them (they are undone then)."""
    try:
        with database.write(TESTER) as unit:
            for table, row in rows:
                unit.session.execute(insert(table), row)
            raise UndoneError
    except DatabaseGuardError as error:
        return error.message
    except UndoneError:
        return None


class UndoneError(Exception):
    """Rows that no guard refused are not kept either."""


def servers(site: World) -> Iterator[tuple[Database, MetaData]]:
    """Both servers' databases."""
    central, satellite = open_central(site.folder / "central"), open_satellite(site.folder / "satellite")
    yield central.database, of_central
    yield satellite.database, of_satellite
    central.database.dispose()
    satellite.database.dispose()


@pytest.mark.row("E3")
@pytest.mark.both_databases
def test_each_guard_refuses_what_breaks_it(site: World) -> None:
    """Unknown states, quantities out of bounds, times in the wrong order and doubles are refused, and the guard is named."""
    wrong = []
    for database, metadata in servers(site):
        named = database.engine.dialect.name == "postgresql"
        for table in metadata.sorted_tables:
            for name, row in broken_checks(table):
                said = refused(database, (table, row))
                if said is None or not (name in said or pairs_with(table, name, said)):
                    wrong.append(f"{name}: {said}")
            for name, first, second in broken_unique(table):
                said = refused(database, (table, first), (table, second))
                if said is None or (named and name not in said) or (not named and "UNIQUE" not in said):
                    wrong.append(f"{name}: {said}")
    assert not wrong, wrong[:5]


@pytest.mark.row("E3")
@pytest.mark.both_databases
def test_a_row_that_names_nothing_is_refused_at_the_commit(site: World) -> None:
    """Each foreign key refuses a row whose one it names is not there; nothing of the unit is kept."""
    wrong = []
    for database, metadata in servers(site):
        for table in metadata.sorted_tables:
            for key in table.foreign_key_constraints:
                nowhere = {
                    name: 999_999 if isinstance(table.c[name].type, Integer) else "gone" for name in key.column_keys
                }
                row = sample(table, "gone") | nowhere
                try:
                    with database.write(TESTER) as unit:
                        unit.session.execute(insert(table), row)
                except DatabaseGuardError:
                    continue
                wrong.append(f"{key.name} took {row}")
    assert not wrong, wrong[:5]

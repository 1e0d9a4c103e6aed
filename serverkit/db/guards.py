"""Database constraints: known states, bounds of quantities, order of times, references.

A guard is the last defence behind the rules: it catches faults of the program, not of a person. Each is beside the column
that it guards and is named after it, alike on both databases. Foreign keys are judged at the commit, for the order in
which a unit of work writes its rows says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, MetaData, text

QUANTITY = 1_000_000_000
"""The greatest quantity of one row, as in the formats of files."""
NUMBER = 2**53 - 1
"""The greatest number that is counted up to: what every reader of JSON holds exactly."""


def one_of(column: str, values: Iterable[str], *, but: Sequence[str] = ()) -> CheckConstraint:
    """A column that holds one of some words; `but` are words besides those of an enumeration."""
    words = ", ".join(f"'{word}'" for word in [*(str(value) for value in values), *but])
    return CheckConstraint(f'"{column}" IN ({words})', name=f"{column}_known")


def bounded(column: str, least: int = 0, most: int = NUMBER) -> CheckConstraint:
    """A number within bounds, both included."""
    return CheckConstraint(f'"{column}" BETWEEN {least} AND {most}', name=f"{column}_bounds")


def quantity(column: str, least: int = 1) -> CheckConstraint:
    """A quantity of licences that one row holds."""
    return bounded(column, least, QUANTITY)


def only(column: str, value: int) -> CheckConstraint:
    """A table of one row."""
    return CheckConstraint(f'"{column}" = {value}', name="only_row")


def in_order(first: str, then: str) -> CheckConstraint:
    """Two times, or two numbers, of which the second is never before the first; where one is missing, nothing is said."""
    return CheckConstraint(f'"{first}" <= "{then}"', name=f"{first}_{then}_order")


def refers(columns: Sequence[str], table: str, keys: Sequence[str] | None = None) -> ForeignKeyConstraint:
    """Columns that name a row of another table by its columns of the same names, or by `keys`."""
    named = [f"{table}.{key}" for key in (keys or columns)]
    return ForeignKeyConstraint([*columns], named, deferrable=True, initially="DEFERRED")


def unique_where(table: str, columns: Sequence[str], condition: str, what: str) -> Index:
    """Columns that are unique among the rows for which a condition is true; it is written alike for both databases."""
    where = text(condition)
    return Index(f"uq_{table}_{what}", *columns, unique=True, sqlite_where=where, postgresql_where=where)


def guarded(metadata: MetaData) -> MetaData:
    """Hand the guards of columns over to their tables, where migrations and databases look for them."""
    for table in metadata.tables.values():
        for column in table.columns:
            for guard in [*column.constraints]:
                column.constraints.discard(guard)
                table.append_constraint(guard)
    return metadata

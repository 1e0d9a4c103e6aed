"""The beginning of a text, looked for by the index: `LIKE` reads every row where its pattern is a parameter.

On PostgreSQL the index needs `postgresql_ops={column: "text_pattern_ops"}`: it compares byte by byte, as SQLite does,
whatever order of letters the database was made with.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_

from serverkit.db.unit import Unit


def starts_with(unit: Unit, column: Any, beginning: str) -> ColumnElement[bool]:
    """The condition that a column begins with a text, which is not empty and ends with an ASCII letter or sign."""
    return lies_between(column, beginning, next_after(beginning), on_postgresql=on_postgresql(unit))


def next_after(beginning: str) -> str:
    """The first text that no longer begins with this one."""
    return beginning[:-1] + chr(ord(beginning[-1]) + 1)


def on_postgresql(unit: Unit) -> bool:
    """Whether texts are compared by operators of their own."""
    return unit.session.get_bind().dialect.name == "postgresql"


def lies_between(column: Any, first: Any, after: Any, *, on_postgresql: bool) -> ColumnElement[bool]:
    """The condition that a column is at or behind a text and before another; either may be a parameter."""
    if on_postgresql:
        return and_(column.op("~>=~", is_comparison=True)(first), column.op("~<~", is_comparison=True)(after))
    return and_(column >= first, column < after)

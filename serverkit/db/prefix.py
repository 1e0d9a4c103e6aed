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
    after = beginning[:-1] + chr(ord(beginning[-1]) + 1)
    if unit.session.get_bind().dialect.name == "postgresql":
        return and_(column.op("~>=~", is_comparison=True)(beginning), column.op("~<~", is_comparison=True)(after))
    return and_(column >= beginning, column < after)

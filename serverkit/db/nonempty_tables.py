"""What conditions of alerts may leave out: those of tables that have no rows."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import exists, literal, select

from serverkit.db.unit import Unit
from serverkit.db.upsert import table_of


def nonempty_tables(unit: Unit, models: Collection[type[Any]], **scope: str) -> set[type[Any]]:
    """Which of these tables have rows whose columns have the values of `scope`; one statement for all of them."""
    tables = {model: table_of(model) for model in models}
    asked = [
        exists(select(literal(1)).select_from(table).where(*(table.c[name] == value for name, value in scope.items())))
        for table in tables.values()
    ]
    found = unit.session.execute(select(*asked)).one()
    return {model for model, has_rows in zip(tables, found, strict=True) if has_rows}

"""How users want things shown: kept per user, read on every page, changed by nobody else."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select

from serverkit.db.unit import Unit
from serverkit.users.tables import UserTables


def preferences_of(unit: Unit, tables: UserTables, user_id: str) -> dict[str, Any]:
    """All that a user chose, by name."""
    model = tables.preference
    return {row.name: row.value for row in unit.session.scalars(select(model).where(model.user_id == user_id))}


def keep_preference(unit: Unit, tables: UserTables, user_id: str, name: str, value: Any) -> None:
    """Keep what a user chose; None goes back to what is usual."""
    model = tables.preference
    if value is None:
        unit.session.execute(delete(model).where(model.user_id == user_id, model.name == name))
    else:
        unit.session.merge(model(user_id=user_id, name=name, value=value))

"""How users want things shown: kept per user, read on every page, changed by no one else."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select

from serverkit.actor import ActorKind
from serverkit.db.unit import Unit
from serverkit.users.tables import UserTables


def list_preferences(unit: Unit, tables: UserTables) -> dict[str, Any]:
    """All that the acting user chose, by name; nothing for an actor who is no user."""
    if unit.actor.kind is not ActorKind.USER:
        return {}
    model = tables.preference
    return {row.name: row.value for row in unit.session.scalars(select(model).where(model.user_id == unit.actor.id))}


def keep_preference(unit: Unit, tables: UserTables, users: type[Any], name: str, value: Any) -> None:
    """Keep what the acting user chose; None restores the default. Nothing is kept of an actor who is not among `users`."""
    user_id, model = unit.actor.id, tables.preference
    if unit.actor.kind is not ActorKind.USER or unit.session.get(users, user_id) is None:
        return
    if value is None:
        unit.session.execute(delete(model).where(model.user_id == user_id, model.name == name))
    else:
        unit.session.merge(model(user_id=user_id, name=name, value=value))

"""Use cases of how a person wants pages to be: saved views of tables, hidden alerts. Nobody else's can be read or changed."""

from __future__ import annotations

from typing import Any

from central.domain.access.models import User
from central.domain.credentials.models import USER_TABLES
from serverkit.actor import ActorKind
from serverkit.db.unit import Unit
from serverkit.users import preferences


def list_preferences(unit: Unit) -> dict[str, Any]:
    """List what the acting user chose; nothing for who is no user."""
    if unit.actor.kind is not ActorKind.USER:
        return {}
    return preferences.preferences_of(unit, USER_TABLES, unit.actor.id)


def keep_preference(unit: Unit, name: str, value: Any) -> None:
    """Keep what the acting user chose; None goes back to what is usual. Who is no user has nothing kept."""
    if unit.actor.kind is ActorKind.USER and unit.session.get(User, unit.actor.id) is not None:
        preferences.keep_preference(unit, USER_TABLES, unit.actor.id, name, value)

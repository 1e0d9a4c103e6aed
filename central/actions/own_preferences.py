"""Use cases of how a person wants pages to be: saved views of tables, hidden alerts. No one else's can be read or changed."""

from __future__ import annotations

from typing import Any

from central.domain.access.models import User
from central.domain.credentials.models import USER_TABLES
from serverkit.db.unit import Unit
from serverkit.users import preferences


def list_preferences(unit: Unit) -> dict[str, Any]:
    """List what the acting user chose."""
    return preferences.list_preferences(unit, USER_TABLES)


def keep_preference(unit: Unit, name: str, value: Any) -> None:
    """Keep what the acting user chose; None restores the default."""
    preferences.keep_preference(unit, USER_TABLES, User, name, value)

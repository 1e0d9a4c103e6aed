"""The permission check of the edges before they call an action (row S3.4)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from serverkit.db.unit import Unit


def permit(unit: Unit, needed: Sequence[StrEnum]) -> None:
    """Refuse who lacks one of the permissions; what is not a permission of the matrix was looked at when they signed in."""
    for one in needed:
        if isinstance(one, Permission):
            require(unit, one)

"""Use cases of the settings as one overview (row S3.4)."""

from __future__ import annotations

from typing import Any

from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.runtime import Satellite
from satellite.settings import PREFIX
from serverkit.db.unit import Unit
from serverkit.settings_file import describe_settings


def list_machine_settings(server: Satellite, unit: Unit) -> list[dict[str, Any]]:
    """List the settings of the file and the environment with value and source; secrets are hidden."""
    require(unit, Permission.SITE_MANAGE)
    return describe_settings(server.settings, server.home, PREFIX)

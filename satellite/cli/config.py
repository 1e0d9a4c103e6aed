"""`satellite config` (row S3.5)."""

from __future__ import annotations

from satellite.cli.base import group, home
from satellite.settings import PREFIX, SatelliteSettings
from serverkit.cli.config import add_config_commands

add_config_commands(group, SatelliteSettings, PREFIX, home)

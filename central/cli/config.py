"""`central config` (row S3.5)."""

from __future__ import annotations

from central.cli.base import group, home
from central.settings import PREFIX, CentralSettings
from serverkit.cli.config import add_config_commands

add_config_commands(group, CentralSettings, PREFIX, home)

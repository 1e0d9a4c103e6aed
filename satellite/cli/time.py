"""`satellite time | clock` (row S1.3)."""

from __future__ import annotations

from satellite.cli.base import group, opened
from satellite.time_service import ACTS
from serverkit.cli.time import add_time_commands

add_time_commands(group, ACTS, opened)

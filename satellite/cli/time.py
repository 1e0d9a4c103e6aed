"""`satellite time | clock` (row S1.3)."""

from __future__ import annotations

from chassis.time_commands import add_time_commands
from satellite.cli.base import group, opened
from satellite.time_desk import ACTS

add_time_commands(group, ACTS, opened)

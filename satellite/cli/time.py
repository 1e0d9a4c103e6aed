"""`satellite time | clock` (row S1.3)."""

from __future__ import annotations

from satellite.actions.time import ACTS
from satellite.cli.base import group, opened
from serverkit.cli.time import add_time_commands

add_time_commands(group, ACTS, opened)

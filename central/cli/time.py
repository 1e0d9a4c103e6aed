"""`central time | clock` (row S1.3)."""

from __future__ import annotations

from central.actions.time import ACTS
from central.cli.base import group, opened
from serverkit.cli.time import add_time_commands

add_time_commands(group, ACTS, opened)

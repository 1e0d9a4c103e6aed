"""`central update` (row B16)."""

from __future__ import annotations

from central.actions.updates import ACTS
from central.cli.base import OPENER, group
from serverkit.updates.cli import add_update_commands

add_update_commands(group, ACTS, OPENER)

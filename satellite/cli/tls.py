"""`satellite tls` (row S3.4)."""

from __future__ import annotations

from satellite.actions.tls import ACTS
from satellite.cli.base import OPENER, group
from serverkit.cli.tls import add_tls_commands

add_tls_commands(group, ACTS, OPENER)

"""`central tls` (row S3.4 at central)."""

from __future__ import annotations

from central.actions.tls import ACTS
from central.cli.base import OPENER, group
from serverkit.cli.tls import add_tls_commands

add_tls_commands(group, ACTS, OPENER)

"""`central backup | restore`."""

from __future__ import annotations

from central.actions.backups import ACTS
from central.actions.server import finish_restore
from central.cli.base import OPENER, group
from central.runtime import settle_restore
from serverkit.backup.cli import add_backup_commands

add_backup_commands(group, ACTS, OPENER, settle_restore, finish_restore)

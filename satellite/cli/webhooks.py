"""`satellite webhook` (row B20)."""

from __future__ import annotations

from satellite.actions.webhooks import ACTS
from satellite.cli.base import group, opened
from serverkit.cli.webhooks import add_webhook_commands

add_webhook_commands(group, ACTS, opened)

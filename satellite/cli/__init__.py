"""The `satellite` command: thin commands over the use cases (row S3.5)."""

from __future__ import annotations

from collections.abc import Sequence

from exchange.errors import ExchangeError
from satellite.cli.base import group
from serverkit.cli.base import run
from serverkit.errors import AppError

MODULES = {
    "access": ("api-token",),
    "backup": ("backup", "restore"),
    "config": ("config",),
    "doctor": ("doctor",),
    "console": ("console",),
    "console_settings": ("banner", "network"),
    "inventory": ("licences", "instances", "instance", "alerts", "alert", "events", "export-queue", "conversions"),
    "mail": ("mail", "syslog"),
    "sync_network": ("sync",),
    "registration": ("init", "registration", "setup"),
    "server": ("upgrade", "serve", "jobs"),
    "support": ("support",),
    "sync": ("status", "sync", "privacy"),
    "tasks": ("task",),
    "time": ("time", "clock", "timesync"),
    "tls": ("tls",),
    "tokens": ("token",),
    "update": ("update",),
    "users": ("user",),
    "webhooks": ("webhook",),
}
"""The modules, and the words that each adds; only the one that is needed is imported."""

group.package, group.modules = __name__, MODULES


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    run(group, "satellite", (AppError, ExchangeError), argv)


__all__ = ["MODULES", "main"]

"""The `central` command: thin commands over the use cases."""

from __future__ import annotations

from collections.abc import Sequence

from central.cli.base import group
from exchange.errors import ExchangeError
from serverkit.cli.base import run
from serverkit.errors import AppError

MODULES = {
    "accounts": ("account", "agreement", "virtual-account", "policy"),
    "alerts": ("alerts", "alert"),
    "backup": ("backup", "restore"),
    "config": ("config",),
    "doctor": ("doctor",),
    "convert": ("convert",),
    "event_log": ("events", "transactions"),
    "inventory": ("licences", "instances", "instance"),
    "licence_tags": ("tag",),
    "licences": ("licence",),
    "mail": ("mail",),
    "orders": ("catalogue", "order", "ledger"),
    "preferences": ("flag", "preferences"),
    "reports": ("report",),
    "reservations": ("reservation",),
    "saved_reports": ("report",),
    "satellites": ("satellite", "sync"),
    "server": ("upgrade", "serve", "jobs", "node"),
    "support": ("support",),
    "tasks": ("task",),
    "time": ("time", "clock"),
    "tls": ("tls",),
    "tokens": ("token",),
    "subscriptions": ("subscription",),
    "trust": ("init", "root", "role-key"),
    "update": ("update",),
    "upgrades": ("upgrade-licences",),
    "usage": ("usage",),
    "users": ("user", "api-client", "api-token", "setup"),
    "webhooks": ("webhook",),
}
"""The modules, and the words that each adds; only the one that is needed is imported."""

group.package, group.modules = __name__, MODULES


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    run(group, "central", (AppError, ExchangeError), argv)


__all__ = ["MODULES", "main"]

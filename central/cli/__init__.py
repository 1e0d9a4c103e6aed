"""The `central` command: thin words over the services."""

from __future__ import annotations

from collections.abc import Sequence

from central.cli import (
    accounts,
    backup,
    inventory,
    mail,
    orders,
    reservations,
    satellites,
    server,
    time,
    tokens,
    trust,
    users,
)
from central.cli.base import group
from chassis.cli import run
from chassis.errors import AppError
from exchange.errors import ExchangeError

MODULES = (accounts, backup, inventory, mail, orders, reservations, satellites, server, time, tokens, trust, users)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    run(group, "central", (AppError, ExchangeError), argv)


__all__ = ["MODULES", "main"]

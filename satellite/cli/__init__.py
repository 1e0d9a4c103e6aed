"""The `satellite` command: thin words over the services."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.cli import run
from chassis.errors import AppError
from exchange.errors import ExchangeError
from satellite.cli import access, backup, inventory, network, registration, server, sync, time, tokens
from satellite.cli.base import group

MODULES = (access, backup, inventory, network, registration, server, sync, time, tokens)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    run(group, "satellite", (AppError, ExchangeError), argv)


__all__ = ["MODULES", "main"]

"""What every command of central needs: the home, and a unit of work."""

from __future__ import annotations

from collections.abc import Sequence

import click

from central.runtime import Central, open_central
from serverkit.cli.opening import FILE, Opener
from serverkit.cli.program import Program

__all__ = ["FILE", "OPENER", "group", "home", "opened", "reading", "writing"]


@click.group(cls=Program, help="The vendor's side: accounts, licence inventory, satellites, alerts.")
def group() -> None:
    """Hold the commands of central."""


OPENER = Opener[Central]("central", open_central)
home, opened = OPENER.home, OPENER.opened
writing, reading = OPENER.writing, OPENER.reading


DIGITS = 10


def units_by_licence(licences: Sequence[str], option: str = "--licence") -> dict[str, int]:
    """Quantities by licence of options `TAG=QUANTITY`, each of which names another licence; click.UsageError."""
    found: dict[str, int] = {}
    for text in licences:
        tag, _, count = text.rpartition("=")
        if not tag or not (count.isascii() and count.isdecimal() and len(count) <= DIGITS):
            raise click.UsageError(f"{option} is TAG=QUANTITY, a whole number of at most 10 digits; not {text[:80]!r}")
        if tag in found:
            raise click.UsageError(f"{option} names {tag[:80]!r} twice")
        found[tag] = int(count)
    return found

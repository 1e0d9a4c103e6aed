"""`satellite sync now | settings | doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from satellite.actions import synchronization
from satellite.cli.base import FILE, opened, reading, writing
from satellite.cli.sync import sync
from serverkit.actor import OPERATOR
from serverkit.cli.base import emit, emit_list, render
from serverkit.files import read_bounded
from serverkit.schedule import KINDS, WEEKDAYS

CA_BYTES = 256 * 1024


@sync.command("now", help="Synchronize over the network now.")
@click.option("--full", is_flag=True, help="Send everything, not only changes.")
@click.pass_context
def sync_now(context: click.Context, full: bool) -> None:
    """Synchronize."""
    emit(context, synchronization.synchronize(opened(context), OPERATOR, full=full))


@sync.command("settings", help="Show or change the settings of network synchronization.")
@click.option("--url", help="Address of central, https://host:port.")
@click.option("--ca", type=FILE, help="Authorities to trust, in PEM form.")
@click.option("--fingerprint", help="SHA-256 of central's certificate or of its key.")
@click.option("--proxy", help="http://[user:password@]host:port, or empty for none.")
@click.option("--every", type=click.Choice(KINDS), help="When to synchronize automatically.")
@click.option("--day", help="Day of the week by name, or of the month by number.")
@click.option("--at", metavar="HH:MM", help="Time of the day.")
@click.option("--zone", help="Time zone, such as Europe/Berlin.")
@click.option("--timeout", type=int, metavar="SECONDS", help="Time-out of each step, 1 to 3600.")
@click.pass_context
def sync_settings(
    context: click.Context, /, ca: Path | None, day: str | None, timeout: int | None, **given: str | None
) -> None:
    """Show or change settings."""
    # An empty text removes an optional setting; a time, a zone and a schedule are required.
    changes: dict[str, Any] = {
        name: (value or None) if name in {"fingerprint", "proxy"} else value
        for name, value in given.items()
        if value is not None
    }
    if ca is not None:
        changes["ca"] = read_bounded(ca, CA_BYTES).decode("ascii", "replace")
    if day is not None:
        with reading(context) as (_, unit):
            changes["day"] = _day(day, str(changes.get("every", synchronization.show_settings(unit)["every"])))
    if timeout is not None:
        changes["timeout"] = timeout
    if changes:
        with writing(context) as (server, unit):
            found = synchronization.change_settings(server, unit, changes)
    else:
        with reading(context) as (_, unit):
            found = synchronization.show_settings(unit)
    emit(context, found)


def _day(text: str, every: str) -> int:
    # A number for a weekday is refused: people start to count the week at different days.
    if text.lower() in WEEKDAYS and every != "monthly":
        return WEEKDAYS.index(text.lower())
    if text.isascii() and text.isdecimal() and len(text) <= 2 and every != "weekly":
        return int(text)
    raise click.UsageError("--day is the name of a weekday for weekly, and a number from 1 to 31 for monthly")


@sync.command("test", help="Test the way to central stage by stage.")
@click.pass_context
def sync_test(context: click.Context) -> None:
    """Test the connection."""
    found = synchronization.try_connection(opened(context), OPERATOR)
    emit(context, found)
    if not found["healthy"]:
        context.exit(1)


@sync.command("doctor", help="Name the one cause that stops synchronization, and its remedy.")
@click.argument("file", type=FILE, required=False)
@click.option("--catalogue", "every", is_flag=True, help="List every cause that can be named.")
@click.pass_context
def sync_doctor(context: click.Context, file: Path | None, every: bool) -> None:
    """Examine the synchronization."""
    if every:
        emit_list(context, synchronization.list_causes(), ("code", "where", "message", "remedy"))
        return
    found = synchronization.diagnose_home(lambda: opened(context), OPERATOR, file)
    emit(context, found, _text(found))
    if not found["healthy"]:
        context.exit(1)


def _text(found: dict[str, Any]) -> str:
    # The cause is the purpose of the command: each of its parts gets a line.
    lines = {"healthy": found["healthy"], "checked": found["checked"], **(found["cause"] or {"cause": None})}
    return render({"cause" if name == "code" else name: value for name, value in lines.items()})

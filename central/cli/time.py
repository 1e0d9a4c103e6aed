"""`central time | clock`: what is thought of this machine's clock, and a laboratory's clock (row S1.3)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import click

from central.cli.base import group, opened, reading, writing
from central.domain.alerts.services import refresh_vendor
from central.domain.operations import services
from chassis import time_desk
from chassis.cli import DURATION, TIME, emit
from chassis.clock import advance_lab_clock, is_lab, iso, jump_lab_clock, set_lab_clock
from chassis.db.unit import kept
from chassis.licence_time import QUIET
from chassis.ntp import Verdict, measure

NO_SERVER = (
    "No time server is named. Compare this machine's clock with one that is known to be right, and confirm it with "
    "`central time confirm`. A wrong time that is confirmed lets licences end too early or too late."
)
RIGHT = "This clock is right."
WRONG = "This clock is wrong. Set it with the means of the system; nothing was changed here."
UNKNOWN = (
    "Nothing was measured. Check the names and that port 123 is open, or compare this machine's clock with one that is "
    "known to be right and confirm it with `central time confirm`."
)


@group.group("time", help="Licence time: what is believed of this machine's clock.")
def time() -> None:
    """Hold the commands of time."""


@time.command("show", help="Show clock, licence time, and what was measured.")
@click.pass_context
def time_show(context: click.Context) -> None:
    """Show time."""
    with reading(context) as (_, unit):
        found = time_desk.describe(unit, services.clock_row(unit))
    emit(context, found)


@time.command("confirm", help="Say that this machine's clock is right; look at it first.")
@click.pass_context
def time_confirm(context: click.Context) -> None:
    """Confirm the time."""
    with writing(context) as (made, unit):
        outcome = services.confirm_time(unit)
        services.observe_clock(unit)
        refresh_vendor(unit, made.keyring)
        found = {"outcome": outcome, **time_desk.describe(unit, services.clock_row(unit))}
    emit(context, found)


@time.command("test", help="Measure the clock against time servers; it is shown and never set.")
@click.option("--server", "servers", multiple=True, metavar="HOST[:PORT]", help="Instead of those that are set.")
@click.pass_context
def time_test(context: click.Context, servers: tuple[str, ...]) -> None:
    """Measure the time."""
    with reading(context) as (made, unit):
        named = list(servers) or list(services.clock_row(unit).servers)
    targets = [(name, *time_desk.split_server(name)) for name in dict.fromkeys(named)]
    if not targets:
        emit(context, {"outcome": "no_server", "servers": [], "advice": NO_SERVER})
        return
    verdict = measure(targets, made.clock.moment().shift.total_seconds())
    with writing(context) as (made, unit):
        healed = services.take_measurement(unit, verdict)
        services.observe_clock(unit)
        refresh_vendor(unit, made.keyring)
    emit(context, {**verdict.to_dict(), "confirmed": healed, "advice": _advice(verdict)})


def _advice(verdict: Verdict) -> str:
    if verdict.offset is None:
        return UNKNOWN
    return RIGHT if abs(verdict.offset) <= QUIET.total_seconds() else WRONG


@time.command("settings", help="Show or change the time zone and the time servers.")
@click.option("--zone", metavar="ZONE", help="Zone in which local times are shown, such as Europe/Vienna.")
@click.option(
    "--server", "servers", multiple=True, metavar="HOST[:PORT]", help="Time servers; an empty one clears them."
)
@click.pass_context
def time_settings(context: click.Context, zone: str | None, servers: tuple[str, ...]) -> None:
    """Show or change the settings of time."""
    with writing(context) as (_, unit):
        row = services.change_settings(unit, zone, list(servers) if servers else None)
        found: dict[str, Any] = {"zone": row.zone, "servers": list(row.servers)}
    emit(context, found)


@group.group("clock", help="The clock of a laboratory.")
def clock() -> None:
    """Hold the commands of the clock."""


@clock.command("set", help="Set the laboratory's clock. Forward, the time between passes; back, the clock is wrong.")
@click.argument("time", type=TIME)
@click.pass_context
def clock_set(context: click.Context, time: datetime) -> None:
    """Set the clock."""
    made = opened(context)
    with kept(made.database):
        now = set_lab_clock(made.home, time)
    emit(context, {"now": iso(now), "lab": True})


@clock.command("advance", help="Let time pass in the laboratory, such as 30d or 12h.")
@click.argument("duration", type=DURATION)
@click.pass_context
def clock_advance(context: click.Context, duration: timedelta) -> None:
    """Advance the clock."""
    made = opened(context)
    with kept(made.database):
        now = advance_lab_clock(made.home, duration)
    emit(context, {"now": iso(now), "lab": True})


@clock.command("jump", help="Make the laboratory's clock wrong: it leaps, and no time passes.")
@click.argument("duration", type=DURATION)
@click.option("--back", is_flag=True, help="Leap back instead of forward.")
@click.option("--reboot", is_flag=True, help="Leap while the machine is off.")
@click.pass_context
def clock_jump(context: click.Context, duration: timedelta, back: bool, reboot: bool) -> None:
    """Make the clock wrong."""
    made = opened(context)
    with kept(made.database):
        now = jump_lab_clock(made.home, -duration if back else duration, reboot=reboot)
    emit(context, {"now": iso(now), "lab": True})


@clock.command("show", help="Show what this machine's clock says.")
@click.pass_context
def clock_show(context: click.Context) -> None:
    """Show the clock."""
    made = opened(context)
    emit(context, {"now": iso(made.clock.moment().system), "lab": is_lab(made.home)})

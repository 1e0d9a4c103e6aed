"""`time | clock` of both servers: the state of the machine's clock, and the laboratory clock (row S1.3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeVar

import click

from serverkit.actor import OPERATOR
from serverkit.cli.base import DURATION, TIME, Group, emit
from serverkit.clock import advance_lab_clock, is_lab, iso, jump_lab_clock, set_lab_clock
from serverkit.db.unit import kept
from serverkit.time.acts import TimeActs, Timed


class Homed(Timed, Protocol):
    """A server with its home."""

    @property
    def home(self) -> Path:
        """Its folder."""
        ...


S = TypeVar("S", bound=Homed)


def add_time_commands(group: Group, acts: TimeActs[S], opened: Callable[[click.Context], S]) -> None:
    """Add the commands for time and the laboratory clock to a program."""
    time = Group("time", help="Licence time: what is believed of this machine's clock.")
    _add_looks(time, acts, opened)
    _add_changes(time, acts, opened)
    clock = Group("clock", help="The clock of a laboratory.")
    _add_moves(clock, opened)
    group.add_command(time)
    group.add_command(clock)


def _add_looks(time: Group, acts: TimeActs[S], opened: Callable[[click.Context], S]) -> None:
    @time.command("show", help="Show the clock, licence time and the last measurement.")
    @click.pass_context
    def show(context: click.Context) -> None:
        with opened(context).database.read(OPERATOR) as unit:
            found = acts.show(unit)
        emit(context, found)

    @time.command("test", help="Measure the clock against time servers; the clock is never set.")
    @click.option("--server", "servers", multiple=True, metavar="HOST[:PORT]", help="Instead of those that are set.")
    @click.pass_context
    def test(context: click.Context, servers: tuple[str, ...]) -> None:
        emit(context, acts.measure(opened(context), OPERATOR, servers))


def _add_changes(time: Group, acts: TimeActs[S], opened: Callable[[click.Context], S]) -> None:
    @time.command("confirm", help="Confirm that the system clock is correct.")
    @click.pass_context
    def confirm(context: click.Context) -> None:
        server = opened(context)
        with server.database.write(OPERATOR) as unit:
            found = acts.confirm(server, unit)
        emit(context, found)

    @time.command("settings", help="Show or change the time zone and the time servers.")
    @click.option("--zone", metavar="ZONE", help="Zone in which local times are shown, such as Europe/Vienna.")
    @click.option(
        "--server", "servers", multiple=True, metavar="HOST[:PORT]", help="Time servers; an empty one clears them."
    )
    @click.pass_context
    def settings(context: click.Context, zone: str | None, servers: tuple[str, ...]) -> None:
        with opened(context).database.write(OPERATOR) as unit:
            found = acts.change(unit, zone, list(servers) if servers else None)
        emit(context, found)


def _add_moves(clock: Group, opened: Callable[[click.Context], S]) -> None:
    def moved(context: click.Context, move: Callable[[Path], datetime]) -> None:
        server = opened(context)
        with kept(server.database):
            now = move(server.home)
        emit(context, {"now": iso(now), "lab": True})

    @clock.command("set", help="Set the laboratory clock: forward, the time between passes; back, the clock is wrong.")
    @click.argument("time", type=TIME)
    @click.pass_context
    def set_clock(context: click.Context, time: datetime) -> None:
        moved(context, lambda home: set_lab_clock(home, time))

    @clock.command("advance", help="Advance the laboratory clock by a duration such as 30d or 12h.")
    @click.argument("duration", type=DURATION)
    @click.pass_context
    def advance(context: click.Context, duration: timedelta) -> None:
        moved(context, lambda home: advance_lab_clock(home, duration))

    @clock.command("jump", help="Make the laboratory clock jump, as if no time had passed.")
    @click.argument("duration", type=DURATION)
    @click.option("--back", is_flag=True, help="Jump back instead of forward.")
    @click.option("--reboot", is_flag=True, help="Jump while the machine is off.")
    @click.pass_context
    def jump(context: click.Context, duration: timedelta, back: bool, reboot: bool) -> None:
        moved(context, lambda home: jump_lab_clock(home, -duration if back else duration, reboot=reboot))

    @clock.command("show", help="Show what this machine's clock says.")
    @click.pass_context
    def show(context: click.Context) -> None:
        server = opened(context)
        emit(context, {"now": iso(server.clock.moment().system), "lab": is_lab(server.home)})

"""Use cases of time at both servers, for commands and programs (row S1.3).

A server lends its services: they ask for permission and write events. What is shown is put together here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from serverkit.actor import Actor
from serverkit.clock import Clock
from serverkit.db.base import ClockMixin
from serverkit.db.unit import Database, Unit
from serverkit.licence_time import QUIET
from serverkit.time import service as time_service
from serverkit.time.ntp import Verdict, measure

RIGHT = "This clock is right."
WRONG = "This clock is wrong. Set it with the means of the system; nothing was changed here."


class Timed(Protocol):
    """What measuring needs of a server."""

    @property
    def clock(self) -> Clock:
        """Its clock."""
        ...

    @property
    def database(self) -> Database:
        """Its database."""
        ...


S = TypeVar("S", bound=Timed)


@dataclass(frozen=True)
class TimeActs(Generic[S]):
    """Use cases of one server: the name of its program, its services, and how its alerts are refreshed."""

    program: str
    row: Callable[[Unit], ClockMixin]
    may_look: Callable[[Unit], None]
    may_measure: Callable[[Unit], None]
    confirm_time: Callable[[Unit], str]
    take_measurement: Callable[[Unit, Verdict], bool]
    observe: Callable[[Unit], object]
    change_settings: Callable[[Unit, str | None, list[str] | None], ClockMixin]
    refresh: Callable[[S, Unit], None]

    def show(self, unit: Unit) -> dict[str, Any]:
        """Clock, licence time, and what was measured."""
        self.may_look(unit)
        return time_service.describe(unit, self.row(unit))

    def confirm(self, server: S, unit: Unit) -> dict[str, Any]:
        """Confirm that the system clock is correct."""
        outcome = self.confirm_time(unit)
        self.observe(unit)
        self.refresh(server, unit)
        return {"outcome": outcome, **time_service.describe(unit, self.row(unit))}

    def settings(self, unit: Unit) -> dict[str, Any]:
        """Zone and time servers."""
        self.may_look(unit)
        row = self.row(unit)
        return {"zone": row.zone, "servers": list(row.servers)}

    def change(self, unit: Unit, zone: str | None, servers: list[str] | None) -> dict[str, Any]:
        """Change zone and time servers; what is None stays."""
        row = self.change_settings(unit, zone, servers)
        return {"zone": row.zone, "servers": list(row.servers)}

    def measure(self, server: S, actor: Actor, servers: Sequence[str]) -> dict[str, Any]:
        """Measure against the servers that are named, or those that are set; no unit is open while they are asked."""
        with server.database.write(actor) as unit:
            self.may_measure(unit)
            named = list(servers) or list(self.row(unit).servers)
        targets = [(name, *time_service.split_server(name)) for name in dict.fromkeys(named)]
        if len(targets) > time_service.MOST_SERVERS:
            raise time_service.InvalidTimeSettingError(
                "at most {most_servers} time servers", most_servers=time_service.MOST_SERVERS
            )
        if not targets:
            return {
                "outcome": "no_server", "offset_seconds": None, "servers": [], "confirmed": False,
                "advice": self._without_server(),
            }  # fmt: skip
        verdict = measure(targets, server.clock.moment().shift.total_seconds())
        with server.database.write(actor) as unit:
            cleared = self.take_measurement(unit, verdict)
            self.observe(unit)
            self.refresh(server, unit)
        return {**verdict.to_dict(), "confirmed": cleared, "advice": self._advice(verdict)}

    def _advice(self, verdict: Verdict) -> str:
        if verdict.offset is None:
            return (
                "Nothing was measured. Check the names and that port 123 is open, or compare this machine's clock with "
                f"one that is known to be right and confirm it with `{self.program} time confirm`."
            )
        return RIGHT if abs(verdict.offset) <= QUIET.total_seconds() else WRONG

    def _without_server(self) -> str:
        return (
            "No time server is named. Compare this machine's clock with one that is known to be right, and confirm it "
            f"with `{self.program} time confirm`. A wrong time that is confirmed lets licences end too early or too late."
        )

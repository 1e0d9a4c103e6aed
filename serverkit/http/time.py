"""The operations of time, the same at both servers (row S1.3)."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import Field

from serverkit.http.operations import (
    FLAG,
    OPTIONAL,
    PLAIN,
    TEXT,
    TEXTS,
    TIME,
    WHOLE,
    Asked,
    Needed,
    Operation,
    Strict,
    example,
    object_of,
)
from serverkit.http.schemas import BASE, Nothing
from serverkit.time.acts import TimeActs, Timed
from serverkit.time.service import MOST_SERVERS

S = TypeVar("S", bound=Timed)
PATH = f"{BASE}time"
STATE: dict[str, Any] = {
    "standing": TEXT, "confirmed": FLAG, "licence_time": TIME, "off_seconds": WHOLE, "clock": TIME, "now": TIME,
    "local": TEXT, "zone": TEXT, "meaning": TEXT, "endings": TEXT, "can_be_lowered": FLAG, "servers": TEXTS,
    "measured": {"type": ["object", "null"]},
}  # fmt: skip
SETTINGS = object_of(zone=TEXT, servers=TEXTS)
MEASURED = object_of(
    outcome=TEXT,
    offset_seconds={"type": ["number", "null"]},
    servers={
        "type": "array",
        "items": object_of(
            server=TEXT,
            outcome=TEXT,
            offset_seconds={"type": ["number", "null"]},
            round_trip_seconds={"type": ["number", "null"]},
            stratum={"type": ["integer", "null"]},
            detail=OPTIONAL,
        ),
    },
    confirmed=FLAG,
    advice=TEXT,
)


class TimeSettings(Strict):
    """Settings of time; what is left out stays, an empty list clears the servers."""

    model_config = example({"zone": "Europe/Vienna", "servers": ["ntp.example.com", "192.0.2.1:123"]})

    zone: str | None = Field(default=None, max_length=100, pattern=PLAIN)
    servers: list[str] | None = Field(default=None, max_length=MOST_SERVERS)


class Measuring(Strict):
    """Time servers to be asked instead of those that are set."""

    model_config = example({"servers": []})

    servers: list[str] = Field(default_factory=list, max_length=MOST_SERVERS)


def time_operations(acts: TimeActs[S], *, look: Needed, manage: Needed) -> tuple[Operation[S], ...]:
    """What a server's interface offers about time, and what is needed to look at it and to change it."""

    def show(call: Asked[S]) -> dict[str, Any]:
        return acts.show(call.unit)

    def confirm(call: Asked[S]) -> dict[str, Any]:
        return acts.confirm(call.server, call.unit)

    def measure(call: Asked[S]) -> dict[str, Any]:
        return acts.measure(call.server, call.actor, call.body.servers)

    def settings(call: Asked[S]) -> dict[str, Any]:
        return acts.settings(call.unit)

    def change(call: Asked[S]) -> dict[str, Any]:
        return acts.change(call.unit, call.body.zone, call.body.servers)

    return (
        Operation(
            "show_time", "GET", PATH, "Show clock, licence time and what was measured.", show, object_of(**STATE),
            permission=look, row="S1.3",
        ),
        Operation(
            "confirm_time", "POST", f"{PATH}/confirm", "Say that the machine's clock is right.", confirm,
            object_of(outcome=TEXT, **STATE), body=Nothing, changes=True,
            permission=manage, row="S1.3",
        ),
        Operation(
            "measure_time", "POST", f"{PATH}/measurements", "Measure the clock against time servers; nothing is set.",
            measure, MEASURED, body=Measuring, changes=True, alone=True,
            permission=manage, row="S1.3",
        ),
        Operation(
            "show_time_settings", "GET", f"{PATH}/settings", "Show zone and time servers.", settings, SETTINGS,
            permission=look, row="S1.3",
        ),
        Operation(
            "change_time_settings", "PATCH", f"{PATH}/settings", "Change zone and time servers.", change, SETTINGS,
            body=TimeSettings, changes=True, current=settings,
            permission=manage, row="S1.3",
        ),
    )  # fmt: skip

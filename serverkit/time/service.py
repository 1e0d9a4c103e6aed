"""What administrators see and change about time; the same at both servers (row S1.3)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from serverkit.clock import iso
from serverkit.day_times import DayTimeError, read_zone
from serverkit.db.base import ClockMixin
from serverkit.db.timekeeper import columns_of, mark_of
from serverkit.db.unit import Unit
from serverkit.endpoints import EndpointError, read_host
from serverkit.errors import InvalidInputError, RefusedError, Remedy
from serverkit.licence_time import QUIET, ClockTrust, Mark, Reading, can_lower, confirmed, first_mark, judge, signed
from serverkit.locks import row_for_change
from serverkit.time.ntp import Verdict

C = TypeVar("C", bound=ClockMixin)
MOST_SERVERS = 8
NTP_PORT = 123
_MEANING = {
    ClockTrust.BELIEVED: "the clock is believed",
    ClockTrust.SET_BACK: "the clock is before licence time, which waits until it is passed",
    ClockTrust.SUSPICIOUS: "the clock jumped forward: nothing ends until it is confirmed or set right",
}


class TimeNotLoweredError(RefusedError):
    """The refusal `time_not_lowered`."""

    code = "time_not_lowered"
    message = "Licence time was confirmed already and cannot be lowered to this clock."
    remedy = Remedy(
        "Correct the clock; licence time advances again as soon as the clock has passed it.",
        page="time.md#when-the-clock-is-wrong",
    )


class InvalidTimeSettingError(InvalidInputError):
    """The refusal `invalid_time_setting`."""

    code = "invalid_time_setting"
    message = "A time setting is not valid."
    remedy = Remedy("Use a zone such as Europe/Vienna, and time servers as HOST or HOST:PORT.", page="time.md#commands")


def row_of(unit: Unit, model: type[C]) -> C:
    """The one row, with the clock as this unit read it; locked in a writing unit."""
    row = row_for_change(unit.session, model, 1, writing=unit.writing)
    if row is None:
        moment = _moment(unit)
        row = model()
        row.id, row.standing, row.zone, row.servers, row.measured = 1, ClockTrust.BELIEVED, "UTC", [], None
        _set(row, first_mark(moment))
        if unit.writing:
            unit.session.add(row)
            unit.session.flush()
    return row


def _reading(unit: Unit) -> Reading:
    if unit.reading is None:
        raise RuntimeError("this unit has read no clock")
    return unit.reading


def _moment(unit: Unit) -> Any:
    return _reading(unit).moment


def _set(row: ClockMixin, mark: Mark) -> None:
    for name, value in columns_of(mark, row).items():
        setattr(row, name, value)


def _save(unit: Unit, row: ClockMixin, mark: Mark) -> Reading:
    _set(row, mark)
    reading = judge(mark, _moment(unit))
    # What follows in this unit sees the change at once; other readers at their next look.
    unit.reading, unit.now = reading, reading.now
    if unit.keeper is not None:
        unit.after_commit.append(unit.keeper.forget)
    return reading


def present_mark(unit: Unit, row: ClockMixin) -> Mark:
    """The kept mark moved on to this unit's reading."""
    moment = _moment(unit)
    return judge(mark_of(row, moment.boot), moment).mark


def confirm_time(unit: Unit, row: ClockMixin) -> tuple[str, Reading]:
    """Confirm that the system clock is correct; returns the effect: nothing, confirmed or lowered."""
    mark, moment = present_mark(unit, row), _moment(unit)
    before = judge(mark, moment)
    if not before.alarming and not mark.provisional:
        return "nothing_to_confirm", before
    lowers = moment.system < mark.at
    if lowers and not can_lower(mark, moment):
        raise TimeNotLoweredError(
            "licence time {at} was confirmed; the clock says {system}", at=iso(mark.at), system=iso(moment.system)
        )
    reading = _save(unit, row, confirmed(mark, moment, by_person=True))
    return "lowered" if lowers else "confirmed", reading


def take_measurement(unit: Unit, row: ClockMixin, verdict: Verdict) -> bool:
    """Keep what was measured; True where it showed that a clock in doubt is right."""
    row.measured = {"at": iso(unit.now), **verdict.to_dict()}
    mark, moment = present_mark(unit, row), _moment(unit)
    reading = judge(mark, moment)
    right = verdict.offset is not None and abs(verdict.offset) <= QUIET.total_seconds()
    doubtful = reading.standing is ClockTrust.SUSPICIOUS or (
        mark.provisional and reading.standing is ClockTrust.BELIEVED
    )
    if right and doubtful:
        _save(unit, row, confirmed(mark, moment, by_person=False))
        return True
    return False


def note_signed(unit: Unit, row: ClockMixin, said: datetime, asked: datetime | None) -> str:
    """Central's signed time in a response that was applied: a lower bound, and proof for or against this clock."""
    mark = present_mark(unit, row)
    newer = signed(mark, _moment(unit), said, asked)
    _save(unit, row, newer)
    if newer.at < mark.at:
        return "lowered"
    return "confirmed" if mark.provisional and not newer.provisional else "kept"


def observe(unit: Unit, row: ClockMixin) -> str | None:
    """Note a change of the judgement; returns the event to record, None if nothing changed."""
    reading = _reading(unit)
    # A clock that is a little behind is as good as right: no one has to do anything.
    standing = reading.standing if reading.alarming else ClockTrust.BELIEVED
    if row.standing == standing:
        return None
    row.standing = standing
    said, kept = iso(reading.moment.system), iso(reading.mark.at)
    return f"{_MEANING[standing]} (clock {said}, licence time {kept})"


def change_settings(row: ClockMixin, zone: str | None, servers: list[str] | None) -> list[str]:
    """Change zone and time servers; the names of what changed."""
    changed = []
    if zone is not None:
        try:
            read_zone(zone)
        except DayTimeError as error:
            raise InvalidTimeSettingError("zone: {error}", error=error) from error
        if row.zone != zone:
            row.zone = zone
            changed.append("zone")
    if servers is not None:
        named = list(dict.fromkeys(check_server(server) for server in servers if server))
        if len(named) > MOST_SERVERS:
            raise InvalidTimeSettingError("at most {most_servers} time servers", most_servers=MOST_SERVERS)
        if row.servers != named:
            row.servers = named
            changed.append("servers")
    return changed


def check_server(text: str) -> str:
    """A time server as HOST or HOST:PORT; InvalidTimeSettingError otherwise."""
    split_server(text)
    return text


def split_server(text: str) -> tuple[str, int]:
    """Host and port of a time server; an address of version 6 with a port is in brackets."""
    bare = text.count(":") > 1 and not text.startswith("[")  # a bare address of version 6 names no port
    try:
        return read_host(f"[{text}]" if bare else text, NTP_PORT)
    except EndpointError as error:
        raise InvalidTimeSettingError("{text!r} is not a time server: {error}", text=text[:80], error=error) from error


def clock_words(reading: Reading) -> dict[str, Any]:
    """The judgement of the clock, without values that change all the time."""
    return {"standing": reading.standing.value, "confirmed": not reading.mark.provisional}


def clock_state(reading: Reading) -> dict[str, Any]:
    """The clock in a few words, for the state of a server."""
    return {
        **clock_words(reading),
        "licence_time": iso(reading.licence_now),
        "off_seconds": round(reading.off / timedelta(seconds=1)),
    }


def describe(unit: Unit, row: ClockMixin) -> dict[str, Any]:
    """Everything about time, for people and programs."""
    reading = _reading(unit)
    return {
        **clock_state(reading),
        "clock": iso(reading.moment.system),
        "now": iso(reading.now),
        "local": reading.now.astimezone(ZoneInfo(row.zone)).isoformat(timespec="seconds"),
        "zone": row.zone,
        "meaning": _MEANING[reading.standing],
        "endings": "as usual" if reading.may_end else "none until the time is confirmed",
        "can_be_lowered": can_lower(reading.mark, reading.moment),
        "servers": list(row.servers),
        "measured": row.measured,
    }

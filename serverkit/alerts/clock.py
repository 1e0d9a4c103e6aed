"""The alert about a clock that cannot be right, the same at both servers (row S1.3)."""

from __future__ import annotations

from collections.abc import Iterator

from serverkit.alerts.engine import Wanted
from serverkit.alerts.texts import said
from serverkit.db.unit import Unit


def clock_alerts(unit: Unit, source: str, program: str, *, page: bool = False) -> Iterator[Wanted]:
    """A clock that jumped ahead, or was set back by more than some minutes; `program` is the command that confirms it.

    `page` says that the server has a page Time, which confirms it too.
    """
    reading = unit.reading
    if reading is None or not reading.alarming:
        return
    shown = f"{reading.moment.system:%Y-%m-%d %H:%M} UTC"
    if reading.may_end:
        text = said(
            "This machine's clock says {time}, before licence time {licence_time} UTC, which "
            "stands still until then. Correct the clock.",
            time=shown,
            licence_time=f"{reading.licence_now:%Y-%m-%d %H:%M}",
        )
    elif page:
        text = said(
            "This machine's clock jumped to {time}. Nothing expires until it is corrected, or confirmed on the page "
            "Settings, Time or with `{program} time confirm`.",
            time=shown,
            program=program,
        )
    else:
        text = said(
            "This machine's clock jumped to {time}. Nothing expires until it is corrected or confirmed with "
            "`{program} time confirm`.",
            time=shown,
            program=program,
        )
    yield Wanted("clock_suspicious", "clock", text, source, step=int(reading.may_end))

"""Long work beside devices gives way."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from serverkit.web import pace
from serverkit.web.pace import MOST_SECONDS, Pace


@pytest.mark.row("S3.1")
@pytest.mark.parametrize(
    ("took", "busy", "rest"),
    [(0.1, 0.1, None), (0.12, 0.1, None), (0.2, 0.1, 1.2), (9.0, 0.02, 0.24), (9.0, 5.0, MOST_SECONDS)],
)
def test_work_rests_where_others_want_the_processor(
    monkeypatch: pytest.MonkeyPatch, took: float, busy: float, rest: float | None
) -> None:
    """A part that ran without waiting is followed at once; one that had to wait by twelve times its own time, never too long."""
    now, slept = {"monotonic": 100.0, "thread_time": 7.0}, list[float]()
    clock = SimpleNamespace(
        monotonic=lambda: now["monotonic"], thread_time=lambda: now["thread_time"], sleep=slept.append
    )
    monkeypatch.setattr(pace, "time", clock)
    work = Pace(now["monotonic"], now["thread_time"])
    for _ in range(2):
        now["monotonic"] += took
        now["thread_time"] += busy
        work.rest()

    assert slept == ([] if rest is None else [pytest.approx(rest)] * 2)

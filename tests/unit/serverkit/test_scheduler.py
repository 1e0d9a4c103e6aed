"""The scheduler beside a server."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from apscheduler.events import EVENT_JOB_MAX_INSTANCES
from apscheduler.schedulers.background import BackgroundScheduler

from serverkit.jobs import scheduler


@pytest.mark.row("B16")
def test_a_long_task_fills_no_log(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """While one task runs, the next look for tasks is left out in silence: a task of an hour is no 3,600 warnings."""
    ended, left_out, made = threading.Event(), threading.Event(), []

    def make(**options: Any) -> BackgroundScheduler:
        one = BackgroundScheduler(**options)
        one.add_listener(lambda _event: left_out.set(), EVENT_JOB_MAX_INSTANCES)
        made.append(one)
        return one

    monkeypatch.setattr(scheduler, "BlockingScheduler", make)
    monkeypatch.setattr(scheduler, "TASK_SECONDS", 0.02)
    monkeypatch.setattr("serverkit.jobs.scheduler.signal.signal", lambda *_: None)
    scheduler.run_scheduler(None, None, (), tasks=lambda: ended.wait(30))  # type: ignore[arg-type]  # no job, no database
    try:
        assert left_out.wait(30)
    finally:
        ended.set()
        made[0].shutdown()
    assert caplog.messages == []

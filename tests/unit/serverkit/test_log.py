"""The log by itself: made ready with its first line, anyone who writes that."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from threading import Barrier, BrokenBarrierError, Thread
from typing import Any

import pytest
import structlog

from serverkit import log


@pytest.mark.row("S4.7")
def test_two_threads_that_write_the_first_line_at_once_both_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """The log is made ready once, by one of them, and neither fails by the other."""
    together = Barrier(2)
    make = structlog.processors.TimeStamper
    made: list[object] = []
    failed: list[BaseException] = []

    def slow(**how: Any) -> Any:
        with suppress(BrokenBarrierError):
            together.wait(0.3)
        made.append(how)
        return make(**how)

    def work() -> None:
        try:
            log.get_logger()
        except IndexError as error:
            failed.append(error)

    monkeypatch.setattr(structlog.processors, "TimeStamper", slow)
    log.configure_logging("info")
    threads = [Thread(target=work) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(20)

    assert failed == []
    assert len(made) == 1


@pytest.mark.row("S3.5")
def test_each_line_is_written_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Line and line end go together: processes that share the file never put one into the line of another."""
    written: list[bytes] = []
    monkeypatch.setattr(log, "_folder", [])
    monkeypatch.setattr(log._Both, "_keep", staticmethod(lambda _folder, data: written.append(data)))
    log.keep_log(tmp_path)
    log.get_logger().warning("first")
    log.get_logger().warning("second")
    assert [(line.count(b"\n"), line[-1:]) for line in written] == [(1, b"\n"), (1, b"\n")]

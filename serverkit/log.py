"""Logs: JSON lines on standard error; events are constant names with fields."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_waiting: list[str] = ["info"]
"""The level that is to be set before the next line."""
_level: list[str] = ["info"]
_setting = Lock()


LOGS, LOG_FILES, MOST_BYTES = "logs", ("server.log.1", "server.log"), 5 * 1024 * 1024
"""In the home, for support: the older file first."""
_folder: list[Path] = []


def keep_log(home: Path) -> None:
    """Keep what this process logs in the home too, in two files of a bounded size; the lines go to standard error as well."""
    from serverkit.owner import make_folder

    with suppress(OSError):
        make_folder(home / LOGS)
        _folder[:] = [home / LOGS]
    _waiting[:] = [_level[0]]


class _Both:
    """Standard error, and the file where one is kept; a disk that is full stops no server. Each write is a whole line."""

    def write(self, text: str) -> None:
        sys.stderr.write(text)
        if _folder:
            with suppress(OSError):
                self._keep(_folder[0], text.encode())

    def flush(self) -> None:
        sys.stderr.flush()

    @staticmethod
    def _keep(folder: Path, data: bytes) -> None:
        from serverkit.owner import keep_owner

        older, file = (folder / name for name in LOG_FILES)
        # Every process appends whole lines; the one that finds the file full begins the next.
        descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, data)
            full = os.fstat(descriptor).st_size > MOST_BYTES
            keep_owner(descriptor, folder)
        finally:
            os.close(descriptor)
        if full:
            file.replace(older)


def configure_logging(level: str) -> None:
    """Send JSON lines of at least `level` to standard error, from the next line on."""
    _level[:] = _waiting[:] = [level]


def get_logger() -> FilteringBoundLogger:
    """A logger."""
    # Imported with the first line that is written: most commands write none, and it takes a fifth of their start.
    import structlog

    if _waiting:
        with _setting:  # two threads may write the first line at once
            if _waiting:
                _configure(_waiting[-1])
                _waiting.clear()
    logger: FilteringBoundLogger = structlog.get_logger()
    return logger


def _configure(level: str) -> None:
    import structlog

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(file=_Both()),  # type: ignore[arg-type]  # it writes and flushes
        cache_logger_on_first_use=False,
    )

"""Logs: JSON lines on standard error; events are constant names with fields."""

from __future__ import annotations

import logging
import sys
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_waiting: list[str] = ["info"]
"""The level that is to be set before the next line."""
_setting = Lock()


def configure_logging(level: str) -> None:
    """Send JSON lines of at least `level` to standard error, from the next line on."""
    _waiting[:] = [level]


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
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )

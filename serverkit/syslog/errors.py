"""Refusals of the log server."""

from __future__ import annotations

from serverkit.errors import AppError, RefusedError, Remedy


class SyslogFailedError(AppError):
    code = "syslog_failed"
    message = "The log server was not reached."
    remedy = Remedy(
        "Read the cause, correct the settings of the log server, and test again.", page="mail-and-log-server.md"
    )
    status = 502


class SyslogOffError(RefusedError):
    code = "syslog_off"
    message = "No log server is set."
    remedy = Remedy("Set its address first.", page="mail-and-log-server.md")

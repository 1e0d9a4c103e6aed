"""Refusals about one alert."""

from __future__ import annotations

from serverkit.errors import NotFoundError, RefusedError


class UnknownAlertError(NotFoundError):
    """There is no such alert."""

    code = "unknown_alert"


class NotDismissibleError(RefusedError):
    """This alert ends only with its cause."""

    code = "alert_not_dismissible"
    remedy = "Do what the alert asks for; it clears by itself."


class NotRemindableError(RefusedError):
    """This alert cannot be put off."""

    code = "alert_not_remindable"
    remedy = "Dismiss it, or do what it asks for."

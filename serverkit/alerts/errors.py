"""Refusals about one alert."""

from __future__ import annotations

from serverkit.errors import NotFoundError, RefusedError, Remedy


class UnknownAlertError(NotFoundError):
    code = "unknown_alert"
    message = "There is no such alert."


class NotDismissibleError(RefusedError):
    code = "alert_not_dismissible"
    message = "This alert ends only with its cause."
    remedy = Remedy("Do what the alert asks for; it clears by itself.", page="alerts.md")


class NotRemindableError(RefusedError):
    code = "alert_not_remindable"
    message = "This alert cannot be put off."
    remedy = Remedy("Dismiss it, or do what it asks for.", page="alerts.md")

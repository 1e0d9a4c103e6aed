"""Refusals about one alert."""

from __future__ import annotations

from serverkit.errors import NotFoundError, RefusedError, Remedy


class UnknownAlertError(NotFoundError):
    code = "unknown_alert"
    message = "There is no such alert."


class NotDismissibleError(RefusedError):
    code = "alert_not_dismissible"
    message = "This alert clears only with its cause."
    remedy = Remedy("Remove the cause; then the alert clears automatically.", page="alerts.md")


class NotRemindableError(RefusedError):
    code = "alert_not_remindable"
    message = "This alert cannot be postponed."
    remedy = Remedy("Dismiss it, or remove its cause.", page="alerts.md")

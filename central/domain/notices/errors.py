"""Refusals about mail to people."""

from __future__ import annotations

from serverkit.errors import RefusedError, Remedy


class NoContactError(RefusedError):
    code = "no_contact"
    message = "The vendor has set no address for this."
    remedy = Remedy("Have the vendor set `contact.feedback` or `contact.support`.", page="settings.md")


class TooManyMessagesError(RefusedError):
    code = "too_many_messages"
    message = "Too many messages were sent to the vendor today."
    remedy = Remedy(
        "Send it tomorrow (UTC), or write to the vendor directly.", page="central-portal.md#feedback-and-support"
    )

"""Refusals about mail to people."""

from __future__ import annotations

from serverkit.errors import RefusedError, Remedy


class NoContactError(RefusedError):
    code = "no_contact"
    message = "The vendor has set no address for this."
    remedy = Remedy("Have the vendor set `contact.feedback` or `contact.support`.", page="settings.md")

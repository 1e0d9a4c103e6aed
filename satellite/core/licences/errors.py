"""Refusals about licences."""

from __future__ import annotations

from serverkit.errors import NotFoundError, Remedy


class UnknownLicenceError(NotFoundError):
    code = "unknown_licence"
    message = "There is no such licence in this virtual account."
    remedy = Remedy("List the licences with `licences`.", page="operations.md#satellite")

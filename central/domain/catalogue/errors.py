"""Refusals about the catalogue."""

from __future__ import annotations

from chassis.errors import NotFoundError


class UnknownEntitlementError(NotFoundError):
    """The catalogue has no such entitlement."""

    code = "unknown_entitlement"
    remedy = "Import the catalogue that holds it with `central catalogue import`."

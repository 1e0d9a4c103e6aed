"""Refusals about the catalogue."""

from __future__ import annotations

from serverkit.errors import NotFoundError, RefusedError


class UnknownEntitlementError(NotFoundError):
    """The catalogue has no such entitlement."""

    code = "unknown_entitlement"
    remedy = "Import the catalogue that holds it with `central catalogue import`."


class RestrictionInUseError(RefusedError):
    """The file makes a licence restricted, or takes that away, while devices use it."""

    code = "restriction_in_use"
    remedy = "Look at the file; where it is meant, import it again with `--change-restriction`."

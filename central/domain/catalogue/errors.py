"""Refusals about the catalogue."""

from __future__ import annotations

from serverkit.errors import NotFoundError, RefusedError, Remedy


class UnknownEntitlementError(NotFoundError):
    code = "unknown_entitlement"
    message = "The catalogue has no such entitlement."
    remedy = Remedy(
        "Import the catalogue that holds it with `central catalogue import`.", page="orders-and-catalogue.md#catalogue"
    )


class RestrictionInUseError(RefusedError):
    code = "restriction_in_use"
    message = "The file changes whether a licence is restricted while devices use it."
    remedy = Remedy(
        "Check the file; if the change is intended, import it again with `--change-restriction`.",
        page="orders-and-catalogue.md#catalogue",
    )

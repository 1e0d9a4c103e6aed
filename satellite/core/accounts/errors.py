"""Refusals about virtual accounts."""

from __future__ import annotations

from serverkit.errors import RefusedError, Remedy


class CentralOnlyError(RefusedError):
    code = "at_central_only"
    message = "Only central can do this."
    remedy = Remedy(
        "Do it at central; it reaches this satellite with the next synchronization.", page="operations.md#central"
    )

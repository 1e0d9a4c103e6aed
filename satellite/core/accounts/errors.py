"""Refusals about virtual accounts."""

from __future__ import annotations

from serverkit.errors import RefusedError, Remedy


class CentralOnlyError(RefusedError):
    code = "at_central_only"
    message = "Only central can do this."
    remedy = Remedy(
        "Do it at central; the next synchronization brings it to this satellite.", page="operations.md#central"
    )

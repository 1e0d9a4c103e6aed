"""Refusals about virtual accounts."""

from __future__ import annotations

from serverkit.errors import RefusedError


class CentralOnlyError(RefusedError):
    """Only central can do this."""

    code = "at_central_only"
    remedy = "Do it at central; the next synchronization brings it to this satellite."

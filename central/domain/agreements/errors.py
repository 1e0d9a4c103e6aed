"""Refusals about the agreement."""

from __future__ import annotations

from serverkit.errors import RefusedError


class AgreementPendingError(RefusedError):
    """The account has not accepted the licensing agreement that is in force."""

    code = "agreement_pending"
    remedy = "Someone with authority accepts it: `central agreement accept DOMAIN`."

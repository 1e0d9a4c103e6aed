"""Refusals about the agreement."""

from __future__ import annotations

from serverkit.errors import RefusedError, Remedy


class AgreementPendingError(RefusedError):
    code = "agreement_pending"
    message = "The account has not accepted the licensing agreement that is in force."
    remedy = Remedy("Have a person with authority accept it: `central agreement accept DOMAIN`.", page="set-up.md")

"""Refusals about the agreement."""

from __future__ import annotations

from serverkit.errors import InvalidInputError, RefusedError, Remedy


class AgreementPendingError(RefusedError):
    code = "agreement_pending"
    message = "The account has not accepted the licensing agreement that is in force."
    remedy = Remedy("Have a person with authority accept it: `central agreement accept DOMAIN`.", page="set-up.md")


class AgreementTextError(InvalidInputError):
    code = "invalid_agreement_text"
    message = "The text of an agreement has 1 to 200000 characters."
    remedy = Remedy("Give a file with the text.", page="set-up.md")

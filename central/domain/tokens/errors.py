"""Refusals about tokens."""

from __future__ import annotations

from serverkit.errors import InvalidInputError, NotFoundError, RefusedError, Remedy


class UnknownTokenError(NotFoundError):
    code = "unknown_token"
    message = "There is no such token."


class TokenActiveError(RefusedError):
    code = "token_active"
    message = "Only a revoked or expired token can be removed."
    remedy = Remedy("Revoke the token first.", page="operations.md#central")


class InvalidTokenTermsError(InvalidInputError):
    code = "invalid_token_terms"
    message = "A token lasts 1 to 365 days and is used at least once."
    remedy = Remedy(
        "Give --days from 1 to 365 and, if uses are limited, --uses from 1 to 1000000.", page="operations.md#central"
    )


class ExportNotPermittedError(RefusedError):
    code = "export_not_permitted"
    message = "This account may not use export-controlled functions."
    remedy = Remedy(
        "The vendor permits it for the account, or the token is made without it.",
        page="restricted-licences.md#what-must-be-true-beforehand",
    )

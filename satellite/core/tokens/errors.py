"""Refusals about tokens."""

from __future__ import annotations

from serverkit.errors import InvalidInputError, NotFoundError, RefusedError


class UnknownTokenError(NotFoundError):
    """There is no such token."""

    code = "unknown_token"


class TokenActiveError(RefusedError):
    """Only a revoked or expired token can be removed."""

    code = "token_active"
    remedy = "Revoke the token first."


class InvalidTokenTermsError(InvalidInputError):
    """A token lasts 1 to 365 days and is used at least once."""

    code = "invalid_token_terms"
    remedy = "Give --days from 1 to 365 and, if uses are limited, --uses from 1 to 1000000."


class ExportNotPermittedError(RefusedError):
    """This account may not use export-controlled functions."""

    code = "export_not_permitted"
    remedy = "Ask the vendor to permit it for the account, or create the token without it."


class AgreementPendingError(RefusedError):
    """The licensing agreement was not accepted in time; this site creates no tokens until it is."""

    code = "agreement_pending"
    remedy = "Have the agreement accepted at central, then synchronize; registered devices go on working."

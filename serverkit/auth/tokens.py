"""Tokens that a server makes for others to register with: how long and how often one can be used (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from serverkit.errors import InvalidInputError, NotFoundError, RefusedError, Remedy

MOST_DAYS, MOST_USES = 365, 1_000_000
ACTIVE, REVOKED, EXPIRED, USED_UP = "active", "revoked", "expired", "used_up"


class UnknownTokenError(NotFoundError):
    """The refusal `unknown_token`."""

    code = "unknown_token"
    message = "There is no such token."


class TokenActiveError(RefusedError):
    """The refusal `token_active`."""

    code = "token_active"
    message = "Only a revoked or expired token can be removed."
    remedy = Remedy("Revoke the token first.", page="operations.md#central")


class InvalidTokenTermsError(InvalidInputError):
    """The refusal `invalid_token_terms`."""

    code = "invalid_token_terms"
    message = "A token is valid for 1 to 365 days and for at least one use."
    remedy = Remedy(
        "Give --days from 1 to 365 and, if uses are limited, --uses from 1 to 1000000.", page="operations.md#central"
    )


def check_terms(days: int, uses: int | None) -> None:
    """Refuse a life in days or a number of uses that no token has; None is no limit of uses."""
    if not 1 <= days <= MOST_DAYS or (uses is not None and not 1 <= uses <= MOST_USES):
        raise InvalidTokenTermsError


@dataclass(frozen=True, slots=True)
class TokenUse:
    """What decides about a token: whether it was revoked, its end, and how often it was and may be used."""

    revoked: bool
    expires_at: datetime
    uses: int
    max_uses: int | None

    def state(self, now: datetime) -> str:
        """Revoked, expired, used up or active; the first that applies."""
        if self.revoked:
            return REVOKED
        if self.expires_at <= now:
            return EXPIRED
        return USED_UP if self.max_uses is not None and self.uses >= self.max_uses else ACTIVE

    def refused_because(self, now: datetime, *, again: bool = False) -> str:
        """Why it registers nothing; empty for a good one.

        `again` says that the caller registered with it before: the repetition of a registration whose answer was lost is
        no further use.
        """
        found = self.state(now)
        return "" if found == ACTIVE or (again and found == USED_UP) else found

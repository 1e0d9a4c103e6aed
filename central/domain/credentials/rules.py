"""What a token may do and how long it lasts."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum


class TokenScope(StrEnum):
    """What may be done with a token, within what its user may do."""

    READ = "read"
    WRITE = "write"


CLIENT_TOKEN_LIFE = timedelta(hours=1)
"""Scripts renew when fewer than five minutes are left, so an hour costs them one request in 55 minutes."""

MOST_DAYS = 365
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 256
ANSWERS_KEPT = timedelta(hours=24)


def covers(scope: TokenScope, wanted: TokenScope) -> bool:
    """Whether a token of one scope may do what needs the other."""
    return scope is TokenScope.WRITE or wanted is TokenScope.READ

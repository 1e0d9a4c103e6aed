"""Scopes, addresses and life of a token."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from central.domain.access.rules import Permission
from central.domain.credentials.errors import InvalidScopeError

READ, WRITE = "read", "write"
SCOPES = (READ, WRITE, *(permission.value for permission in Permission))
"""Reading is part of every scope; `write` is everything that the user may do, a permission just that."""

CLIENT_TOKEN_LIFE = timedelta(hours=1)
"""Scripts renew when fewer than five minutes are left, so an hour costs them one request in 55 minutes."""

REFRESH_TOKEN_LIFE = timedelta(days=14)
USE_NOTED_EVERY = timedelta(minutes=5)
MOST_DAYS = 365


def scope_text(words: Iterable[str]) -> str:
    """Scopes in their fixed order; InvalidScopeError names one that does not exist."""
    asked = set(words)
    unknown = sorted(asked - set(SCOPES))
    if unknown:
        raise InvalidScopeError("there is no scope {unknown!r}", unknown=unknown[0][:80])
    return " ".join(word for word in SCOPES if word in asked) or READ


def limits_of(scope: str) -> frozenset[str] | None:
    """The permissions that a scope carries at most; None where only the user's roles limit it."""
    words = frozenset(scope.split())
    return None if WRITE in words else words - {READ}

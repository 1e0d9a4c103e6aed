"""Which tables of a server hold what belongs to signing in, and whom they are about."""

from __future__ import annotations

from dataclasses import dataclass

from serverkit.users.models import (
    FailureMixin,
    KnownPlaceMixin,
    PasswordMixin,
    PreferenceMixin,
    RecoveryCodeMixin,
    SessionMixin,
    TwoStepMixin,
)


@dataclass(frozen=True, slots=True)
class UserTables:
    """A server's own tables."""

    password: type[PasswordMixin]
    two_step: type[TwoStepMixin]
    recovery_code: type[RecoveryCodeMixin]
    session: type[SessionMixin]
    failure: type[FailureMixin]
    known_place: type[KnownPlaceMixin]
    preference: type[PreferenceMixin]


@dataclass(frozen=True, slots=True)
class Person:
    """A user as the server's own table knows it; `role` is the server's word, where it has one for a user."""

    id: str
    name: str
    role: str = ""


@dataclass(frozen=True, slots=True)
class Browser:
    """From where someone tries: address, what the browser calls itself, and the cookie by which it is known."""

    address: str
    agent: str = ""
    known_by: str | None = None

    def __repr__(self) -> str:
        """Never show the cookie."""
        return f"Browser({self.address})"

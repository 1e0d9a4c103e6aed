"""The actor of a change: an argument of every service, never a global."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    """Kinds of actors."""

    OPERATOR = "operator"
    USER = "user"
    DEVICE = "device"
    SATELLITE = "satellite"
    JOB = "job"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """One actor; `name` is for people.

    `scopes` are the permissions that its access token carries at most; None where nothing but its roles limits it.
    `networks` are the addresses that the token may be used from; empty without a token, and where they are not limited.
    """

    kind: ActorKind
    id: str
    name: str
    scopes: frozenset[str] | None = None
    networks: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """How event logs show the actor."""
        return self.name or self.kind.value


OPERATOR = Actor(ActorKind.OPERATOR, "console", "console")
SYSTEM = Actor(ActorKind.SYSTEM, "system", "system")

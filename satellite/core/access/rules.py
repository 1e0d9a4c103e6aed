"""The one permission matrix of a satellite (row S3.4). To look is part of every role; the rest is here."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from satellite.core.access.errors import LastAdministratorError, UnknownRoleError
from serverkit.actor import ActorKind
from serverkit.names import did_you_mean
from serverkit.verdicts import Verdict


class Permission(StrEnum):
    """Permissions, `resource:action`."""

    SITE_MANAGE = "site:manage"
    ACCESS_MANAGE = "access:manage"
    SYNC_RUN = "sync:run"
    JOB_RUN = "job:run"
    TOKEN_MANAGE = "token:manage"
    INSTANCE_MANAGE = "instance:manage"
    ALERT_MANAGE = "alert:manage"


class Role(StrEnum):
    """Roles of those who call over HTTP."""

    ADMINISTRATOR = "administrator"
    OPERATOR = "operator"
    READ_ONLY = "read-only"


_P = Permission
MATRIX: dict[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset(Permission),
    Role.OPERATOR: frozenset({_P.SYNC_RUN, _P.TOKEN_MANAGE, _P.INSTANCE_MANAGE, _P.ALERT_MANAGE}),
    Role.READ_ONLY: frozenset(),
}

# Anyone who owns the home folder administers it; jobs and machines do only what their own services let them.
TRUSTED_KINDS = frozenset({ActorKind.OPERATOR, ActorKind.SYSTEM, ActorKind.JOB, ActorKind.SATELLITE, ActorKind.DEVICE})

MOST_DAYS = 365
SHORT_LIFE = timedelta(hours=1)
REFRESH_LIFE = timedelta(days=14)
USE_NOTED_EVERY = timedelta(minutes=5)


def role_of(word: str) -> Role:
    """The role of a word; UnknownRoleError."""
    if word not in set(Role):
        raise UnknownRoleError(
            "{role!r} is not a role{hint}", role=word[:40], hint=did_you_mean(word, [each.value for each in Role])
        )
    return Role(word)


def is_within_role(role: Role, of: Role) -> bool:
    """Whether a role permits nothing that another one does not."""
    return MATRIX[role] <= MATRIX[of]


def permissions_of(role: str, most: str | None = None) -> frozenset[str]:
    """What a role permits, and no more than another one does."""
    found = MATRIX[Role(role)]
    return frozenset(one.value for one in (found if most is None else found & MATRIX[Role(most)]))


def judge_role(name: str, role: Role, new: Role | None, administrators: int) -> Verdict:
    """Whether a user gets another role, or is removed (None): an administrator always remains (row S3.4)."""
    reasons, effects = [], []
    if role is Role.ADMINISTRATOR and new is not Role.ADMINISTRATOR and administrators <= 1:
        reasons.append(LastAdministratorError("{name} is the last administrator", name=name))
    if new is None:
        effects.append(f"{name} can no longer sign in; sessions and access tokens of {name} end")
    elif new is not role:
        effects.append(f"{name} is {new} in place of {role}; sessions of {name} end")
    return Verdict(tuple(reasons), effects=tuple(effects))

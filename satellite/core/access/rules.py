"""The one permission matrix of a satellite (row S3.4). To look is part of every role; the rest stands here."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from serverkit.actor import ActorKind


class Permission(StrEnum):
    """What can be permitted, `resource:action`."""

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

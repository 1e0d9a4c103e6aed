"""An attempt that failed, as a refusal that carries the code of its cause."""

from __future__ import annotations

from satellite.sync.network import Attempt
from serverkit.errors import RefusedError


class SyncFailedError(RefusedError):
    """The refusal `sync_failed`."""

    code = "sync_failed"
    message = "The synchronization failed."


def refuse_failure(attempt: Attempt) -> None:
    """Raise what an attempt failed with, if it failed."""
    cause = attempt.cause
    if cause is not None:
        failure = SyncFailedError(
            "{meaning} {detail}" if attempt.detail else "{meaning}",
            remedy=cause.remedy,
            meaning=cause.meaning,
            detail=attempt.detail,
        )
        failure.code = cause.code  # type: ignore[misc]  # the cause is what programs decide by
        raise failure

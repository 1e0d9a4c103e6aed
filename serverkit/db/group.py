"""Group commit: what comes together is written together, with one commit and so one wait for the disk.

A job carries what becomes of it. A job that fails by itself leaves nothing behind and the others go on. An error of the
database in the middle of the jobs ends the group: nothing of it is kept, and each job is tried once more in a unit of its own, so that
one cannot spoil the others. When the commit fails, all fail, and nothing is tried again; unless a guard of the database
refused it, which is like an error in the middle of the jobs. While a database behind a server is away, the group waits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from sqlalchemy.exc import DBAPIError

from serverkit.actor import Actor
from serverkit.db.outage import is_lost
from serverkit.db.unit import Database, Unit, is_retryable
from serverkit.errors import DatabaseGuardError, DatabaseUnavailableError
from serverkit.locks import Lock, turn

ATTEMPTS = 5


class Job(Protocol):
    """What is settled in a group."""

    error: BaseException | None
    """Why nothing of it was kept; None when it was settled and committed."""


J = TypeVar("J", bound=Job)
J_contra = TypeVar("J_contra", bound=Job, contravariant=True)


class Work(Protocol[J_contra]):
    """Settles the jobs of one group, inside its unit of work."""

    def settle(self, message: J_contra, /) -> None:
        """Settle one job; when it raises, nothing of this job may be left in the unit."""
        ...

    def finish(self) -> None:
        """Write what was held back; nothing is done after it but the commit."""
        ...


class _CommitFailedError(Exception):
    """The jobs were settled, but nothing of it is kept."""


class GroupCommit(Generic[J]):
    """Settles groups of jobs, each in one unit of work."""

    def __init__(
        self,
        database: Database,
        actor: Actor,
        begin: Callable[[Unit, Sequence[J]], Work[J]],
        *,
        turn_of: Lock | None = None,
    ) -> None:
        """`begin` gets each group's unit; `turn_of` is what groups of several processes take one after the other."""
        self._database = database
        self._actor = actor
        self._begin = begin
        self._turn = turn_of

    def settle(self, group: Sequence[J]) -> None:
        """Settle a group; returns when it is committed, or when each job says in `error` why nothing of it was kept."""
        failed: BaseException | None = None
        try:
            self._try(group)
        except _CommitFailedError as error:
            failed = error.__cause__
        except (DBAPIError, DatabaseGuardError) as error:
            if len(group) == 1:
                failed = error
            else:
                for job in group:
                    self.settle([job])
        except BaseException as error:  # noqa: BLE001 - anyone who waits must learn of it, whatever it is
            failed = error
        if failed is not None:
            for job in group:
                job.error = failed

    def _try(self, group: Sequence[J]) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            done = False
            try:
                with self._database.write(self._actor) as unit:
                    self._together(unit, group)
                    done = True
            except DBAPIError as error:
                if is_retryable(error) and attempt < ATTEMPTS:
                    continue
                if is_lost(error) and attempt < ATTEMPTS and self._database.outage.wait():
                    continue  # nothing of it was kept: a commit that got no answer was looked up
                if is_lost(error):
                    raise DatabaseUnavailableError from error
                if done:
                    raise _CommitFailedError from error
                raise
            return

    def _together(self, unit: Unit, group: Sequence[J]) -> None:
        if self._turn is not None:
            # Before the snapshot is taken: else the group would see the state from before it got its turn.
            turn(unit.session, self._turn)
        work = self._begin(unit, group)
        for job in group:
            hooks = len(unit.after_commit)
            job.error = None
            try:
                work.settle(job)
            except DBAPIError:
                raise
            except Exception as error:  # noqa: BLE001 - it is this job's own; the others go on
                del unit.after_commit[hooks:]
                job.error = error
        work.finish()

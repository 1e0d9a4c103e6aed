"""Group commit: what waits together is written together, with one commit and so one wait for the disk.

A thread that finds no group at work becomes the leader: it takes all waiting jobs, does them in one unit of work, commits, and only then releases the answers. Meanwhile the next group gathers. There is no thread of its own to start, to stop or to lose in a fork.

Before and after the unit of work the leader does for all what needs none (`prepare`, `complete`): a program that has one
lock for all its threads does sixteen things one after the other faster than in sixteen threads that take it in turn.

A job that fails by itself leaves nothing behind and the others go on. An error of the database amid the jobs ends the
group: nothing of it is kept, and each job is tried once more in a unit of its own, so that one cannot spoil the others.
When the commit fails, all fail, and nothing is tried again; unless a guard of the database refused it, which is like an
error amid the jobs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock as Gate
from typing import Generic, Protocol, TypeVar

from sqlalchemy.exc import DBAPIError

from serverkit.actor import Actor
from serverkit.db.unit import Database, Unit, is_retryable
from serverkit.errors import DatabaseBusyError, DatabaseGuardError
from serverkit.locks import Lock, turn

J = TypeVar("J")
P = TypeVar("P")
P_contra = TypeVar("P_contra", contravariant=True)
D = TypeVar("D")
D_co = TypeVar("D_co", covariant=True)
R = TypeVar("R")

MOST_TOGETHER = 64
PATIENCE_SECONDS = 15.0
ATTEMPTS = 5


class Work(Protocol[P_contra, D_co]):
    """Does the jobs of one group, inside its unit of work."""

    def do(self, job: P_contra) -> D_co:
        """Do one job; when it raises, nothing of this job may be left in the unit."""
        ...

    def finish(self) -> None:
        """Write what was held back; nothing is done after it but the commit."""
        ...


class _CommitFailedError(Exception):
    """The jobs were done, but nothing of it is kept."""


class _Ticket(Generic[J, P, D, R]):
    """A job in the queue; its owner waits at the gate."""

    __slots__ = ("done", "error", "gate", "job", "leads", "prepared", "result", "taken")

    def __init__(self, job: J) -> None:
        self.job = job
        self.prepared: P | None = None
        self.done: D | None = None
        self.result: R | None = None
        self.error: BaseException | None = None
        self.leads = False
        self.taken = False
        self.gate = Gate()
        self.gate.acquire()


@dataclass(frozen=True)
class Stages(Generic[J, P, D, R]):
    """What becomes of a job: prepared without a unit of work, done inside one, completed when that is committed."""

    prepare: Callable[[J], P]
    begin: Callable[[Unit, Sequence[P]], Work[P, D]]
    complete: Callable[[D], R]


class GroupCommit(Generic[J, P, D, R]):
    """Brings jobs from many threads into few units of work."""

    def __init__(
        self,
        database: Database,
        actor: Actor,
        stages: Stages[J, P, D, R],
        *,
        turn_of: Lock | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """`stages` say what is done; `turn_of` is what groups of several processes take one after the other."""
        self._database = database
        self._actor = actor
        self._stages = stages
        self._turn = turn_of
        self._patience = patience
        self._queue: deque[_Ticket[J, P, D, R]] = deque()
        self._lock = Gate()
        self._led = False

    def do(self, job: J) -> R:
        """Have a job done; returns when it is committed. DatabaseBusyError when its turn does not come in time."""
        result = self.do_all([job])[0]
        if isinstance(result, BaseException):
            raise result
        return result

    def do_all(self, jobs: Sequence[J]) -> list[R | BaseException]:
        """Have jobs done; returns when they are committed, for each its result or why there is none."""
        tickets: list[_Ticket[J, P, D, R]] = [_Ticket(job) for job in jobs]
        with self._lock:
            self._queue.extend(tickets)
            if not self._led:
                self._led = tickets[0].leads = True
        for ticket in tickets:
            if not ticket.leads:
                self._wait(ticket)
            if ticket.leads:
                self._lead(ticket)
        return [ticket.result if ticket.error is None else ticket.error for ticket in tickets]  # type: ignore[misc]  # set by anyone who led

    def _wait(self, ticket: _Ticket[J, P, D, R]) -> None:
        if ticket.gate.acquire(timeout=self._patience):
            return
        with self._lock:
            if not ticket.taken and not ticket.leads:
                self._queue.remove(ticket)
                ticket.error = DatabaseBusyError("too many messages wait for the database")
                return
        ticket.gate.acquire()  # its group is at work: the outcome is not far, and must not be guessed

    def _lead(self, own: _Ticket[J, P, D, R]) -> None:
        with self._lock:
            group = [self._queue.popleft() for _ in range(min(len(self._queue), MOST_TOGETHER))]
            if own not in group:  # more wait than go together, and it came late: it goes first
                self._queue.remove(own)
                self._queue.appendleft(group.pop())
                group.append(own)
            for ticket in group:
                ticket.taken = True
        try:
            self._serve(group)
        finally:
            self._hand_over()
            for ticket in group:
                if ticket is not own:
                    ticket.gate.release()

    def _hand_over(self) -> None:
        with self._lock:
            if self._queue:
                self._queue[0].leads = True
                self._queue[0].gate.release()
            else:
                self._led = False

    def _serve(self, group: list[_Ticket[J, P, D, R]]) -> None:
        sound: list[_Ticket[J, P, D, R]] = []
        for ticket in group:
            try:
                ticket.prepared = self._stages.prepare(ticket.job)
                sound.append(ticket)
            except BaseException as error:  # noqa: BLE001 - it is this job's own; the others go on
                ticket.error = error
        if sound:
            self._run(sound)
        for ticket in sound:
            if ticket.error is None:
                try:
                    ticket.result = self._stages.complete(ticket.done)  # type: ignore[arg-type]  # it was done
                except BaseException as error:  # noqa: BLE001 - it is kept for good, and only cannot be said
                    ticket.error = error

    def _run(self, group: list[_Ticket[J, P, D, R]]) -> None:
        failed: BaseException | None = None
        try:
            self._try(group)
        except _CommitFailedError as error:
            failed = error.__cause__
        except (DBAPIError, DatabaseGuardError) as error:
            if len(group) == 1:
                failed = error
            else:
                for ticket in group:
                    self._run([ticket])
        except BaseException as error:  # noqa: BLE001 - anyone who waits must learn of it, whatever it is
            failed = error
        if failed is not None:
            for ticket in group:
                ticket.error = failed

    def _try(self, group: list[_Ticket[J, P, D, R]]) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            done = False
            try:
                with self._database.write(self._actor) as unit:
                    self._together(unit, group)
                    done = True
            except DBAPIError as error:
                if is_retryable(error) and attempt < ATTEMPTS:
                    continue
                if done:
                    raise _CommitFailedError from error
                raise
            return

    def _together(self, unit: Unit, group: list[_Ticket[J, P, D, R]]) -> None:
        if self._turn is not None:
            # Before the snapshot is taken: else the group would see the state from before it got its turn.
            turn(unit.session, self._turn)
        prepared: list[P] = [ticket.prepared for ticket in group]  # type: ignore[misc]  # only these are here
        work = self._stages.begin(unit, prepared)
        for ticket, job in zip(group, prepared, strict=True):
            hooks = len(unit.after_commit)
            ticket.error = None
            try:
                ticket.done = work.do(job)
            except DBAPIError:
                raise
            except Exception as error:  # noqa: BLE001 - it is this job's own; the others go on
                del unit.after_commit[hooks:]
                ticket.error = error
        work.finish()

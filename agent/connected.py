"""A device with its key, its trust and its server: contacts, renewals, evaluation. Its uses are in `agent.device`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from agent import converting, joining, renewing, usage_reports
from agent.clock import DeviceClock
from agent.conversation import Conversation, ServerReply
from agent.detaching import Detaching
from agent.errors import (
    AgentError,
    AnswerRefusedError,
    NotRegisteredError,
    RootMismatchError,
    ServerBusyError,
    StateDamagedError,
)
from agent.evidence import rights_of
from agent.files import locked
from agent.registering import Registering
from agent.reserving import ByCode, installed, rights_by_code
from agent.states import EVALUATION, IDENTITY_GRACE, Authorization, Right, evaluation_step, overall
from agent.store import Store, to_bytes, to_text
from agent.transport import HttpTransport, Server, Transport
from exchange.canonical import iso, parse_time
from exchange.codes.authorization import Reservation
from exchange.device.detaching import CHANGES_OF_MODE
from exchange.errors import ExchangeError
from exchange.identity import Udi
from exchange.keys import PrivateKey
from exchange.trust import Trust, load_root
from exchange.vocabulary import DeviceOp


class Connected(Detaching, Registering, ByCode):
    """One product instance, as far as it speaks with its server."""

    def __init__(
        self,
        folder: Path,
        *,
        clock: DeviceClock | None = None,
        transport: Callable[[Server], Transport] = HttpTransport,
    ) -> None:
        """`folder` holds key and state; `clock` may be shared by a fleet; `transport` carries the messages."""
        self.clock = clock or DeviceClock(folder)
        self._store = Store(folder)
        self._carry = transport
        self.state = self._store.load()
        self._trust = self._stored_trust()
        self._key = self._store.key_of(self.state)
        self._rights: dict[str, Right] = {}
        self._identity_ends: datetime | None = None
        if self.state.last_contact is not None:
            self.clock.at_least(parse_time(self.state.last_contact))
        self._reserved: Reservation | None = None
        self._derive()

    # -- intentions ---------------------------------------------------------------------------------------------

    def renew_authorization(self) -> None:
        """Report all use, collect every decision and a fresh authorization (row S4.2)."""
        with locked(self._store.folder):
            self._reload()
            self._renew_authorization(self._talk())

    def renew_identity(self) -> None:
        """Take a new identity certificate (row S4.3)."""
        with locked(self._store.folder):
            self._reload()
            try:
                talk = self._talk()
                try:
                    renewing.renew_identity(talk, self.state, self._own_key(), self.clock.now())
                finally:
                    self._settle(talk)
            except NotRegisteredError:
                raise
            except AgentError as error:
                renewing.note_identity_failure(self.state, error.message, self.clock.now())
                self._store.save(self.state)
                raise

    def renew_due(self) -> tuple[str, ...]:
        """Do the renewals that are due (row D1); returns what was done: `id`, `auth`, both or nothing."""
        self.clock.keep()
        self._end_identity()
        self._finish_elsewhere()
        if self.state.registration != "complete" or self.detached_until() is not None:
            return ()
        now, done, failed = self.clock.now(), [], []
        due = {
            "id": (self.state.next_id_renewal, self.renew_identity),
            "auth": (self.state.next_auth_renewal, self.renew_authorization),
        }
        for name, (at, renew) in due.items():
            if at is None or parse_time(at) > now:
                continue
            try:
                renew()
                done.append(name)
            except AgentError as error:  # the other one may still succeed
                failed.append(error)
        if failed:
            raise failed[0]
        return tuple(done)

    def transfer_active(self, active: Udi | None = None) -> Udi:
        """Name the active unit of the set, by default this device (row S4.3); returns it."""
        with locked(self._store.folder):
            self._reload()
            talk = self._talk()
            chosen = active if active is not None else Udi.from_dict(self.state.udi or {})
            try:
                talk.say(DeviceOp.TRANSFER_ACTIVE, {"active": chosen.to_dict()}, self.clock.now())
            finally:
                self._settle(talk)
            return chosen

    # -- what it knows ------------------------------------------------------------------------------------------

    @property
    def rights(self) -> dict[str, Right]:
        """The verified rights by tag."""
        if self._reserved is not None:
            return rights_by_code(self._reserved, self.clock.read().licence_now)
        return dict(self._rights)

    def authorization(self) -> Authorization:
        """The authorization of the whole device, now."""
        reading = self.clock.read()
        now, ends = reading.now, reading.licence_now
        registered = self.state.registration == "complete" and not self._is_over(ends)
        left, reserved = self.evaluation_left(now), self._reserved is not None
        return overall(registered, self.rights.values(), self.state.uses, left, ends, reserved=reserved)

    def evaluation_left(self, now: datetime) -> timedelta:
        """What is left of 90 days of use before registration; it never starts again."""
        used = timedelta(seconds=self.state.evaluation_seconds)
        if self.state.uses and self.state.registration != "complete" and self.state.evaluation_mark:
            used += max(timedelta(0), now - parse_time(self.state.evaluation_mark))
        return max(timedelta(0), EVALUATION - used)

    def evaluation_warning(self) -> str | None:
        """Return a warning once for each step of the ending evaluation period; None if there is nothing new.

        A product that asks at least hourly can show its user every step.
        """
        if self.state.registration == "complete" or not self.state.uses:
            return None
        with locked(self._store.folder):
            self._reload()
            self._count_evaluation()
            now = self.clock.now()
            step = evaluation_step(self.evaluation_left(now), self._evaluation_over_for(now))
            newer = step is not None and step != self.state.evaluation_warned
            self.state.evaluation_warned = step or self.state.evaluation_warned
            self._store.save(self.state)
        return step if newer else None

    def _evaluation_over_for(self, now: datetime) -> timedelta:
        if self.state.evaluation_ended is None:
            if self.evaluation_left(now) > timedelta(0):
                return timedelta(0)
            self.state.evaluation_ended = iso(now)
        return now - parse_time(self.state.evaluation_ended)

    # -- inner ----------------------------------------------------------------------------------------------------

    def _is_over(self, ends: datetime) -> bool:
        """Whether the identity has ended, an hour of grace included (device model, section 6)."""
        return self._identity_ends is not None and ends > self._identity_ends + IDENTITY_GRACE

    def _end_identity(self) -> None:
        if self.state.registration == "complete" and self._is_over(self.clock.licence_now()):
            with locked(self._store.folder):
                self._reload()

    def _reload(self) -> None:
        # Another command may have worked on this folder since it was opened.
        self.state = self._store.load()
        self._trust = self._stored_trust()
        self._derive()
        if self.state.registration == "complete" and self._is_over(self.clock.licence_now()):
            joining.end_identity(self.state, self.clock.now())
            self._store.save(self.state)
            self._derive()

    def _stored_trust(self) -> Trust | None:
        if self.state.trust is None:
            return None
        try:
            return Trust.restore(to_bytes(self.state.trust))
        except ExchangeError as error:
            raise StateDamagedError("the pinned root is damaged") from error

    def _pin(self, root: bytes) -> Trust:
        try:
            offered = load_root(root)
        except ExchangeError as error:
            raise AnswerRefusedError(
                "the root file is refused: {reason}", code=error.code, remedy=error.remedy, reason=error.message
            ) from error
        if self._trust is None or self.state.registration != "complete":
            kept = self._trust
            if (
                kept is None
                or kept.root.vendor_id != offered.root.vendor_id
                or kept.root.version < offered.root.version
            ):
                self._trust = offered
        if self._trust is None or self._trust.root.vendor_id != offered.root.vendor_id:
            raise RootMismatchError("this device is registered under the root of another vendor")
        if self._trust.root.lab:
            self.clock.make_lab()
        self.state.trust = to_text(self._trust.save())
        return self._trust

    def _own_key(self) -> PrivateKey:
        if self._key is None:
            raise NotRegisteredError("this device is not registered")
        return self._key

    def _line(self) -> Conversation:
        if self._trust is None or self.state.url is None or self._key is None or self.state.registration != "complete":
            raise NotRegisteredError("this device is not registered")
        carry = self._carry(Server(self.state.url, self.state.ca, self.state.fingerprint))
        return Conversation(self._store, self.state, self._key, self._trust, carry, self.clock.heard)

    def _talk(self, *, detached: bool = False) -> Conversation:
        talk = self._line()
        if not detached:
            self._refuse_detached()
        try:
            reply = talk.finish_in_flight(self.clock.now())
        except AgentError:
            self._settle(talk)
            raise
        if reply is not None:
            self._late(reply)
            self._settle(talk)
            if not detached:
                self._refuse_detached()
        return talk

    def _late(self, reply: ServerReply) -> None:
        """Take over an answer that arrives late, after an interruption."""
        if reply.answer.outcome != "done":
            return
        now = self.clock.now()
        if reply.answer.op in {DeviceOp.AUTHORIZE, *CHANGES_OF_MODE}:
            renewing.accept_authorization(self.state, self._own_key(), reply, now)
        elif reply.answer.op is DeviceOp.RENEW_IDENTITY:
            renewing.accept_identity(self.state, reply)
        elif reply.answer.op is DeviceOp.CONVERT:
            converting.accept_late(self.state, reply)

    def _settle(self, talk: Conversation) -> None:
        self._trust = talk.trust
        self._store.save(self.state)
        self._derive()

    def _renew_authorization(self, talk: Conversation) -> None:
        usage_reports.measure(self.state, self.clock.now())
        try:
            renewing.renew_authorization(talk, self.state, self._own_key(), self.clock.now())
        except AgentError as error:
            wait = error.retry_after if isinstance(error, ServerBusyError) else None
            renewing.note_failure(self.state, error.message, self.clock.now(), retry_after=wait)
            raise
        finally:
            self._settle(talk)

    def _count_evaluation(self) -> None:
        now = self.clock.now()
        if self.state.registration != "complete":
            self.state.evaluation_seconds = int((EVALUATION - self.evaluation_left(now)).total_seconds())
            self.state.evaluation_mark = iso(now)

    def _derive(self) -> None:
        key, ends = self._key, self.state.certificate_expires
        self._identity_ends = parse_time(ends) if ends is not None else None
        self._rights = rights_of(self.state, self._trust, key.public.key_hash) if key is not None else {}
        self._reserved = installed(self.state, self._trust)

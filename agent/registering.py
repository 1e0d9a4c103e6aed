"""The part of a device that joins a server, moves to another one, and leaves (rows S4.1, S4.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agent import joining, moving, reserving
from agent.clock import DeviceClock
from agent.conversation import Conversation, ServerReply
from agent.errors import AgentError, NotRegisteredError
from agent.files import locked
from agent.store import DeviceState, Store
from agent.transport import Server, Transport
from exchange.keys import PrivateKey
from exchange.trust import Trust


class Registering:
    """Registration, all or nothing, and deregistration."""

    clock: DeviceClock
    state: DeviceState
    _store: Store
    _trust: Trust | None
    _key: PrivateKey | None
    _carry: Callable[[Server], Transport]

    def _reload(self) -> None:
        raise NotImplementedError

    def _pin(self, root: bytes) -> Trust:
        raise NotImplementedError

    def _own_key(self) -> PrivateKey:
        raise NotImplementedError

    def _refuse_detached(self) -> None:
        raise NotImplementedError

    def _talk(self) -> Conversation:
        raise NotImplementedError

    def _line(self) -> Conversation:
        raise NotImplementedError

    def _settle(self, talk: Conversation) -> None:
        raise NotImplementedError

    def _stored_trust(self) -> Trust | None:
        raise NotImplementedError

    def _derive(self) -> None:
        raise NotImplementedError

    def _renew_authorization(self, talk: Conversation) -> None:
        raise NotImplementedError

    def register(self, registration_request: joining.RegistrationRequest, root: bytes, server: Server) -> None:
        """Join a satellite or central with a token (row S4.1); same key, same instance, however often repeated."""
        with locked(self._store.folder):
            self._reload()
            self._refuse_detached()
            registration_request = joining.checked(self.state, registration_request)
            trust = self._pin(root)
            self._key = self._store.key()
            pending = self.state.joining
            if pending is not None and not moving.is_same(pending.server, server):
                moving.abandon(self.state, self._key, trust, self.clock.now())
            moving.drop_farewells(self.state, server)
            joining.start(self.state)
            about = joining.about(registration_request)
            finished = self._finish_joining(server)
            if not finished or about != moving.about_of(self.state):
                self._join(server, about, registration_request)
            self._say_farewells()
            self._renew_authorization(self._talk())

    def _finish_joining(self, server: Server | None = None) -> bool:
        """Say a registration again whose answer never came; True when the device is registered by it."""
        pending = self.state.joining
        if pending is None or self._trust is None:
            return False
        where = server or moving.server_of(pending.server)
        talk = self._candidate(where, pending.about)
        try:
            reply = talk.again(pending.message, self.clock.now())
        except AgentError as error:
            if self.state.joining is not None:
                self._note_failure(error)
                raise
            return False  # it can never succeed: what is asked for now is said again
        if reply.answer.outcome != "done":
            self._store.save(self.state)
            return False
        self._settle_in(talk, reply)
        return True

    def _join(self, server: Server, about: dict[str, Any], registration_request: joining.RegistrationRequest) -> None:
        talk = self._candidate(server, about)
        try:
            reply = joining.register(talk, self._own_key(), registration_request, self.clock.now())
        except AgentError as error:
            self._note_failure(error)
            raise
        self._settle_in(talk, reply)

    def _candidate(self, server: Server, about: dict[str, Any]) -> moving.Joining:
        if self._trust is None:
            raise NotRegisteredError("this device is not registered")
        made = moving.candidate_of(self.state, server, about)
        carry, heard = self._carry(server), self.clock.heard
        return moving.Joining(self._store, self.state, made, self._own_key(), self._trust, carry, heard)

    def _settle_in(self, talk: moving.Joining, reply: ServerReply) -> None:
        """The candidate takes the place of the state, in one write."""
        before, after, now = self.state, talk.candidate, self.clock.now()
        if before.registration == "complete" and before.satellite != reply.answer.satellite:
            moving.leave(before, after, self._own_key(), talk.trust, now)
        if before.satellite != reply.answer.satellite:
            after.held = [reply.answer.epoch, reply.answer.rseq]
        after.joining, after.counter = None, max(before.counter, after.counter)
        joining.accept(after, reply, now)
        reserving.give_up(after, self._own_key(), now)
        self.state = after
        self._settle(talk)

    def _note_failure(self, error: AgentError) -> None:
        joining.note_failure(self.state, error, self.clock.now())
        self._store.save(self.state)
        self._trust = self._stored_trust()
        self._derive()

    def _finish_elsewhere(self) -> None:
        """Do what belongs to other servers: a registration whose answer never came, and what is left to be said."""
        if self.state.joining is None and not self.state.farewells:
            return
        with locked(self._store.folder):
            self._reload()
            try:
                self._finish_joining()
            except AgentError:
                self._store.save(self.state)  # it is tried again at the next time; what holds goes on
            self._say_farewells()

    def _say_farewells(self) -> None:
        if self.state.farewells and moving.say_farewells(self.state, self._carry, self.clock.now()):
            self._store.save(self.state)

    def deregister(self) -> bool:
        """Deregister; local rights end at once even if the server cannot be reached. True if it was told."""
        with locked(self._store.folder):
            self._reload()
            if self.state.registration != "complete":
                raise NotRegisteredError("this device is not registered")
            self._refuse_detached()
            talk, now = self._line(), self.clock.now()
            # What waits for an answer is of no use any more; whether its server is there must not decide this.
            moving.abandon(self.state, self._own_key(), talk.trust, now)
            reply = joining.deregister(talk, self.state, self._own_key(), now)
            self._settle(talk)
            return reply

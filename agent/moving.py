"""Moves a device to another server, all or nothing: it keeps its registration until the other server has answered.

A registration speaks for a candidate, a copy of the state. What is written down before it is sent is beside the state
(`joining`), with its server; the state itself changes in the one write that makes the candidate the state. A device that
has left a server, or may have been registered at one whose answer never came, tells that server so until it answers
(`farewells`); a message never goes to any other server than its own.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

from agent import exports, usage_reports
from agent.conversation import MESSAGE_PATH, Conversation, ServerReply
from agent.errors import AgentError
from agent.store import DeviceState, Elsewhere, InFlight, Store, to_bytes, to_text
from agent.transport import Server, Transport
from exchange.canonical import iso, parse_time
from exchange.device.bodies import DeregisterBody
from exchange.device.messages import DeviceRequest, make_device_request
from exchange.identity import Udi
from exchange.keys import PrivateKey
from exchange.trust import Trust
from exchange.vocabulary import DeviceOp

MOST_FAREWELLS = 8
FAREWELL_ENDS = timedelta(days=90)  # by then the server has freed what it believed to be in use
SETTLED = frozenset({200, 400, 401, 403, 404, 409, 410, 413, 422})
_ABOUT = ("udi", "standbys", "product_tag", "hostname", "software_version")


def candidate_of(state: DeviceState, server: Server, about: Mapping[str, Any]) -> DeviceState:
    """The candidate: a copy of the device's state for another server."""
    made = deepcopy(state)
    made.in_flight = made.joining = None
    made.url, made.ca, made.fingerprint = server.url, server.ca, server.fingerprint
    for name in _ABOUT:
        setattr(made, name, deepcopy(about[name]))
    return made


def about_of(state: DeviceState) -> dict[str, Any]:
    """The identity under which a device is registered."""
    return {name: getattr(state, name) for name in _ABOUT}


def place_of(server: Server) -> dict[str, str | None]:
    """A server as it is stored."""
    return {"url": server.url, "ca": server.ca, "fingerprint": server.fingerprint}


def server_of(place: Mapping[str, str | None]) -> Server:
    """The stored server."""
    return Server(place["url"] or "", place["ca"], place["fingerprint"])


def is_same(place: Mapping[str, str | None], server: Server) -> bool:
    """Whether two servers are reached by the same address; how its TLS is checked says nothing about which it is."""
    return (place["url"] or "").rstrip("/") == server.url.rstrip("/")


class Joining(Conversation):
    """The conversation of a candidate: pending messages are stored beside the state that is still valid."""

    def __init__(
        self,
        store: Store,
        kept: DeviceState,
        candidate: DeviceState,
        key: PrivateKey,
        trust: Trust,
        transport: Transport,
        heard: Callable[[datetime, datetime], None],
    ) -> None:
        """`kept` is the state that holds until the candidate takes its place."""
        super().__init__(store, candidate, key, trust, transport, heard)
        self._kept = kept

    @property
    def candidate(self) -> DeviceState:
        """The state of the device if the answer is valid."""
        return self._state

    def again(self, waiting: InFlight, now: datetime) -> ServerReply:
        """Send a registration again as it was written down; the verified answer, a refusal too."""
        return self._send(waiting, now)

    def _write_down(self, waiting: InFlight | None) -> None:
        kept, candidate = self._kept, self._state
        kept.counter = candidate.counter = max(kept.counter, candidate.counter)
        place = {"url": candidate.url, "ca": candidate.ca, "fingerprint": candidate.fingerprint}
        kept.joining = Elsewhere(waiting, place, about_of(candidate)) if waiting is not None else None
        self._store.save(kept)

    def _answered(self) -> None:
        self._kept.joining = None


def leave(state: DeviceState, candidate: DeviceState, key: PrivateKey, trust: Trust, now: datetime) -> None:
    """The candidate belongs to another server: it gives back what it holds there, and will tell that server so."""
    if state.url is None:
        return
    returns = tuple(
        exports.sign_return(candidate, key, name, now) for name, held in candidate.grants.items() if not held.released
    )
    place = {"url": state.url, "ca": state.ca, "fingerprint": state.fingerprint}
    part(candidate, key, trust, place, about_of(state), state.instance, returns, now)
    candidate.exports, candidate.evidence, candidate.registered_at = {}, None, None
    candidate.next_auth_renewal = None
    usage_reports.forget(candidate)


def abandon(state: DeviceState, key: PrivateKey, trust: Trust, now: datetime) -> None:
    """Give up a registration that was never answered: its server is told to undo it if it was made."""
    pending = state.joining
    if pending is not None:
        state.joining = None
        part(state, key, trust, pending.server, pending.about, None, (), now)


def part(
    state: DeviceState,
    key: PrivateKey,
    trust: Trust,
    place: Mapping[str, str | None],
    about: Mapping[str, Any],
    instance: str | None,
    returns: tuple[dict[str, Any], ...],
    now: datetime,
) -> None:
    """Store a deregistration for a server until it can be reached."""
    state.counter += 1
    nonce = secrets.token_hex(16)
    request = DeviceRequest(
        op=DeviceOp.DEREGISTER,
        udi=Udi.from_dict(about["udi"]),
        instance=instance,
        key_id=key.public.key_id,
        counter=state.counter,
        nonce=nonce,
        sent_at=now,
        root_version=trust.root.version,
        held=(state.held[0], state.held[1]),
        body=DeregisterBody(returns=returns).to_dict(),
    )
    message = make_device_request(request, key)
    waiting = InFlight(op=DeviceOp.DEREGISTER.value, message=to_text(message), nonce=nonce, sent_at=iso(now))
    state.farewells = [*state.farewells, Elsewhere(waiting, dict(place), dict(about))][-MOST_FAREWELLS:]


def drop_farewells(state: DeviceState, server: Server) -> None:
    """The device registers at a server again: drop the stored deregistration."""
    state.farewells = [one for one in state.farewells if not is_same(one.server, server)]


def say_farewells(state: DeviceState, carry: Callable[[Server], Transport], now: datetime) -> bool:
    """Tell the servers that the device left; True where something was settled.

    Any answer settles it, a refusal too: a server that does not know the device has nothing to undo.
    """
    left = []
    for one in state.farewells:
        if now - parse_time(one.message.sent_at) > FAREWELL_ENDS:
            continue
        try:
            reply = carry(server_of(one.server)).post(MESSAGE_PATH + one.message.op, to_bytes(one.message.message))
        except AgentError:
            left.append(one)
            continue
        if reply.status not in SETTLED:
            left.append(one)
    settled = len(left) != len(state.farewells)
    state.farewells = left
    return settled

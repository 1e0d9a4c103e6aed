"""One message and its answer, so that a power cut or a lost reply never costs or doubles anything.

A message is written down before it is sent. If its answer did not come, the same bytes go out again before anything
else: the server recognises the number and repeats its stored answer. A number that the server calls too low (this
device was restored from an older copy of its disk) is raised above the highest that the server names, once.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from agent.errors import (
    AnswerRefusedError,
    NotRegisteredError,
    ServerBusyError,
    ServerRefusedError,
    TlsExpiredError,
    TlsNotYetValidError,
)
from agent.store import DeviceState, InFlight, Store, to_bytes, to_text
from agent.transport import HttpTransport, Reply, Transport, problem_of
from exchange.canonical import encode, iso, parse_time
from exchange.device.messages import (
    DeviceAnswer,
    DeviceRequest,
    make_device_request,
    read_device_answer,
    read_device_request,
)
from exchange.errors import ExchangeError, ExpiredError, NotYetValidError
from exchange.identity import Udi
from exchange.keys import PrivateKey
from exchange.licence_time import TOLERANCE
from exchange.trust import Trust
from exchange.vocabulary import DeviceOp

MESSAGE_PATH = "/device/v1/"


@dataclass(frozen=True, slots=True)
class ServerReply:
    """A verified answer, with the exact bytes and the numbers by which it can be verified again."""

    answer: DeviceAnswer
    body: bytes
    digest: str
    nonce: str
    trust: Trust
    root_moved: bool


class Conversation:
    """The conversation of one device with its server; state is saved before and after each message."""

    def __init__(
        self,
        store: Store,
        state: DeviceState,
        key: PrivateKey,
        trust: Trust,
        transport: Transport,
        heard: Callable[[datetime, datetime], None],
    ) -> None:
        """All parts are the device's own; `transport` may be any carrier of bytes.

        `heard` is told when a verified answer was made, and when its message was.
        """
        self._heard = heard
        self._store = store
        self._state = state
        self._key = key
        self._transport = transport
        self.trust = trust

    def say(self, op: DeviceOp, body: Mapping[str, object], now: datetime) -> ServerReply:
        """Send one operation and return its verified answer; refusals raise ServerRefusedError."""
        told = self._exchange(op, body, now)
        if told.answer.code == "counter_too_low":
            highest = _highest(told.answer)
            self._state.counter = max(self._state.counter, highest)
            told = self._exchange(op, body, now, resumed=highest or None)
        if told.answer.outcome != "done":
            raise _refusal(told.answer)
        return told

    def finish_in_flight(self, now: datetime) -> ServerReply | None:
        """Send the stored unanswered message again; None if there is none."""
        waiting = self._state.in_flight
        if waiting is None:
            return None
        return self._send(waiting, now)

    def _exchange(
        self, op: DeviceOp, body: Mapping[str, object], now: datetime, *, resumed: int | None = None
    ) -> ServerReply:
        state = self._state
        if state.udi is None:
            raise NotRegisteredError("this device has no identity yet")
        state.counter += 1
        nonce = secrets.token_hex(16)
        request = DeviceRequest(
            op=op,
            udi=Udi.from_dict(state.udi),
            instance=state.instance,
            key_id=self._key.public.key_id,
            counter=state.counter,
            nonce=nonce,
            sent_at=now,
            root_version=self.trust.root.version,
            held=(state.held[0], state.held[1]),
            body=dict(body),
            resumed=resumed,
        )
        message = make_device_request(request, self._key)
        waiting = InFlight(op=op.value, message=to_text(message), nonce=nonce, sent_at=iso(now))
        self._write_down(waiting)
        return self._send(waiting, now)

    def _write_down(self, waiting: InFlight | None) -> None:
        """Keep what waits for its answer, or that nothing does, before anything else happens."""
        self._state.in_flight = waiting
        self._store.save(self._state)

    def _answered(self) -> None:
        """The answer is there; it is saved with what it changes."""
        self._state.in_flight = None

    def _send(self, waiting: InFlight, now: datetime) -> ServerReply:
        message = to_bytes(waiting.message)
        try:
            reply = self._transport.post(MESSAGE_PATH + waiting.op, message)
        except (TlsExpiredError, TlsNotYetValidError) as error:
            # A person sees at once when it is the clock that is wrong.
            raise type(error)(f"{error.message}; this device's clock says {iso(now)}") from error
        follow_key(self._state, self._transport)
        body = _answer_body(reply)
        if body is None:
            self._forget_if_settled(reply)
            raise _plain_refusal(reply)
        _, digest = read_device_request(message, self._key.public)
        answer, trust = self._verified(body, (digest, waiting.nonce), now)
        self._heard(answer.created, parse_time(waiting.sent_at))
        state = self._state
        moved_in = waiting.op == DeviceOp.REGISTER.value  # its answer says which site the device belongs to
        if state.registration == "complete" and answer.satellite != state.satellite and not moved_in:
            raise AnswerRefusedError("wrong_satellite: the answer comes from another site than this device's")
        moved = trust.root.version != self.trust.root.version
        self.trust = trust
        if moved:
            state.trust = to_text(trust.save())
        self._answered()
        state.last_contact = iso(max(now, parse_time(state.last_contact))) if state.last_contact else iso(now)
        if (answer.epoch, answer.rseq) > (state.held[0], state.held[1]):
            state.held = [answer.epoch, answer.rseq]
        return ServerReply(answer, body, digest, waiting.nonce, trust, moved)

    def _verified(self, body: bytes, expected: tuple[str, str], now: datetime) -> tuple[DeviceAnswer, Trust]:
        try:
            try:
                return read_device_answer(body, trust=self.trust, expected=expected, now=now)
            except NotYetValidError:
                # This device's clock may be behind by as much as is thought of as drift; further, it is named.
                return read_device_answer(body, trust=self.trust, expected=expected, now=now + TOLERANCE)
        except (NotYetValidError, ExpiredError) as error:
            clock = f"this device's clock says {iso(now)}; set it right if that is wrong"
            raise AnswerRefusedError(
                "{error_code}: {reason}; {clock}",
                error_code=error.code,
                reason=error.message,
                clock=clock,
            ) from error
        except ExchangeError as error:
            raise AnswerRefusedError("{error_code}: {reason}", error_code=error.code, reason=error.message) from error

    def _forget_if_settled(self, reply: Reply) -> None:
        # A refusal that is not signed could come from anyone between; only one which says that the message itself
        # can never succeed ends its repetition, and even that frees or changes nothing. A page of a proxy has no code:
        # the server may have taken the message before, and a new one in its place would be another machine's to it.
        if reply.status in {400, 401, 403, 404, 409, 410, 413, 422} and problem_of(reply.body).get("code"):
            self._write_down(None)


def _answer_body(reply: Reply) -> bytes | None:
    """The signed answer inside a reply: the body itself, or the member `answer` of a problem."""
    if reply.status == 200:
        return reply.body
    signed = problem_of(reply.body).get("answer")
    if not isinstance(signed, dict):
        return None
    return encode(signed)


def _highest(answer: DeviceAnswer) -> int:
    found = answer.result.get("highest_counter")
    return found if isinstance(found, int) else 0


def _refusal(answer: DeviceAnswer) -> ServerRefusedError:
    error = ServerRefusedError(
        answer.message or "the server refused", remedy=answer.remedy or None, code=answer.code or "refused"
    )
    error.result = answer.result
    return error


def _plain_refusal(reply: Reply) -> ServerRefusedError:
    problem = problem_of(reply.body)
    code, detail, remedy = problem.get("code"), problem.get("detail") or problem.get("title"), problem.get("remedy")
    sentence = str(detail) if detail else f"the server answered with HTTP status {reply.status}"
    named = str(code) if isinstance(code, str) and code else None
    if reply.status in {429, 502, 503, 504}:
        return ServerBusyError(
            sentence, remedy=str(remedy) if remedy else None, code=named, retry_after=reply.retry_after
        )
    return ServerRefusedError(
        sentence, remedy=str(remedy) if remedy else "Check the address of the server.", code=named or "refused"
    )


def follow_key(state: DeviceState, transport: Transport) -> None:
    """Pin the key of a server instead of its certificate: the certificate is renewed, the key stays."""
    moved = transport.moved_pin if isinstance(transport, HttpTransport) else None
    if moved is not None and state.fingerprint == moved[0]:
        state.fingerprint = moved[1]

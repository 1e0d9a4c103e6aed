"""Classic licences of the device become smart licences: a signed request, repeated until it is decided (row C9.5)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

from agent.conversation import Conversation, ServerReply
from agent.errors import (
    AnswerRefusedError,
    InvalidInputError,
    NoConversionError,
    NotRegisteredError,
    ServerRefusedError,
)
from agent.store import Conversion, DeviceState
from exchange.canonical import encode, iso, parse_time
from exchange.conversion import LINES, SKU_CHARS, ClassicLine, ConversionAnswer, ConversionRequest
from exchange.device.licence_bodies import StatementBody
from exchange.errors import ExchangeError
from exchange.identity import Udi
from exchange.keys import PrivateKey
from exchange.limits import STATEMENT_BYTES
from exchange.statements import seal_conversion_request
from exchange.vocabulary import ConversionState, DeviceOp

UNSENT = "unsent"
OPEN = frozenset({UNSENT, ConversionState.PENDING})
REPEATED = OPEN | {ConversionState.CONVERTED, ConversionState.ALREADY_CONVERTED}
"""States in which the same units are the same request: what converted only a part is asked for anew."""


def choose(state: DeviceState, lines: Mapping[str, int] | None, now: datetime) -> Conversion:
    """The request to send: the one that is kept, or a new one for other units; NoConversionError without either."""
    if state.instance is None or state.udi is None:
        raise NotRegisteredError("only a registered device can convert its classic licences")
    kept = state.conversion
    if lines is None:
        if kept is None:
            raise NoConversionError("this device requested no conversion")
        return kept
    if kept is not None and kept.lines == dict(lines) and kept.state in REPEATED:
        return kept
    made = Conversion(secrets.token_hex(16), dict(lines), iso(now), UNSENT)
    _checked(made, state)
    state.conversion = made
    return made


def _checked(made: Conversion, state: DeviceState) -> None:
    if not made.lines or len(made.lines) > LINES:
        raise InvalidInputError("name 1 to {most} SKUs", most=LINES)
    if any(not sku or len(sku) > SKU_CHARS for sku in made.lines):
        raise InvalidInputError("a SKU has 1 to {most} characters", most=SKU_CHARS)
    try:
        size = len(encode(_request(made, state, "0" * 64).to_dict()))
    except ValueError as error:
        raise InvalidInputError("a SKU holds a character that no message carries") from error
    if size > STATEMENT_BYTES:
        raise InvalidInputError("the names of the SKUs are too long together")


def _request(one: Conversion, state: DeviceState, key_hash: str) -> ConversionRequest:
    return ConversionRequest(
        request=one.request,
        instance=state.instance or "",
        udi=Udi.from_dict(state.udi or {}),
        key_hash=key_hash,
        lines=tuple(ClassicLine(sku, count) for sku, count in sorted(one.lines.items())),
        requested_at=parse_time(one.requested_at),
    )


def ask(talk: Conversation, state: DeviceState, key: PrivateKey, now: datetime) -> Conversion:
    """Send the request that is kept, signed for the instance that the device is now, and take over its state."""
    one = state.conversion
    if one is None:
        raise NoConversionError("this device requested no conversion")
    statement = seal_conversion_request(_request(one, state, key.public.key_hash), key)
    accept(state, talk.say(DeviceOp.CONVERT, StatementBody(statement=statement).to_dict(), now))
    return one


def accept(state: DeviceState, reply: ServerReply) -> None:
    """Take over what a server answered about the request that is kept."""
    answer, one = ConversionAnswer.from_dict(reply.answer.result), state.conversion
    if one is None or answer.request != one.request:
        raise AnswerRefusedError("the answer is about another conversion")
    one.state = answer.state.value
    one.result = [line.to_dict() for line in answer.lines]
    one.decided_at = iso(answer.decided_at) if answer.decided_at is not None else None


def accept_late(state: DeviceState, reply: ServerReply) -> None:
    """Take over an answer that arrives late, unless another request has replaced the one that it is about."""
    one = state.conversion
    if one is not None and reply.answer.result.get("request") == one.request:
        with suppress(ExchangeError):  # it is asked for again
            accept(state, reply)


def ask_again(talk: Conversation, state: DeviceState, key: PrivateKey, now: datetime) -> None:
    """Repeat a request that is not decided yet; a server that refuses it must not keep the device from its renewal.

    Nor one that is newer than this agent and answers in words that it does not know.
    """
    if state.conversion is None or state.conversion.state not in OPEN:
        return
    try:
        ask(talk, state, key, now)
    except (ServerRefusedError, ExchangeError) as error:
        state.conversion.message = error.message
